#include "userspace/system/object_judge.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "userspace/system/object_writer.h"

namespace dispatch {
namespace {

using Fault = ObjectFault;
using File = std::vector<std::byte>;

// The drivers as they were built for both processors, from the command line.
std::vector<std::string> built_objects;

template <class Elf>
struct ObjectJudgeTest : testing::Test {};
using Classes = testing::Types<Elf64, Elf32>;
TYPED_TEST_SUITE(ObjectJudgeTest, Classes);

template <class Elf>
std::optional<Fault> FaultOf(const File& file) {
  const auto verdict = JudgeObject(file, Elf::kMachine);
  return verdict.has_value() ? std::nullopt : std::optional(verdict.error());
}

TYPED_TEST(ObjectJudgeTest, TheWholeObject) {
  EXPECT_EQ(FaultOf<TypeParam>(ObjectWriter<TypeParam>().Write()), std::nullopt);
}

template <class Elf>
struct Row {
  const char* name;
  void (*corrupt)(ObjectWriter<Elf>&);
  Fault fault;
};

template <class Elf>
void TryAll(std::initializer_list<Row<Elf>> rows) {
  for (const Row<Elf>& row : rows) {
    ObjectWriter<Elf> object;
    row.corrupt(object);
    const auto fault = FaultOf<Elf>(object.Write());
    ASSERT_TRUE(fault.has_value()) << row.name;
    EXPECT_EQ(*fault, row.fault) << row.name << ": " << Describe(*fault);
  }
}

TYPED_TEST(ObjectJudgeTest, Headers) {
  using Object = ObjectWriter<TypeParam>;
  TryAll<TypeParam>({
      {"no ELF file", [](Object& o) { o.header.e_ident[0] = 'E'; }, Fault::kNoElf},
      {"the other byte order", [](Object& o) { o.header.e_ident[EI_DATA] = ELFDATA2MSB; },
       Fault::kNoElf},
      {"the other class", [](Object& o) { o.header.e_ident[EI_CLASS] ^= 3; }, Fault::kWrongMachine},
      {"another processor", [](Object& o) { o.header.e_machine = EM_AARCH64; },
       Fault::kWrongMachine},
      {"a program", [](Object& o) { o.header.e_type = ET_EXEC; }, Fault::kNoSharedObject},
      {"not linked", [](Object& o) { o.header.e_type = ET_REL; }, Fault::kNoSharedObject},
      {"no segments", [](Object& o) { o.header.e_phnum = 0; }, Fault::kBadSegments},
      {"too many", [](Object& o) { o.header.e_phnum = 17; }, Fault::kBadSegments},
      {"of another size", [](Object& o) { --o.header.e_phentsize; }, Fault::kBadSegments},
      {"headers behind the end", [](Object& o) { o.header.e_phoff = Object::kBytes - 8; },
       Fault::kTruncated},
      {"headers far behind it",
       [](Object& o) { o.header.e_phoff = static_cast<decltype(o.header.e_phoff)>(-8); },
       Fault::kTruncated},
  });
}

TYPED_TEST(ObjectJudgeTest, Segments) {
  using Object = ObjectWriter<TypeParam>;
  TryAll<TypeParam>({
      {"writable code", [](Object& o) { o.segments[1].p_flags |= PF_W; }, Fault::kWritableCode},
      {"executable data", [](Object& o) { o.segments[2].p_flags |= PF_X; }, Fault::kWritableCode},
      {"an executable stack", [](Object& o) { o.segments[4].p_flags |= PF_X; },
       Fault::kWritableCode},
      {"thread-local data", [](Object& o) { o.AddSegment(PT_TLS, PF_R, Object::kEntry, 8); },
       Fault::kThreadLocal},
      {"an interpreter", [](Object& o) { o.AddSegment(PT_INTERP, PF_R, 0x700, 8); },
       Fault::kBadSegments},
      {"more in the file than in memory", [](Object& o) { o.segments[1].p_memsz = 0x10; },
       Fault::kBadSegments},
      {"nothing", [](Object& o) { o.segments[1].p_memsz = o.segments[1].p_filesz = 0; },
       Fault::kBadSegments},
      {"larger than a driver may be", [](Object& o) { o.segments[2].p_memsz = 64 << 20; },
       Fault::kBadSegments},
      {"behind the last address",
       [](Object& o) { o.segments[2].p_vaddr = static_cast<typename TypeParam::Word>(-0x1000); },
       Fault::kBadSegments},
      {"behind the end of the file", [](Object& o) { o.segments[2].p_offset = 0x4000; },
       Fault::kTruncated},
      {"across it", [](Object& o) { o.segments[2].p_filesz += 1; }, Fault::kTruncated},
      {"an offset of another place in a page", [](Object& o) { o.segments[1].p_offset += 8; },
       Fault::kBadSegments},
      {"no alignment", [](Object& o) { o.segments[1].p_align = 0; }, Fault::kBadSegments},
      {"no power of two", [](Object& o) { o.segments[1].p_align = 0x3000; }, Fault::kBadSegments},
      {"less than a page", [](Object& o) { o.segments[1].p_align = 16; }, Fault::kBadSegments},
      {"out of order", [](Object& o) { std::swap(o.segments[1], o.segments[2]); },
       Fault::kBadSegments},
      {"one over the other",
       [](Object& o) { o.segments[0].p_memsz = o.segments[0].p_filesz = Object::kCode + 1; },
       Fault::kBadSegments},
      {"without its own headers",
       [](Object& o) { o.segments.erase(o.segments.begin()), --o.header.e_phnum; },
       Fault::kBadSegments},
      {"no dynamic section", [](Object& o) { o.segments[3].p_type = PT_NULL; }, Fault::kBadDynamic},
      {"two of them", [](Object& o) { o.AddSegment(PT_DYNAMIC, PF_R, Object::kDynamic, 0x100); },
       Fault::kBadDynamic},
      {"read only where nothing can be written",
       [](Object& o) { o.AddSegment(PT_GNU_RELRO, PF_R, Object::kCode, 0x100); },
       Fault::kBadSegments},
      {"read only behind the end",
       [](Object& o) { o.AddSegment(PT_GNU_RELRO, PF_R, Object::kEntry, 0x10'0000); },
       Fault::kBadSegments},
      {"headers that lie elsewhere", [](Object& o) { o.AddSegment(PT_PHDR, PF_R, 0x1000, 0x100); },
       Fault::kBadSegments},
  });
}

TYPED_TEST(ObjectJudgeTest, DynamicSections) {
  using Object = ObjectWriter<TypeParam>;
  TryAll<TypeParam>({
      {"outside", [](Object& o) { o.segments[3].p_vaddr = 0x9000; }, Fault::kBadDynamic},
      {"not aligned", [](Object& o) { o.segments[3].p_vaddr += 1; }, Fault::kBadDynamic},
      {"in zeroes", [](Object& o) { o.segments[3].p_vaddr = Object::kBytes; }, Fault::kBadDynamic},
      {"without an end",
       [](Object& o) {
         o.Remove(DT_NULL);
         o.segments[3].p_memsz =
             static_cast<typename TypeParam::Word>(o.dynamic.size() * sizeof(o.dynamic[0]));
       },
       Fault::kBadDynamic},
      {"a tag twice", [](Object& o) { o.Add(DT_STRTAB, Object::kNames); }, Fault::kBadDynamic},
      {"a library", [](Object& o) { o.Add(DT_NEEDED, 1); }, Fault::kNeedsLibrary},
      {"a place to look for libraries", [](Object& o) { o.Add(DT_RUNPATH, 1); },
       Fault::kBadDynamic},
      {"a constructor", [](Object& o) { o.Add(DT_INIT, Object::kCode); }, Fault::kRunsAtLoad},
      {"constructors", [](Object& o) { o.Add(DT_INIT_ARRAY, Object::kEntry); }, Fault::kRunsAtLoad},
      {"destructors", [](Object& o) { o.Add(DT_FINI_ARRAY, Object::kEntry); }, Fault::kRunsAtLoad},
      {"relocations of code", [](Object& o) { o.Add(DT_TEXTREL, 0); }, Fault::kWritableCode},
      {"the same by a flag", [](Object& o) { o.Add(DT_FLAGS, DF_TEXTREL); }, Fault::kWritableCode},
      {"static thread-local data", [](Object& o) { o.Add(DT_FLAGS, DF_STATIC_TLS); },
       Fault::kThreadLocal},
      {"no symbols", [](Object& o) { o.Remove(DT_SYMTAB); }, Fault::kBadSymbols},
      {"no names", [](Object& o) { o.Remove(DT_STRTAB); }, Fault::kBadSymbols},
      {"no hash table", [](Object& o) { o.Remove(DT_HASH); }, Fault::kBadSymbols},
      {"another one as well", [](Object& o) { o.Add(DT_GNU_HASH, Object::kHash); },
       Fault::kBadSymbols},
      {"versions", [](Object& o) { o.Add(DT_VERSYM, Object::kHash); }, Fault::kBadSymbols},
      {"symbols of another size", [](Object& o) { o.Set(DT_SYMENT, 1); }, Fault::kBadSymbols},
      {"a table of relocations without its size",
       [](Object& o) { o.Remove(TypeParam::kTableBytesTag); }, Fault::kBadRelocation},
      {"relocations of the other form", [](Object& o) { o.Add(TypeParam::kOtherTableTag, 0x800); },
       Fault::kBadRelocation},
      {"relocations of the newest form", [](Object& o) { o.Add(36, 0x800); },
       Fault::kBadRelocation},
  });
}

TYPED_TEST(ObjectJudgeTest, Symbols) {
  using Object = ObjectWriter<TypeParam>;
  TryAll<TypeParam>({
      {"names outside", [](Object& o) { o.Set(DT_STRTAB, 0x9000); }, Fault::kBadSymbols},
      {"names that can be written", [](Object& o) { o.Set(DT_STRTAB, Object::kEntry); },
       Fault::kBadSymbols},
      {"names without an end", [](Object& o) { o.Set(DT_STRSZ, o.names.size() - 1); },
       Fault::kBadSymbols},
      {"no names at all", [](Object& o) { o.Set(DT_STRSZ, 0); }, Fault::kBadSymbols},
      {"a name behind them", [](Object& o) { o.symbols[1].st_name = 30; }, Fault::kBadSymbols},
      {"its own name behind them", [](Object& o) { o.Set(DT_SONAME, 30); }, Fault::kBadSymbols},
      {"symbols outside", [](Object& o) { o.Set(DT_SYMTAB, 0xFF8); }, Fault::kBadSymbols},
      {"symbols not aligned", [](Object& o) { o.Set(DT_SYMTAB, Object::kSymbols + 1); },
       Fault::kBadSymbols},
      {"no buckets", [](Object& o) { o.hash[0] = 0; }, Fault::kBadSymbols},
      {"no chains", [](Object& o) { o.hash[1] = 0; }, Fault::kBadSymbols},
      {"more buckets than there is room for", [](Object& o) { o.hash[0] = 0xFFFF'FFFF; },
       Fault::kBadSymbols},
      {"more chains", [](Object& o) { o.hash[1] = 0x1000; }, Fault::kBadSymbols},
      {"a bucket of no symbol", [](Object& o) { o.hash[2] = 3; }, Fault::kBadSymbols},
      {"a chain to no symbol", [](Object& o) { o.hash[5] = 0xFFFF'FFFF; }, Fault::kBadSymbols},
      {"a chain that goes round", [](Object& o) { o.hash[5] = 1; }, Fault::kBadSymbols},
      {"a hash table outside", [](Object& o) { o.Set(DT_HASH, 0xFFC); }, Fault::kBadSymbols},
      {"an import of something else", [](Object& o) { o.symbols[2].st_name = 15; },  // "emcpy"
       Fault::kUnknownImport},
      {"a function that everybody uses", [](Object& o) { o.symbols[2].st_shndx = 1; },
       Fault::kBadSymbols},
      {"a symbol outside", [](Object& o) { o.symbols[1].st_value = 0x9000; }, Fault::kBadSymbols},
      {"one across the end", [](Object& o) { o.symbols[1].st_size = 0x10'0000; },
       Fault::kBadSymbols},
      {"a thread-local one", [](Object& o) { o.symbols[1].st_info = STT_TLS; },
       Fault::kThreadLocal},
      {"one that is called to be found", [](Object& o) { o.symbols[1].st_info = STT_GNU_IFUNC; },
       Fault::kRunsAtLoad},
      {"an entry of another name", [](Object& o) { o.symbols[1].st_name = 2; }, Fault::kNoEntry},
      {"an entry that is code",
       [](Object& o) { o.symbols[1].st_info = STB_GLOBAL << 4 | STT_FUNC; }, Fault::kNoEntry},
      {"an entry too small", [](Object& o) { o.symbols[1].st_size = 71; }, Fault::kNoEntry},
      {"an entry not aligned", [](Object& o) { o.symbols[1].st_value += 1; }, Fault::kNoEntry},
      {"a hidden entry", [](Object& o) { o.symbols[1].st_other = STV_HIDDEN; }, Fault::kNoEntry},
  });
}

TYPED_TEST(ObjectJudgeTest, Relocations) {
  using Object = ObjectWriter<TypeParam>;
  TryAll<TypeParam>({
      {"outside", [](Object& o) { o.Set(TypeParam::kTableTag, 0x9000); }, Fault::kBadRelocation},
      {"where they can be written", [](Object& o) { o.Set(TypeParam::kTableTag, Object::kEntry); },
       Fault::kBadRelocation},
      {"half of one", [](Object& o) { o.Set(TypeParam::kTableBytesTag, 4); },
       Fault::kBadRelocation},
      {"far too many",
       [](Object& o) {
         o.Set(TypeParam::kTableBytesTag, 0x1000'0000 * sizeof(o.relocations[0]) / 2);
       },
       Fault::kBadRelocation},
      {"of another size", [](Object& o) { o.Set(TypeParam::kEntryBytesTag, 4); },
       Fault::kBadRelocation},
      {"of an unknown kind", [](Object& o) { o.relocations[0].r_info = 99; },
       Fault::kBadRelocation},
      {"of code", [](Object& o) { o.relocations[0].r_offset = Object::kCode; },
       Fault::kBadRelocation},
      {"of constants", [](Object& o) { o.relocations[0].r_offset = Object::kNames; },
       Fault::kBadRelocation},
      {"of what is not the object's", [](Object& o) { o.relocations[0].r_offset = 0x10'0000; },
       Fault::kBadRelocation},
      {"before it",
       [](Object& o) { o.relocations[0].r_offset = static_cast<typename TypeParam::Word>(-8); },
       Fault::kBadRelocation},
      {"across its last byte",
       [](Object& o) { o.relocations[0].r_offset = Object::kBytes + 0x1000 - 3; },
       Fault::kBadRelocation},
      {"of the dynamic section", [](Object& o) { o.relocations[0].r_offset = Object::kDynamic; },
       Fault::kBadRelocation},
      {"of a symbol that is none",
       [](Object& o) { Object::SetSymbol(o.relocations[1], 3, TypeParam::kOfSymbols[0]); },
       Fault::kBadRelocation},
      {"of no symbol where one is needed",
       [](Object& o) { Object::SetSymbol(o.relocations[1], 0, TypeParam::kOfSymbols[1]); },
       Fault::kBadRelocation},
      {"relative to a symbol",
       [](Object& o) { Object::SetSymbol(o.relocations[0], 1, TypeParam::kRelative); },
       Fault::kBadRelocation},
      {"a second table outside",
       [](Object& o) {
         o.Add(DT_JMPREL, 0x9000);
         o.Add(DT_PLTRELSZ, sizeof(o.relocations[0]));
       },
       Fault::kBadRelocation},
      {"a second table of the other form", [](Object& o) { o.Add(DT_PLTREL, 1); },
       Fault::kBadRelocation},
  });
}

// A copy that ends where the file does, so that a sanitizer sees what is read behind it.
template <class Elf>
std::optional<Fault> FaultOfFirst(const File& file, size_t size_bytes) {
  const std::unique_ptr<std::byte[]> copy(new std::byte[size_bytes]);
  std::copy_n(file.begin(), size_bytes, copy.get());
  const auto verdict = JudgeObject({copy.get(), size_bytes}, Elf::kMachine);
  return verdict.has_value() ? std::nullopt : std::optional(verdict.error());
}

TYPED_TEST(ObjectJudgeTest, CutOffAnywhere) {
  const File file = ObjectWriter<TypeParam>().Write();
  for (size_t size = 0; size < file.size(); ++size) {
    const auto fault = FaultOfFirst<TypeParam>(file, size);
    ASSERT_TRUE(fault.has_value()) << size;
    EXPECT_EQ(*fault, Fault::kTruncated) << size;
  }
}

TYPED_TEST(ObjectJudgeTest, AnythingWrongIsAnswered) {
  const File file = ObjectWriter<TypeParam>().Write();
  std::mt19937 random(1);
  for (int round = 0; round < 20'000; ++round) {
    File changed = file;
    for (unsigned i = 0; i < 1 + random() % 4; ++i) {
      changed[random() % changed.size()] = std::byte(random());
    }
    (void)FaultOfFirst<TypeParam>(changed, changed.size());
  }
}

TEST(BuiltObjectsTest, AreDriversForTheirProcessorAlone) {
  ASSERT_EQ(built_objects.size(), 8u);
  for (const std::string& path : built_objects) {
    std::ifstream stream(path, std::ios::binary);
    const std::string text{std::istreambuf_iterator<char>(stream), {}};
    File file(text.size());
    std::memcpy(file.data(), text.data(), text.size());
    ASSERT_FALSE(file.empty()) << path;
    const bool is_arm = path.ends_with("_arm");
    const auto own = is_arm ? FaultOf<Elf32>(file) : FaultOf<Elf64>(file);
    EXPECT_EQ(own, std::nullopt) << path << ": " << Describe(own.value_or(Fault::kNoElf));
    const auto other = is_arm ? FaultOf<Elf64>(file) : FaultOf<Elf32>(file);
    EXPECT_EQ(other, Fault::kWrongMachine) << path;
  }
}

}  // namespace
}  // namespace dispatch

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  dispatch::built_objects.assign(argv + 1, argv + argc);
  return RUN_ALL_TESTS();
}
