// Files written field by field, good ones and hostile ones.
#include "tools/layoutcheck/elf_image.h"

#include <cstddef>
#include <cstdint>
#include <format>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

// Little-endian fields, one after the other.
class Bytes {
 public:
  Bytes& Add(uint64_t number, unsigned bytes) {
    for (; bytes > 0; --bytes, number >>= 8) text_.push_back(static_cast<char>(number));
    return *this;
  }
  Bytes& Add(std::string_view text) {
    text_ += text;
    return *this;
  }
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

struct Program {
  uint64_t type;
  uint64_t flags;
  uint64_t address;
  uint64_t file_bytes;
  uint64_t memory_bytes;
};

constexpr Program kPrograms[] = {
    {1, 5, 0xC0100000, 0x2000, 0x2000},  // read, execute
    {4, 4, 0xC0102000, 0x30, 0x30},      // a note
    {1, 4, 0xC0102000, 0x800, 0x800},    // read
    {1, 6, 0xC0103000, 0x1000, 0x9000},  // read, write
    {1, 4, 0xC0200000, 0, 0},            // nothing
};
constexpr uint64_t kProgramCount = std::size(kPrograms);

struct Symbol {
  uint64_t name;
  uint64_t value;
  uint64_t size;
  uint64_t type;
  uint64_t section = 0xFFF1;  // SHN_ABS
};

constexpr std::string_view kNames{"\0stack_guard\0data_guard\0start\0", 30};
constexpr Symbol kSymbols[] = {
    {0, 0, 0, 0, 0},
    {1, 0, 0, 0x20, 0},           // weak, and not defined
    {1, 0xC0105000, 0, 0x10},     // of the linker: global, no type
    {13, 0xC0104008, 8, 0x11},    // a variable
    {13, 0xC0104000, 4, 0x10},    // has a size
    {13, 0xC0104010, 0, 0x10},    // no page
    {24, 0xC0100000, 0, 0x10},    // another name
    {1000, 0xC0106000, 0, 0x10},  // no name
};
constexpr uint64_t kSymbolCount = std::size(kSymbols);

// File header, program headers, section headers (nothing, symbols, names), symbols, names.
std::string Make32() {
  constexpr uint64_t kProgramsAt = 52;
  constexpr uint64_t kSectionsAt = kProgramsAt + 32 * kProgramCount;
  constexpr uint64_t kSymbolsAt = kSectionsAt + 40 * 3;
  constexpr uint64_t kNamesAt = kSymbolsAt + 16 * kSymbolCount;
  Bytes file;
  file.Add("\177ELF\1\1\1").Add(0, 9).Add(2, 2).Add(40, 2).Add(1, 4).Add(0xC0100000, 4);
  file.Add(kProgramsAt, 4).Add(kSectionsAt, 4).Add(0, 4).Add(52, 2);
  file.Add(32, 2).Add(kProgramCount, 2).Add(40, 2).Add(3, 2).Add(2, 2);
  for (const Program& one : kPrograms) {
    file.Add(one.type, 4).Add(0x1000, 4).Add(one.address, 4).Add(one.address, 4);
    file.Add(one.file_bytes, 4).Add(one.memory_bytes, 4).Add(one.flags, 4).Add(0x1000, 4);
  }
  file.Add(0, 40);
  file.Add(0, 4).Add(2, 4).Add(0, 8).Add(kSymbolsAt, 4).Add(16 * kSymbolCount, 4).Add(2, 4);
  file.Add(0, 12);
  file.Add(0, 4).Add(3, 4).Add(0, 8).Add(kNamesAt, 4).Add(kNames.size(), 4).Add(0, 16);
  for (const Symbol& one : kSymbols) {
    file.Add(one.name, 4).Add(one.value, 4).Add(one.size, 4).Add(one.type, 1).Add(0, 1);
    file.Add(one.section, 2);
  }
  return file.Add(kNames).text();
}

std::string Make64() {
  constexpr uint64_t kProgramsAt = 64;
  constexpr uint64_t kSectionsAt = kProgramsAt + 56 * kProgramCount;
  constexpr uint64_t kSymbolsAt = kSectionsAt + 64 * 3;
  constexpr uint64_t kNamesAt = kSymbolsAt + 24 * kSymbolCount;
  Bytes file;
  file.Add("\177ELF\2\1\1").Add(0, 9).Add(2, 2).Add(62, 2).Add(1, 4).Add(0xC0100000, 8);
  file.Add(kProgramsAt, 8).Add(kSectionsAt, 8).Add(0, 4).Add(64, 2);
  file.Add(56, 2).Add(kProgramCount, 2).Add(64, 2).Add(3, 2).Add(2, 2);
  for (const Program& one : kPrograms) {
    file.Add(one.type, 4).Add(one.flags, 4).Add(0x1000, 8).Add(one.address, 8).Add(one.address, 8);
    file.Add(one.file_bytes, 8).Add(one.memory_bytes, 8).Add(0x1000, 8);
  }
  file.Add(0, 64);
  file.Add(0, 4).Add(2, 4).Add(0, 16).Add(kSymbolsAt, 8).Add(24 * kSymbolCount, 8).Add(2, 4);
  file.Add(0, 20);
  file.Add(0, 4).Add(3, 4).Add(0, 16).Add(kNamesAt, 8).Add(kNames.size(), 8).Add(0, 24);
  for (const Symbol& one : kSymbols) {
    file.Add(one.name, 4).Add(one.type, 1).Add(0, 1).Add(one.section, 2);
    file.Add(one.value, 8).Add(one.size, 8);
  }
  return file.Add(kNames).text();
}

std::string Lines(const ElfImage& image) {
  std::string text;
  for (const Segment& segment : image.segments) {
    text += std::format("{:x}-{:x} {} {:x}\n", segment.first.value, segment.last().value,
                        Text(segment.rights), segment.file_bytes);
  }
  for (const GuardPage& guard : image.guards) {
    text += std::format("{} {:x}\n", guard.name, guard.page.value);
  }
  return text;
}

// What a problem begins with, or nothing.
std::string Problem(std::string_view file) {
  const auto image = ReadElfImage(file);
  return image ? "" : image.error();
}

TEST(ElfImage, BothClasses) {
  for (const std::string& file : {Make32(), Make64()}) {
    const auto image = ReadElfImage(file);
    ASSERT_TRUE(image.has_value()) << image.error();
    EXPECT_EQ(Lines(*image),
              "c0100000-c0101fff r-x 2000\n"
              "c0102000-c01027ff r-- 800\n"
              "c0103000-c010bfff rw- 1000\n"
              "stack_guard c0105000\n");
  }
}

TEST(ElfImage, NoPartOfAFileIsOne) {
  for (const std::string& file : {Make32(), Make64()}) {
    for (size_t bytes = 0; bytes < file.size(); ++bytes) {
      EXPECT_NE(Problem(std::string_view(file).substr(0, bytes)), "") << bytes;
    }
  }
}

struct Row {
  size_t at;  // in the file of 32 bits
  uint64_t number;
  unsigned bytes;
  std::string_view problem;
};

constexpr Row kRows[] = {
    {0, 'X', 1, "this is no ELF file"},
    {4, 3, 1, "the ELF file is of an unknown class"},
    {5, 2, 1, "the ELF file is not little-endian"},
    {28, 0xFFFFFFFF, 4, "the ELF file ends too early"},
    {42, 8, 2, "the ELF file has a header that is too short"},
    {44, 0, 2, "the ELF file has nothing to load"},
    {52 + 8, 0xC0100008, 4, "the segment at 0x00000000c0100008 does not start with a page"},
    {52 + 16, 0x2001, 4, "the segment at 0x00000000c0100000 has no such size"},
    {52 + 20, 0x2001, 4, "the segment at 0x00000000c0102000 overlaps the one before it"},
    {52 + 160 + 40 + 24, 3, 4, "the ELF file's symbols have no names"},
};

TEST(ElfImage, Refusals) {
  for (const Row& row : kRows) {
    std::string file = Make32();
    file.replace(row.at, row.bytes, Bytes().Add(row.number, row.bytes).text());
    EXPECT_EQ(Problem(file), row.problem);
  }
}

}  // namespace
}  // namespace layoutcheck
