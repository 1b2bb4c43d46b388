// System V ABI, chapters 4 and 5: the headers of object files and of programs.
#include "tools/layoutcheck/elf_image.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <format>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

constexpr unsigned kHalf = 2;
constexpr unsigned kWord = 4;
constexpr unsigned kLong = 8;

// Where a field is in its structure, and how wide.
struct Field {
  unsigned offset;
  unsigned bytes;
};

// The structures of one class of files.
struct Form {
  Field program_headers, section_headers;  // of the file header
  Field program_header_size, program_header_count, section_header_size, section_header_count;
  Field segment_flags, segment_address, segment_file_bytes, segment_memory_bytes;
  Field section_offset, section_bytes, section_link;
  Field symbol_value, symbol_size, symbol_type, symbol_section;
  unsigned symbol_bytes;
};

constexpr Form kForm32 = {
    .program_headers = {28, kWord},
    .section_headers = {32, kWord},
    .program_header_size = {42, kHalf},
    .program_header_count = {44, kHalf},
    .section_header_size = {46, kHalf},
    .section_header_count = {48, kHalf},
    .segment_flags = {24, kWord},
    .segment_address = {8, kWord},
    .segment_file_bytes = {16, kWord},
    .segment_memory_bytes = {20, kWord},
    .section_offset = {16, kWord},
    .section_bytes = {20, kWord},
    .section_link = {24, kWord},
    .symbol_value = {4, kWord},
    .symbol_size = {8, kWord},
    .symbol_type = {12, 1},
    .symbol_section = {14, kHalf},
    .symbol_bytes = 16,
};

constexpr Form kForm64 = {
    .program_headers = {32, kLong},
    .section_headers = {40, kLong},
    .program_header_size = {54, kHalf},
    .program_header_count = {56, kHalf},
    .section_header_size = {58, kHalf},
    .section_header_count = {60, kHalf},
    .segment_flags = {4, kWord},
    .segment_address = {16, kLong},
    .segment_file_bytes = {32, kLong},
    .segment_memory_bytes = {40, kLong},
    .section_offset = {24, kLong},
    .section_bytes = {32, kLong},
    .section_link = {40, kWord},
    .symbol_value = {8, kLong},
    .symbol_size = {16, kLong},
    .symbol_type = {4, 1},
    .symbol_section = {6, kHalf},
    .symbol_bytes = 24,
};

// The same in both classes.
constexpr Field kSegmentType = {0, kWord};
constexpr Field kSectionType = {4, kWord};
constexpr Field kSymbolName = {0, kWord};
constexpr uint64_t kLoad = 1;         // PT_LOAD
constexpr uint64_t kSymbolTable = 2;  // SHT_SYMTAB
constexpr uint64_t kUndefined = 0;    // SHN_UNDEF
constexpr uint64_t kTypeMask = 0xF;   // of st_info: ELF32_ST_TYPE
constexpr std::string_view kMagic = "\177ELF";
constexpr size_t kClassAt = 4;
constexpr size_t kByteOrderAt = 5;
constexpr char kClass32 = 1;
constexpr char kClass64 = 2;
constexpr char kLittleEndian = 1;

class Reader {
 public:
  Reader(std::string_view file, const Form& form) : file_(file), form_(form) {}

  std::expected<ElfImage, std::string> Read() {
    ElfImage image;
    ForEach(form_.program_headers, form_.program_header_size, form_.program_header_count,
            [&](std::string_view header) { AddSegment(header, image); });
    ForEach(form_.section_headers, form_.section_header_size, form_.section_header_count,
            [&](std::string_view header) { AddGuards(header, image); });
    std::ranges::sort(image.segments, {}, &Segment::first);
    if (problem_.empty()) CheckSegments(image);
    if (!problem_.empty()) return std::unexpected(problem_);
    return image;
  }

