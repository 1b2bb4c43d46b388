#include "tools/symbols/elf_image.h"

#include <elf.h>

#include <cstring>

#include "gtest/gtest.h"

namespace symbols {
namespace {

// A 64-bit ELF file of five parts: header, three section headers, symbols, names.
struct SmallElf {
  Elf64_Ehdr header{};
  Elf64_Shdr sections[3]{};  // 0: text, 1: symbol table, 2: names
  Elf64_Sym symbols[4]{};
  char names[48] = "\0image_start\0Main\0$x\0data";

  SmallElf() {
    std::memcpy(header.e_ident, ELFMAG, SELFMAG);
    header.e_ident[EI_CLASS] = ELFCLASS64;
    header.e_ident[EI_DATA] = ELFDATA2LSB;
    header.e_machine = EM_X86_64;
    header.e_shoff = offsetof(SmallElf, sections);
    header.e_shnum = std::size(sections);
    sections[0].sh_flags = SHF_ALLOC | SHF_EXECINSTR;
    sections[1].sh_type = SHT_SYMTAB;
    sections[1].sh_offset = offsetof(SmallElf, symbols);
    sections[1].sh_size = sizeof symbols;
    sections[1].sh_link = 2;
    sections[2].sh_offset = offsetof(SmallElf, names);
    sections[2].sh_size = sizeof names;
    symbols[0] = {1, ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, SHN_ABS, 0x1000, 0};
    symbols[1] = {13, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 0, 0x1010, 8};
    symbols[2] = {18, ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), 0, 0, 0x1010, 0};
    symbols[3] = {21, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), 0, 0, 0x1020, 8};
  }

  std::string_view bytes() const { return {reinterpret_cast<const char*>(this), sizeof *this}; }
};

TEST(ReadElfTest, KeepsFunctionsOfExecutableSections) {
  const SmallElf elf;
  const auto image = ReadElf(elf.bytes());
  ASSERT_TRUE(image.has_value()) << image.error();
  ASSERT_EQ(image->text.size(), 1U);
  EXPECT_EQ(image->text[0].name, "Main");
  EXPECT_EQ(image->text[0].address, 0x1010U);
  EXPECT_EQ(image->image_start, 0x1000U);
  EXPECT_EQ(image->text_limit, std::nullopt);
}

struct Damage {
  const char* what;
  void (*inflict)(SmallElf&);
  const char* error;
};

constexpr Damage kDamages[] = {
    {"magic", [](SmallElf& elf) { elf.header.e_ident[0] = 0; }, "is not an ELF file"},
    {"byte order", [](SmallElf& elf) { elf.header.e_ident[EI_DATA] = ELFDATA2MSB; },
     "is not little-endian"},
    {"width", [](SmallElf& elf) { elf.header.e_ident[EI_CLASS] = 9; },
     "is neither 32 nor 64 bits wide"},
    {"section headers", [](SmallElf& elf) { elf.header.e_shoff = ~0ULL; },
     "has its section headers outside the file"},
    {"no table", [](SmallElf& elf) { elf.sections[1].sh_type = SHT_NULL; }, "has no symbol table"},
    {"table", [](SmallElf& elf) { elf.sections[1].sh_size = ~0ULL; },
     "has its symbol table outside the file"},
    {"link", [](SmallElf& elf) { elf.sections[1].sh_link = 3; },
     "has a symbol table without names"},
    {"names", [](SmallElf& elf) { elf.sections[2].sh_offset = ~0ULL; },
     "has its symbols' names outside the file"},
};

TEST(ReadElfTest, SaysWhatIsWrongWithAFile) {
  EXPECT_EQ(ReadElf("").error(), "is not an ELF file");
  EXPECT_EQ(ReadElf(SmallElf().bytes().substr(0, 20)).error(), "is shorter than an ELF header");
  for (const Damage& damage : kDamages) {
    SmallElf elf;
    damage.inflict(elf);
    const auto image = ReadElf(elf.bytes());
    ASSERT_FALSE(image.has_value()) << damage.what;
    EXPECT_EQ(image.error(), damage.error) << damage.what;
  }
}

}  // namespace
}  // namespace symbols
