#include "userspace/system/object_judge.h"

#include <elf.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <optional>
#include <string_view>

#include "kernel/base/result.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/system/object_image.h"

namespace dispatch {
namespace {

using Verdict = std::expected<void, ObjectFault>;

constexpr uint64_t kPageBytes = 4096;
constexpr uint64_t kMaxAlignment = 64 << 10;

// They take no lock and call nobody, so a driver that crashes in one leaves nothing half done.
constexpr std::string_view kImports[] = {"memcmp", "memcpy", "memmove", "memset"};

std::unexpected<ObjectFault> Refuse(ObjectFault fault) { return std::unexpected(fault); }

// Judges one object; what a step has found, the next ones use.
template <class Elf>
class Judge {
 public:
  explicit Judge(std::span<const std::byte> file) : image_(file) {}

  Verdict Run() {
    TRY(JudgeHeader());
    TRY(JudgeSegments());
    TRY(JudgeDynamic());
    TRY(JudgeNames());
    TRY(JudgeHashTable());
    TRY(JudgeSymbols());
    TRY(JudgeRelocations(table_, table_bytes_));
    TRY(JudgeRelocations(jump_table_, jump_table_bytes_));
    if (!has_entry_) return Refuse(ObjectFault::kNoEntry);
    return {};
  }

 private:
  using Segment = typename Elf::Segment;
  using Symbol = typename Elf::Symbol;
  using Relocation = typename Elf::Relocation;
  using Word = typename Elf::Word;

  Verdict JudgeHeader() {
    const auto header = image_.template AtOffset<typename Elf::Header>(0);
    if (!header.has_value()) return Refuse(ObjectFault::kTruncated);
    header_ = *header;
    if (header_.e_machine != Elf::kMachine) return Refuse(ObjectFault::kWrongMachine);
    if (header_.e_type != ET_DYN) return Refuse(ObjectFault::kNoSharedObject);
    if (header_.e_version != EV_CURRENT) return Refuse(ObjectFault::kNoElf);
    return {};
  }

  Verdict JudgeSegments() {
    constexpr size_t kMaxHeaders = 16;
    if (header_.e_phentsize != sizeof(Segment) || header_.e_phnum > kMaxHeaders ||
        header_.e_phoff % alignof(Word) != 0) {
      return Refuse(ObjectFault::kBadSegments);
    }
    for (size_t i = 0; i < header_.e_phnum; ++i) {
      const auto segment =
          image_.template AtOffset<Segment>(uint64_t{header_.e_phoff} + i * sizeof(Segment));
      if (!segment.has_value()) return Refuse(ObjectFault::kTruncated);
      TRY(JudgeSegment(*segment));
    }
    if (image_.loaded().empty()) return Refuse(ObjectFault::kBadSegments);
    // The loader finds the headers in the object's first page.
    const Segment& first = image_.loaded().front();
    const uint64_t headers = uint64_t{header_.e_phoff} + header_.e_phnum * sizeof(Segment);
    if (first.p_offset != 0 || first.p_vaddr != 0 || first.p_filesz < headers) {
      return Refuse(ObjectFault::kBadSegments);
    }
    if (!dynamic_.has_value()) return Refuse(ObjectFault::kBadDynamic);
    if (relro_.has_value() && !image_.IsLoaded(relro_->p_vaddr, relro_->p_memsz, PF_W)) {
      return Refuse(ObjectFault::kBadSegments);
    }
    return {};
  }

  Verdict JudgeSegment(const Segment& segment) {
    switch (segment.p_type) {
      case PT_LOAD:
        return JudgeLoaded(segment);
      case PT_DYNAMIC:
        if (dynamic_.has_value()) return Refuse(ObjectFault::kBadDynamic);
        dynamic_ = segment;
        return {};
      case PT_GNU_RELRO:
        if (relro_.has_value()) return Refuse(ObjectFault::kBadSegments);
        relro_ = segment;
        return {};
      case PT_GNU_STACK:
        return (segment.p_flags & PF_X) == 0 ? Verdict{} : Refuse(ObjectFault::kWritableCode);
      case PT_TLS:
        return Refuse(ObjectFault::kThreadLocal);
      case PT_PHDR:
        // The loader takes its word for where the object lies.
        return segment.p_vaddr == header_.e_phoff ? Verdict{} : Refuse(ObjectFault::kBadSegments);
      case PT_NULL:
      case PT_NOTE:
      case PT_GNU_EH_FRAME:
      case PT_ARM_EXIDX:
        return {};
      default:
        return Refuse(ObjectFault::kBadSegments);
    }
  }