 private:
  void Refuse(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  // Empty, and a problem, where the file has no such bytes.
  std::string_view Piece(uint64_t offset, uint64_t bytes) {
    if (offset <= file_.size() && bytes <= file_.size() - offset) {
      return file_.substr(offset, bytes);
    }
    Refuse("the ELF file ends too early");
    return {};
  }

  uint64_t Number(std::string_view structure, Field field) {
    if (structure.size() < field.offset + field.bytes) {
      Refuse("the ELF file has a header that is too short");
      return 0;
    }
    uint64_t number = 0;
    for (unsigned index = field.bytes; index > 0; --index) {
      const char byte = structure[field.offset + index - 1];
      number = number << 8 | static_cast<unsigned char>(byte);
    }
    return number;
  }

  template <class Use>
  void ForEach(Field table, Field entry_size, Field entry_count, Use use) {
    const uint64_t offset = Number(file_, table);
    const uint64_t size = Number(file_, entry_size);
    const uint64_t count = Number(file_, entry_count);
    const std::string_view entries = Piece(offset, size * count);
    for (uint64_t index = 0; index < count && problem_.empty(); ++index) {
      use(entries.substr(index * size, size));
    }
  }

  void AddSegment(std::string_view header, ElfImage& image) {
    const uint64_t memory_bytes = Number(header, form_.segment_memory_bytes);
    if (Number(header, kSegmentType) != kLoad || memory_bytes == 0) return;
    const uint64_t flags = Number(header, form_.segment_flags);
    Rights rights = Rights::kNone;
    if ((flags & 1) != 0) rights = rights | Rights::kExecute;  // PF_X
    if ((flags & 2) != 0) rights = rights | Rights::kWrite;    // PF_W
    if ((flags & 4) != 0) rights = rights | Rights::kRead;     // PF_R
    image.segments.push_back({.first = {Number(header, form_.segment_address)},
                              .memory_bytes = memory_bytes,
                              .file_bytes = Number(header, form_.segment_file_bytes),
                              .rights = rights});
  }

  void CheckSegments(const ElfImage& image) {
    if (image.segments.empty()) return Refuse("the ELF file has nothing to load");
    const Segment* before = nullptr;
    for (const Segment& segment : image.segments) {
      const std::string at = Text(segment.first);
      if (segment.first.value % kPageBytes != 0) {
        return Refuse(std::format("the segment at {} does not start with a page", at));
      }
      if (segment.memory_bytes - 1 > ~segment.first.value ||
          segment.file_bytes > segment.memory_bytes) {
        return Refuse(std::format("the segment at {} has no such size", at));
      }
      if (before != nullptr && segment.first <= before->last()) {
        return Refuse(std::format("the segment at {} overlaps the one before it", at));
      }
      before = &segment;
    }
  }

  void AddGuards(std::string_view section, ElfImage& image) {
    if (Number(section, kSectionType) != kSymbolTable) return;
    const std::string_view symbols =
        Piece(Number(section, form_.section_offset), Number(section, form_.section_bytes));
    const std::string_view names = NamesOf(section);
    for (uint64_t at = 0; at + form_.symbol_bytes <= symbols.size(); at += form_.symbol_bytes) {
      const std::string_view symbol = symbols.substr(at, form_.symbol_bytes);
      const uint64_t name_at = Number(symbol, kSymbolName);
      if (name_at >= names.size()) continue;
      const std::string_view rest = names.substr(name_at);
      const std::string_view name = rest.substr(0, rest.find('\0'));
      const VirtualAddress value = {Number(symbol, form_.symbol_value)};
      const bool is_plain = Number(symbol, form_.symbol_section) != kUndefined &&
                            Number(symbol, form_.symbol_size) == 0 &&
                            (Number(symbol, form_.symbol_type) & kTypeMask) == 0;
      if (!is_plain || !name.ends_with("_guard") || value.value % kPageBytes != 0) continue;
      image.guards.push_back({std::string(name), value});
    }
  }

  // The section that a symbol table is linked to.
  std::string_view NamesOf(std::string_view section) {
    const uint64_t size = Number(file_, form_.section_header_size);
    const uint64_t index = Number(section, form_.section_link);
    const uint64_t headers = Number(file_, form_.section_headers);
    if (index >= Number(file_, form_.section_header_count)) {
      Refuse("the ELF file's symbols have no names");
      return {};
    }
    const std::string_view linked = Piece(headers + index * size, size);
    return Piece(Number(linked, form_.section_offset), Number(linked, form_.section_bytes));
  }

  std::string_view file_;
  const Form& form_;
  std::string problem_;
};

}  // namespace

std::expected<ElfImage, std::string> ReadElfImage(std::string_view file) {
  if (!file.starts_with(kMagic) || file.size() <= kByteOrderAt) {
    return std::unexpected("this is no ELF file");
  }
  if (file[kByteOrderAt] != kLittleEndian) {
    return std::unexpected("the ELF file is not little-endian");
  }
  switch (file[kClassAt]) {
    case kClass32:
      return Reader(file, kForm32).Read();
    case kClass64:
      return Reader(file, kForm64).Read();
    default:
      return std::unexpected("the ELF file is of an unknown class");
  }
}

}  // namespace layoutcheck
