// An ELF file of one class, read where it says that it has something and nowhere else.
#pragma once

#include <elf.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>

namespace dispatch {

struct Elf64 {
  using Header = Elf64_Ehdr;
  using Segment = Elf64_Phdr;
  using Dynamic = Elf64_Dyn;
  using Symbol = Elf64_Sym;
  using Relocation = Elf64_Rela;
  using Word = uint64_t;
  static constexpr uint8_t kClass = ELFCLASS64;
  static constexpr uint16_t kMachine = EM_X86_64;
  // The one of the two forms of relocations that the processor's supplement uses.
  static constexpr int64_t kTableTag = DT_RELA;
  static constexpr int64_t kTableBytesTag = DT_RELASZ;
  static constexpr int64_t kEntryBytesTag = DT_RELAENT;
  static constexpr int64_t kOtherTableTag = DT_REL;
  static constexpr uint32_t kRelative = R_X86_64_RELATIVE;
  static constexpr std::array<uint32_t, 3> kOfSymbols = {R_X86_64_JUMP_SLOT, R_X86_64_GLOB_DAT,
                                                         R_X86_64_64};
  static uint32_t TypeOf(const Relocation& relocation) {
    return static_cast<uint32_t>(ELF64_R_TYPE(relocation.r_info));
  }
  static uint32_t SymbolOf(const Relocation& relocation) {
    return static_cast<uint32_t>(ELF64_R_SYM(relocation.r_info));
  }
};

struct Elf32 {
  using Header = Elf32_Ehdr;
  using Segment = Elf32_Phdr;
  using Dynamic = Elf32_Dyn;
  using Symbol = Elf32_Sym;
  using Relocation = Elf32_Rel;
  using Word = uint32_t;
  static constexpr uint8_t kClass = ELFCLASS32;
  static constexpr uint16_t kMachine = EM_ARM;
  static constexpr int64_t kTableTag = DT_REL;
  static constexpr int64_t kTableBytesTag = DT_RELSZ;
  static constexpr int64_t kEntryBytesTag = DT_RELENT;
  static constexpr int64_t kOtherTableTag = DT_RELA;
  static constexpr uint32_t kRelative = R_ARM_RELATIVE;
  static constexpr std::array<uint32_t, 3> kOfSymbols = {R_ARM_JUMP_SLOT, R_ARM_GLOB_DAT,
                                                         R_ARM_ABS32};
  static uint32_t TypeOf(const Relocation& relocation) { return ELF32_R_TYPE(relocation.r_info); }
  static uint32_t SymbolOf(const Relocation& relocation) { return ELF32_R_SYM(relocation.r_info); }
};

// Whether `size` units from `first` on are among `count` of them.
constexpr bool IsWithin(uint64_t first, uint64_t size, uint64_t count) {
  return first <= count && size <= count - first;
}

template <class Elf>
class ObjectImage {
 public:
  static constexpr size_t kMaxSegments = 16;

  explicit ObjectImage(std::span<const std::byte> file) : file_(file) {}

  std::span<const std::byte> file() const { return file_; }
  size_t file_bytes() const { return file_.size(); }

  // What lies at an offset of the file.
  template <class T>
  std::optional<T> AtOffset(uint64_t offset) const {
    if (!IsWithin(offset, sizeof(T), file_.size())) return std::nullopt;
    T value;
    std::memcpy(&value, file_.data() + offset, sizeof(T));
    return value;
  }

  // Where the file has the `size_bytes` from an address on; nothing if they are not one piece of a
  // segment's part of the file.
  std::optional<uint64_t> OffsetOf(uint64_t address, uint64_t size_bytes) const {
    for (const typename Elf::Segment& segment : loaded()) {
      if (address < segment.p_vaddr) continue;
      const uint64_t into = address - segment.p_vaddr;
      if (IsWithin(into, size_bytes, segment.p_filesz)) return segment.p_offset + into;
    }
    return std::nullopt;
  }

  // The same of what nothing can write over, once it is loaded.
  bool IsTable(uint64_t address, uint64_t size_bytes) const {
    return OffsetOf(address, size_bytes).has_value() && !IsLoaded(address, 1, PF_W);
  }

  template <class T>
  std::optional<T> AtAddress(uint64_t address) const {
    const std::optional<uint64_t> offset = OffsetOf(address, sizeof(T));
    return offset.has_value() ? AtOffset<T>(*offset) : std::nullopt;
  }

  // Whether the bytes from `address` on are one segment's whose flags have all of `flags`.
  bool IsLoaded(uint64_t address, uint64_t size_bytes, uint32_t flags) const {
    return std::ranges::any_of(loaded(), [&](const typename Elf::Segment& segment) {
      return (segment.p_flags & flags) == flags && address >= segment.p_vaddr &&
             IsWithin(address - segment.p_vaddr, size_bytes, segment.p_memsz);
    });
  }

  bool AddLoaded(const typename Elf::Segment& segment) {
    if (loaded_count_ == kMaxSegments) return false;
    loaded_[loaded_count_++] = segment;
    return true;
  }

  std::span<const typename Elf::Segment> loaded() const {
    return std::span(loaded_).first(loaded_count_);
  }

 private:
  std::span<const std::byte> file_;
  std::array<typename Elf::Segment, kMaxSegments> loaded_{};
  size_t loaded_count_ = 0;
};

}  // namespace dispatch