  Verdict JudgeLoaded(const Segment& segment) {
    constexpr uint32_t kWritableCode = PF_W | PF_X;
    if ((segment.p_flags & kWritableCode) == kWritableCode) {
      return Refuse(ObjectFault::kWritableCode);
    }
    if (segment.p_filesz > segment.p_memsz || !std::has_single_bit(segment.p_align) ||
        segment.p_align < kPageBytes || segment.p_align > kMaxAlignment ||
        segment.p_vaddr % kPageBytes != segment.p_offset % kPageBytes || segment.p_memsz == 0 ||
        !IsWithin(segment.p_vaddr, segment.p_memsz, kMaxObjectBytes)) {
      return Refuse(ObjectFault::kBadSegments);
    }
    if (!IsWithin(segment.p_offset, segment.p_filesz, image_.file_bytes())) {
      return Refuse(ObjectFault::kTruncated);
    }
    // In order, and no page of two.
    if (!image_.loaded().empty()) {
      const Segment& before = image_.loaded().back();
      const uint64_t last_page = (uint64_t{before.p_vaddr} + before.p_memsz - 1) / kPageBytes;
      if (segment.p_vaddr / kPageBytes <= last_page) return Refuse(ObjectFault::kBadSegments);
    }
    if (!image_.AddLoaded(segment)) return Refuse(ObjectFault::kBadSegments);
    return {};
  }

  Verdict JudgeDynamic() {
    using Entry = typename Elf::Dynamic;
    if (dynamic_->p_vaddr % alignof(Word) != 0 ||
        !image_.IsLoaded(dynamic_->p_vaddr, dynamic_->p_memsz, PF_W)) {
      return Refuse(ObjectFault::kBadDynamic);
    }
    for (uint64_t into = 0; IsWithin(into, sizeof(Entry), dynamic_->p_memsz);
         into += sizeof(Entry)) {
      const auto entry = image_.template AtAddress<Entry>(dynamic_->p_vaddr + into);
      if (!entry.has_value()) return Refuse(ObjectFault::kBadDynamic);
      if (entry->d_tag == DT_NULL) return JudgeWhatIsThere();
      TRY(Note(entry->d_tag, entry->d_un.d_val));
    }
    return Refuse(ObjectFault::kBadDynamic);  // it does not end
  }

  // Tags that are not here mean nothing to the loader, or tell it less than it finds out itself;
  // but those that it follows are judged or refused.
  Verdict Note(int64_t tag, uint64_t value) {
    switch (tag) {
      case DT_NEEDED:
        return Refuse(ObjectFault::kNeedsLibrary);
      case DT_INIT:
      case DT_FINI:
      case DT_INIT_ARRAY:
      case DT_FINI_ARRAY:
      case DT_PREINIT_ARRAY:
        return Refuse(ObjectFault::kRunsAtLoad);
      case DT_TEXTREL:
        return Refuse(ObjectFault::kWritableCode);
      case DT_FLAGS:
        if ((value & DF_TEXTREL) != 0) return Refuse(ObjectFault::kWritableCode);
        if ((value & DF_STATIC_TLS) != 0) return Refuse(ObjectFault::kThreadLocal);
        return {};
      case DT_SYMTAB:
        return Set(symbols_, value);
      case DT_STRTAB:
        return Set(names_, value);
      case DT_STRSZ:
        return Set(names_bytes_, value);
      case DT_HASH:
        return Set(hash_, value);
      case DT_JMPREL:
        return Set(jump_table_, value);
      case DT_PLTRELSZ:
        return Set(jump_table_bytes_, value);
      case DT_SYMENT:
        return value == sizeof(Symbol) ? Verdict{} : Refuse(ObjectFault::kBadSymbols);
      case DT_PLTREL:
        return static_cast<int64_t>(value) == Elf::kTableTag ? Verdict{}
                                                             : Refuse(ObjectFault::kBadRelocation);
      case Elf::kTableTag:
        return Set(table_, value);
      case Elf::kTableBytesTag:
        return Set(table_bytes_, value);
      case Elf::kEntryBytesTag:
        return value == sizeof(Relocation) ? Verdict{} : Refuse(ObjectFault::kBadRelocation);
      case Elf::kOtherTableTag:
      case kRelativeTable:
        return Refuse(ObjectFault::kBadRelocation);
      case DT_GNU_HASH:
      case DT_VERSYM:
      case DT_VERDEF:
        return Refuse(ObjectFault::kBadSymbols);
      case DT_SONAME:
      case DT_RPATH:
      case DT_RUNPATH:
        return tag == DT_SONAME ? Set(own_name_, value) : Refuse(ObjectFault::kBadDynamic);
      default:
        return {};
    }
  }

  static Verdict Set(std::optional<uint64_t>& field, uint64_t value) {
    if (field.has_value()) return Refuse(ObjectFault::kBadDynamic);  // twice
    field = value;
    return {};
  }

