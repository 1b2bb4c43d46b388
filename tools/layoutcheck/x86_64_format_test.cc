#include "tools/layoutcheck/x86_64_format.h"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/fake_memory.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/walk_trial.h"

namespace layoutcheck {
namespace {

constexpr uint64_t kPaging = 1U << 31 | 1U << 16;  // PG, WP
constexpr uint64_t kSmepPge = 1U << 20 | 1U << 7;
constexpr uint64_t kLa57 = 1U << 12;
constexpr uint64_t kLongMode = 1U << 10 | 1U << 11;  // LMA, NXE
constexpr X86_64Registers kFourLevels = {kPaging, 0x1000, kSmepPge, kLongMode};
constexpr X86_64Registers kFiveLevels = {kPaging, 0x8001000, kSmepPge | kLa57, kLongMode};
constexpr X86_64Registers kNoWriteProtect = {1U << 31, 0x1000, kSmepPge, kLongMode};
constexpr X86_64Registers kNoSmep = {kPaging, 0x1000, 0, kLongMode};
constexpr X86_64Registers kNoExecuteDisable = {kPaging, 0x1000, kSmepPge, 1U << 10};

constexpr uint64_t kTable = 0x7;  // present, writable, user
constexpr uint64_t kXd = uint64_t{1} << 63;

// Tables at 0x1000 (root), 0x2000, 0x3000, 0x4000 lead to addresses from 0 up.
struct Row {
  std::string_view name;
  X86_64Registers registers;
  uint64_t at_root;      // entry 0 at 0x1000
  uint64_t at_pointers;  // entry 0 at 0x2000
  uint64_t at_directory;
  uint64_t at_table;
  std::string_view runs;
  std::string_view fault;
};

const Row kRows[] = {
    {"nothing", kFourLevels, 0, 0, 0, 0, "", ""},
    {"small page", kFourLevels, 0x2007, 0x3007, 0x4007, 0xA001 | kXd,
     "0 fff a000 1000 --- r-- process write-back\n", ""},
    {"user code", kFourLevels, 0x2007, 0x3007, 0x4007, 0xA005,
     "0 fff a000 1000 r-x r-- process write-back\n", ""},
    {"user code without SMEP", kNoSmep, 0x2007, 0x3007, 0x4007, 0xA105,
     "0 fff a000 1000 r-x r-x process write-back\n", ""},
    {"global data", kFourLevels, 0x2007, 0x3007, 0x4007, 0xA103 | kXd,
     "0 fff a000 1000 --- rw- global write-back\n", ""},
    {"user bit missing above", kFourLevels, 0x2003, 0x3007, 0x4007, 0xA007,
     "0 fff a000 1000 --- rwx process write-back\n", ""},
    {"write bit missing above", kFourLevels, 0x2007, 0x3005, 0x4007, 0xA007,
     "0 fff a000 1000 r-x r-- process write-back\n", ""},
    {"XD above", kFourLevels, 0x2007, 0x3007, 0x4007 | kXd, 0xA007,
     "0 fff a000 1000 rw- rw- process write-back\n", ""},
    {"read-only without WP", kNoWriteProtect, 0x2007, 0x3007, 0x4007, 0xA005 | kXd,
     "0 fff a000 1000 r-- rw- process write-back\n", ""},
    {"2 MiB", kFourLevels, 0x2007, 0x3007, 0x40'0183 | kXd, 0xA003,
     "0 1fffff 400000 200000 --- rw- global write-back\n", ""},
    {"2 MiB with the PAT bit", kFourLevels, 0x2007, 0x3007, 0x40'1083 | kXd, 0,
     "0 1fffff 400000 200000 --- rw- process write-back\n", ""},
    {"1 GiB, uncached", kFourLevels, 0x2007, 0x4000'009B | kXd, 0, 0,
     "0 3fffffff 40000000 40000000 --- rw- process uncached\n", ""},
    {"write-through", kFourLevels, 0x2007, 0x3007, 0x4007, 0xA00B | kXd,
     "0 fff a000 1000 --- rw- process write-through\n", ""},
    {"page size bit in a last level is PAT", kFourLevels, 0x2007, 0x3007, 0x4007, 0xA083 | kXd,
     "0 fff a000 1000 --- rw- process write-back\n", ""},
    {"address bits above 48", kFourLevels, 0x2007, 0x3007, 0x4007, 0x7'0000'0000'A001 | kXd,
     "0 fff 700000000a000 1000 --- r-- process write-back\n", ""},
    {"spare and key bits", kFourLevels, 0x2E07, 0x3007, 0x4007, (uint64_t{0x7FF} << 52) | 0xAE03,
     "0 fff a000 1000 --- rwx process write-back\n", ""},
    {"not present, other bits set", kFourLevels, 0x2007, 0x3007, 0x4007, 0xFFFFFFFFFFFFFFFE, "",
     ""},
    {"page size at the root", kFourLevels, 0x2087, 0, 0, 0, "",
     "the entry 0x2087 at 0x0000000000001000, level 4: PS is reserved"},
    {"crooked 2 MiB", kFourLevels, 0x2007, 0x3007, 0x40'2083, 0, "",
     "the entry 0x402083 at 0x0000000000003000, level 2: a large page's address is not aligned"},
    {"crooked 1 GiB", kFourLevels, 0x2007, 0x4020'0083, 0, 0, "",
     "the entry 0x40200083 at 0x0000000000002000, level 3: a large page's address is not aligned"},
    {"XD without NXE", kNoExecuteDisable, 0x2007, 0x3007, 0x4007, 0xA001 | kXd, "",
     "the entry 0x800000000000a001 at 0x0000000000004000, level 1: XD is reserved while EFER.NXE"},
    {"a table beyond memory", kFourLevels, 0x2007, 0x9000'0007, 0, 0, "",
     "the table at 0x0000000090000000, level 2, lies where there is no memory"},
    {"the root beyond memory",
     {kPaging, 0x9000'0000, kSmepPge, kLongMode},
     0,
     0,
     0,
     0,
     "",
     "the table at 0x0000000090000000, level 4, lies where there is no memory"},
};

FakeMemory MakeMemory() { return FakeMemory({{{0}, {0xFFF'FFFF}}}); }

TEST(X86_64Format, Entries) {
  for (const Row& row : kRows) {
    FakeMemory memory = MakeMemory();
    memory.Write(0x1000, row.at_root);
    memory.Write(0x2000, row.at_pointers);
    memory.Write(0x3000, row.at_directory);
    memory.Write(0x4000, row.at_table);
    const Walked walked = Walk(row.registers, memory);
    EXPECT_EQ(Lines(walked.runs), row.runs) << row.name;
    EXPECT_EQ(walked.faults.size(), row.fault.empty() ? 0u : 1u) << row.name;
    if (walked.faults.empty()) continue;
    EXPECT_TRUE(walked.faults.front().what.starts_with(row.fault))
        << row.name << ": " << walked.faults.front().what;
  }
}

TEST(X86_64Format, AddressesAreCanonical) {
  FakeMemory memory = MakeMemory();
  memory.Write(0x1000 + 8 * 511, 0x2000 | kTable);
  memory.Write(0x1000 + 8 * 256, 0x2000 | kTable);
  memory.Write(0x2000 + 8 * 511, 0x3000 | kTable);
  memory.Write(0x3000 + 8 * 511, 0x4000 | kTable);
  memory.Write(0x4000 + 8 * 511, 0xA003 | kXd);
  EXPECT_EQ(Lines(Walk(kFourLevels, memory).runs),
            "ffff807ffffff000 ffff807fffffffff a000 1000 --- rw- process write-back\n"
            "fffffffffffff000 ffffffffffffffff a000 1000 --- rw- process write-back\n");
}

TEST(X86_64Format, FiveLevels) {
  FakeMemory memory = MakeMemory();
  memory.Write(0x8001000 + 8 * 255, 0x1000 | kTable);
  memory.Write(0x8001000 + 8 * 256, 0x1000 | kTable);
  memory.Write(uint64_t{0x1000}, 0x2000 | kTable);
  memory.Write(uint64_t{0x2000}, uint64_t{0x4000'0083} | kXd);
  EXPECT_EQ(Lines(Walk(kFiveLevels, memory).runs),
            "ff000000000000 ff00003fffffff 40000000 40000000 --- rw- process write-back\n"
            "ff00000000000000 ff0000003fffffff 40000000 40000000 --- rw- process write-back\n");
}

TEST(X86_64Format, RunsAreMaximal) {
  FakeMemory memory = MakeMemory();
  memory.Write(uint64_t{0x1000}, 0x2000 | kTable);
  memory.Write(uint64_t{0x2000}, 0x3000 | kTable);
  // A full table, the first page of the next one, and a 2 MiB page that goes on.
  memory.Write(uint64_t{0x3000}, 0x4000 | kTable);
  memory.Write(uint64_t{0x3008}, 0x5000 | kTable);
  memory.Write(uint64_t{0x3010}, 0x40'0083 | kXd);
  for (uint64_t index = 0; index < 512; ++index) {
    memory.Write(0x4000 + 8 * index, (index << 12) | 3 | kXd);
  }
  memory.Write(uint64_t{0x5000}, 0x20'0003 | kXd);
  memory.Write(uint64_t{0x5008}, 0x20'1001 | kXd);
  const Walked walked = Walk(kFourLevels, memory);
  EXPECT_EQ(Lines(walked.runs),
            "0 200fff 0 1000 --- rw- process write-back\n"
            "201000 201fff 201000 1000 --- r-- process write-back\n"
            "400000 5fffff 400000 200000 --- rw- process write-back\n");
  ASSERT_EQ(walked.runs.size(), 3u);
  EXPECT_EQ(walked.runs[0].entries, 513u);
}

// Each level is one read, and a table that is used twice is read once.
TEST(X86_64Format, ReadsLevelByLevel) {
  FakeMemory memory = MakeMemory();
  memory.Write(uint64_t{0x1000}, 0x2000 | kTable);
  memory.Write(uint64_t{0x1008}, 0x2000 | kTable);
  for (uint64_t index = 0; index < 512; ++index) {
    memory.Write(0x2000 + 8 * index, 0x10'0000 + (index << 12) + kTable);
  }
  Walk(kFourLevels, memory);
  EXPECT_EQ(memory.reads, 3u);
  EXPECT_EQ(memory.pages_read, 514u);
}

TEST(X86_64Format, ATableThatContainsItself) {
  FakeMemory memory = MakeMemory();
  for (uint64_t index = 0; index < 512; ++index) {
    memory.Write(0x1000 + 8 * index, 0x1000 | kTable);
  }
  const Walked walked = Walk(kFourLevels, memory);
  ASSERT_EQ(walked.faults.size(), 1u);
  EXPECT_EQ(walked.faults.front().what, "here begins table 32769: some tables contain themselves");
}

// One entry that names its own table is how some kernels reach their tables: no fault.
TEST(X86_64Format, OneRecursiveEntry) {
  FakeMemory memory = MakeMemory();
  memory.Write(0x1000 + 8 * 510, 0x1003 | kXd);
  const Walked walked = Walk(kFourLevels, memory);
  EXPECT_EQ(Lines(walked.runs),
            "ffffff7fbfdfe000 ffffff7fbfdfefff 1000 1000 --- rw- process write-back\n");
  EXPECT_TRUE(walked.faults.empty());
}

TEST(X86_64Format, FaultsDoNotGrowWithoutBound) {
  FakeMemory memory = MakeMemory();
  for (uint64_t index = 0; index < 512; ++index) {
    memory.Write(0x1000 + 8 * index, 0x9000'0000 + (index << 12) + kTable);
  }
  EXPECT_EQ(Walk(kFourLevels, memory).faults.size(), kMostWalkFaults);
}

TEST(X86_64Format, MemoryThatCannotBeRead) {
  FakeMemory source = MakeMemory();
  source.Write(uint64_t{0x1000}, 0x2000 | kTable);
  source.broken_page = 0x2000;
  GuestMemory memory(source);
  const auto walked = WalkTables(kFourLevels, memory, [](const Mapping&, PhysicalAddress) {});
  ASSERT_FALSE(walked.has_value());
  EXPECT_EQ(walked.error(), "broken memory");
}

TEST(X86_64Format, Forms) {
  const auto four = FormOf(kFourLevels);
  ASSERT_TRUE(four.has_value());
  EXPECT_EQ(four->name, "x86_64, 4 levels");
  EXPECT_EQ(four->address_bits, 48u);
  EXPECT_EQ(four->entry_bytes,
            (std::vector<uint64_t>{uint64_t{1} << 39, 0x4000'0000, 0x20'0000, 0x1000}));
  const auto five = FormOf(kFiveLevels);
  ASSERT_TRUE(five.has_value());
  EXPECT_EQ(five->address_bits, 57u);
  ASSERT_EQ(five->entry_bytes.size(), 5u);
  EXPECT_EQ(five->entry_bytes.front(), uint64_t{1} << 48);
  EXPECT_EQ(FormOf(X86_64Registers{0x11, 0, 0, 0}).error(), "paging is off (CR0.PG is 0)");
  EXPECT_EQ(FormOf(X86_64Registers{kPaging, 0, 0, 0}).error(),
            "the processor is not in long mode (IA32_EFER.LMA is 0)");
}

}  // namespace
}  // namespace layoutcheck
