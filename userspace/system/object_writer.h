// A driver object in parts, for tests: whole and right as it is made, until a test changes a part.
#pragma once

#include <elf.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "userspace/drivers/driver_object.h"
#include "userspace/system/object_image.h"

namespace dispatch {

template <class Elf>
struct ObjectWriter {
  // Where the parts are, in the file and in memory alike.
  static constexpr uint32_t kHash = 0x400;
  static constexpr uint32_t kSymbols = 0x500;
  static constexpr uint32_t kNames = 0x700;
  static constexpr uint32_t kRelocations = 0x800;
  static constexpr uint32_t kCode = 0x1000;
  static constexpr uint32_t kEntry = 0x2000;
  static constexpr uint32_t kDynamic = 0x2100;
  static constexpr uint32_t kBytes = 0x2300;

  typename Elf::Header header{};
  std::vector<typename Elf::Segment> segments;
  std::vector<typename Elf::Dynamic> dynamic;
  std::vector<typename Elf::Symbol> symbols;
  std::vector<uint32_t> hash;
  std::vector<typename Elf::Relocation> relocations;
  std::string names;

  ObjectWriter() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = Elf::kClass;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_ident[EI_VERSION] = EV_CURRENT;
    header.e_type = ET_DYN;
    header.e_machine = Elf::kMachine;
    header.e_version = EV_CURRENT;
    header.e_phoff = sizeof(header);
    header.e_phentsize = sizeof(typename Elf::Segment);

    AddSegment(PT_LOAD, PF_R, 0, kCode);
    AddSegment(PT_LOAD, PF_R | PF_X, kCode, 0x100);
    AddSegment(PT_LOAD, PF_R | PF_W, kEntry, kBytes - kEntry);
    segments.back().p_memsz += 0x1000;  // zeroes
    AddSegment(PT_DYNAMIC, PF_R | PF_W, kDynamic, 0x200);
    AddSegment(PT_GNU_STACK, PF_R | PF_W, 0, 0);

    names = std::string("\0atlas_driver\0memcpy\0clock.so\0", 30);
    symbols.resize(3);
    symbols[1].st_name = 1;
    symbols[1].st_info = STB_GLOBAL << 4 | STT_OBJECT;
    symbols[1].st_shndx = 1;
    symbols[1].st_value = kEntry;
    symbols[1].st_size = sizeof(drivers::DriverEntry);
    symbols[2].st_name = 14;
    symbols[2].st_info = STB_GLOBAL << 4 | STT_NOTYPE;
    hash = {2, 3, 1, 2, 0, 0, 0};

    relocations.resize(2);
    relocations[0].r_offset = kEntry + 0x40;
    relocations[0].r_info = Elf::kRelative;
    relocations[1].r_offset = kEntry + 0x48;
    SetSymbol(relocations[1], 2, Elf::kOfSymbols[0]);

    Add(DT_SYMTAB, kSymbols);
    Add(DT_SYMENT, sizeof(typename Elf::Symbol));
    Add(DT_STRTAB, kNames);
    Add(DT_STRSZ, static_cast<uint32_t>(names.size()));
    Add(DT_HASH, kHash);
    Add(Elf::kTableTag, kRelocations);
    Add(Elf::kTableBytesTag, 2 * sizeof(typename Elf::Relocation));
    Add(Elf::kEntryBytesTag, sizeof(typename Elf::Relocation));
    Add(DT_SONAME, 21);
    Add(DT_NULL, 0);
  }

  void AddSegment(uint32_t type, uint32_t flags, uint32_t at, uint32_t size_bytes) {
    typename Elf::Segment segment{};
    segment.p_type = type;
    segment.p_flags = flags;
    segment.p_offset = segment.p_vaddr = at;
    segment.p_filesz = segment.p_memsz = size_bytes;
    segment.p_align = 0x1000;
    segments.push_back(segment);
    header.e_phnum = static_cast<uint16_t>(segments.size());
  }

  // In front of what ends them, if that is there already.
  void Add(int64_t tag, uint64_t value) {
    typename Elf::Dynamic entry{};
    entry.d_tag = static_cast<decltype(entry.d_tag)>(tag);
    entry.d_un.d_val = static_cast<typename Elf::Word>(value);
    const bool ends = !dynamic.empty() && dynamic.back().d_tag == DT_NULL;
    dynamic.insert(dynamic.end() - (ends ? 1 : 0), entry);
  }

  void Set(int64_t tag, uint64_t value) {
    for (auto& entry : dynamic) {
      if (entry.d_tag == tag) entry.d_un.d_val = static_cast<typename Elf::Word>(value);
    }
  }

  void Remove(int64_t tag) {
    std::erase_if(dynamic, [&](const auto& entry) { return entry.d_tag == tag; });
  }

  static void SetSymbol(typename Elf::Relocation& relocation, uint32_t symbol, uint32_t type) {
    const unsigned shift = sizeof(typename Elf::Word) == 8 ? 32 : 8;
    relocation.r_info = static_cast<typename Elf::Word>(uint64_t{symbol} << shift | uint64_t{type});
  }

  std::vector<std::byte> Write() const {
    std::vector<std::byte> file(kBytes);
    const auto put = [&](uint32_t offset, const auto* first, size_t count) {
      std::memcpy(&file.at(offset), first, count * sizeof(*first));
    };
    put(0, &header, 1);
    put(sizeof(header), segments.data(), segments.size());
    put(kHash, hash.data(), hash.size());
    put(kSymbols, symbols.data(), symbols.size());
    put(kNames, names.data(), names.size());
    put(kRelocations, relocations.data(), relocations.size());
    put(kDynamic, dynamic.data(), dynamic.size());
    return file;
  }
};

}  // namespace dispatch