  Verdict JudgeWhatIsThere() const {
    if (!symbols_.has_value() || !names_.has_value() || !names_bytes_.has_value() ||
        !hash_.has_value()) {
      return Refuse(ObjectFault::kBadSymbols);
    }
    if (table_.has_value() != table_bytes_.has_value() ||
        jump_table_.has_value() != jump_table_bytes_.has_value()) {
      return Refuse(ObjectFault::kBadRelocation);
    }
    return {};
  }

  Verdict JudgeNames() {
    if (*names_bytes_ == 0 || !image_.IsTable(*names_, *names_bytes_)) {
      return Refuse(ObjectFault::kBadSymbols);
    }
    // With the last byte each name ends.
    const auto last = image_.template AtAddress<char>(*names_ + *names_bytes_ - 1);
    if (last != '\0' || own_name_.value_or(0) >= *names_bytes_) {
      return Refuse(ObjectFault::kBadSymbols);
    }
    return {};
  }

  std::string_view NameAt(uint64_t index) const {
    // JudgeNames() has seen that they are in the file, and end there.
    const uint64_t offset = *image_.OffsetOf(*names_, *names_bytes_) + index;
    return {reinterpret_cast<const char*>(image_.file().data() + offset)};
  }

  // gABI, 5: counts of buckets and chains, then both. Each chain has to end.
  Verdict JudgeHashTable() {
    const uint64_t at = *hash_;
    const auto buckets = image_.template AtAddress<uint32_t>(at);
    const auto chains = image_.template AtAddress<uint32_t>(at + sizeof(uint32_t));
    if (at % sizeof(uint32_t) != 0 || buckets.value_or(0) == 0 || chains.value_or(0) == 0) {
      return Refuse(ObjectFault::kBadSymbols);
    }
    const uint64_t words = uint64_t{2} + *buckets + *chains;
    if (!image_.IsTable(at, words * sizeof(uint32_t))) {
      return Refuse(ObjectFault::kBadSymbols);
    }
    symbol_count_ = *chains;
    const auto word = [&](uint64_t index) {
      return *image_.template AtAddress<uint32_t>(at + index * sizeof(uint32_t));
    };
    // No symbol is in two chains, or twice in one: all together they are no longer than the table.
    uint64_t links = 0;
    for (uint64_t bucket = 0; bucket < *buckets; ++bucket) {
      uint32_t symbol = word(2 + bucket);
      while (symbol != STN_UNDEF) {
        if (symbol >= symbol_count_ || ++links > symbol_count_) {
          return Refuse(ObjectFault::kBadSymbols);
        }
        symbol = word(uint64_t{2} + *buckets + symbol);
      }
    }
    return {};
  }

  Verdict JudgeSymbols() {
    if (*symbols_ % alignof(Word) != 0 ||
        !image_.IsTable(*symbols_, uint64_t{symbol_count_} * sizeof(Symbol))) {
      return Refuse(ObjectFault::kBadSymbols);
    }
    for (uint32_t i = 1; i < symbol_count_; ++i) {
      const auto symbol =
          *image_.template AtAddress<Symbol>(*symbols_ + uint64_t{i} * sizeof(Symbol));
      if (symbol.st_name >= *names_bytes_) return Refuse(ObjectFault::kBadSymbols);
      TRY(symbol.st_shndx == SHN_UNDEF ? JudgeImport(symbol) : JudgeDefined(symbol));
    }
    return {};
  }

  Verdict JudgeImport(const Symbol& symbol) const {
    const bool known = std::ranges::find(kImports, NameAt(symbol.st_name)) != std::end(kImports);
    return known ? Verdict{} : Refuse(ObjectFault::kUnknownImport);
  }

  Verdict JudgeDefined(const Symbol& symbol) {
    const unsigned type = symbol.st_info & 0xF;
    if (type == STT_TLS) return Refuse(ObjectFault::kThreadLocal);
    // The loader would call it to learn what it stands for.
    if (type == STT_GNU_IFUNC) return Refuse(ObjectFault::kRunsAtLoad);
    // Nor may a driver be found where somebody else's function is asked for.
    const std::string_view name = NameAt(symbol.st_name);
    if (std::ranges::find(kImports, name) != std::end(kImports)) {
      return Refuse(ObjectFault::kBadSymbols);
    }
    // A function of ARM's has its lowest bit set where it is Thumb code.
    const uint64_t address = type == STT_FUNC ? symbol.st_value & ~uint64_t{1} : symbol.st_value;
    if (!image_.IsLoaded(address, symbol.st_size, 0)) return Refuse(ObjectFault::kBadSymbols);
    if (name == drivers::kEntryName) {
      has_entry_ = type == STT_OBJECT && symbol.st_size >= kLeastEntryBytes &&
                   symbol.st_value % alignof(Word) == 0 && symbol.st_other == STV_DEFAULT;
    }
    return {};
  }

  Verdict JudgeRelocations(std::optional<uint64_t> table, std::optional<uint64_t> size_bytes) {
    if (!table.has_value() || *size_bytes == 0) return {};
    if (*table % alignof(Word) != 0 || *size_bytes % sizeof(Relocation) != 0 ||
        !image_.IsTable(*table, *size_bytes)) {
      return Refuse(ObjectFault::kBadRelocation);
    }
    for (uint64_t into = 0; into < *size_bytes; into += sizeof(Relocation)) {
      const auto relocation = *image_.template AtAddress<Relocation>(*table + into);
      if (!MayRelocate(relocation)) return Refuse(ObjectFault::kBadRelocation);
    }
    return {};
  }

  bool MayRelocate(const Relocation& relocation) const {
    if (relocation.r_offset % sizeof(Word) != 0 ||
        !image_.IsLoaded(relocation.r_offset, sizeof(Word), PF_W) ||
        IsInDynamic(relocation.r_offset)) {
      return false;
    }
    const uint32_t type = Elf::TypeOf(relocation);
    if (type == Elf::kRelative) return Elf::SymbolOf(relocation) == STN_UNDEF;
    const bool is_known = std::ranges::find(Elf::kOfSymbols, type) != Elf::kOfSymbols.end();
    const uint32_t symbol = Elf::SymbolOf(relocation);
    return is_known && symbol != STN_UNDEF && symbol < symbol_count_;
  }

  // The loader goes on reading there.
  bool IsInDynamic(uint64_t address) const {
    return address + sizeof(Word) > dynamic_->p_vaddr &&
           address < uint64_t{dynamic_->p_vaddr} + dynamic_->p_memsz;
  }

  // DT_RELR, which older headers do not name.
  static constexpr int64_t kRelativeTable = 36;
  // Of a DriverEntry on a machine with such words.
  static constexpr uint64_t kEntryFunctions = 4;
  static constexpr uint64_t kLeastEntryBytes =
      offsetof(drivers::DriverEntry, probe) + kEntryFunctions * sizeof(Word);
  static_assert(sizeof(drivers::DriverEntry) ==
                offsetof(drivers::DriverEntry, probe) + kEntryFunctions * sizeof(void*));

  ObjectImage<Elf> image_;
  typename Elf::Header header_{};
  std::optional<Segment> dynamic_;
  std::optional<Segment> relro_;
  std::optional<uint64_t> symbols_, names_, names_bytes_, hash_, own_name_;
  std::optional<uint64_t> table_, table_bytes_, jump_table_, jump_table_bytes_;
  uint32_t symbol_count_ = 0;
  bool has_entry_ = false;
};

}  // namespace

const char* Describe(ObjectFault fault) {
  switch (fault) {
    case ObjectFault::kTruncated:
      return "it is cut off";
    case ObjectFault::kNoElf:
      return "it is no ELF file";
    case ObjectFault::kWrongMachine:
      return "it is for another processor";
    case ObjectFault::kNoSharedObject:
      return "it is no shared object";
    case ObjectFault::kBadSegments:
      return "its segments cannot be loaded";
    case ObjectFault::kWritableCode:
      return "it wants memory that is writable and executable";
    case ObjectFault::kThreadLocal:
      return "it has thread-local data";
    case ObjectFault::kBadDynamic:
      return "its dynamic section is broken";
    case ObjectFault::kRunsAtLoad:
      return "it has code that runs when it is loaded";
    case ObjectFault::kNeedsLibrary:
      return "it needs a library";
    case ObjectFault::kBadSymbols:
      return "its symbols are broken";
    case ObjectFault::kUnknownImport:
      return "it asks for a function that drivers do not get";
    case ObjectFault::kBadRelocation:
      return "it has a relocation that is not allowed";
    case ObjectFault::kNoEntry:
      return "it shows no entry";
  }
  return "it is broken";
}

std::expected<void, ObjectFault> JudgeObject(std::span<const std::byte> file,
                                             uint16_t elf_machine) {
  if (file.size() < EI_NIDENT) return Refuse(ObjectFault::kTruncated);
  std::array<unsigned char, EI_NIDENT> identity;
  std::memcpy(identity.data(), file.data(), identity.size());
  if (std::memcmp(identity.data(), ELFMAG, SELFMAG) != 0 || identity[EI_DATA] != ELFDATA2LSB ||
      identity[EI_VERSION] != EV_CURRENT) {
    return Refuse(ObjectFault::kNoElf);
  }
  const bool is_64 = elf_machine == Elf64::kMachine;
  if (identity[EI_CLASS] != (is_64 ? Elf64::kClass : Elf32::kClass)) {
    return Refuse(ObjectFault::kWrongMachine);
  }
  return is_64 ? Judge<Elf64>(file).Run() : Judge<Elf32>(file).Run();
}

}  // namespace dispatch
