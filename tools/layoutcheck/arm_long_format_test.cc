#include "tools/layoutcheck/arm_long_format.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/fake_memory.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/walk_trial.h"

namespace layoutcheck {
namespace {

constexpr uint32_t kEae = 1U << 31;
constexpr uint64_t kXn = uint64_t{1} << 54;
constexpr uint64_t kPxn = uint64_t{1} << 53;

// Attributes by index: 0 strongly ordered, 1 not cached, 2 write-through, 3 write-back, 4 device.
constexpr ArmRegisters With(uint32_t ttbcr) {
  return {.sctlr = 1,
          .ttbcr = kEae | ttbcr,
          .ttbr0 = 0x4000,
          .ttbr1 = 0x8000,
          .mair0 = 0xFFAA4400,
          .mair1 = 0x00000004,
          .id_mmfr0 = 5};
}

// Entries 0 of tables at 0x4000 (four entries), 0x2000, 0x3000.
struct Row {
  std::string_view name;
  uint64_t first;
  uint64_t second;
  uint64_t third;
  std::string_view runs;
  std::string_view fault;
};

const Row kRows[] = {
    {"nothing", 0, 0, 0, "", ""},
    {"invalid, other bits set", 0xFFFFFFFFFFFFFFFE, 0, 0, "", ""},
    {"1 GiB, kernel data", 0x4000040D | kXn, 0, 0,
     "0 3fffffff 40000000 40000000 --- rw- global write-back\n", ""},
    {"40 address bits", 0xFF'4000'040D | kXn, 0, 0,
     "0 3fffffff ff40000000 40000000 --- rw- global write-back\n", ""},
    {"2 MiB, user data", 0x2003, 0x0040'0C4D | kXn, 0,
     "0 1fffff 400000 200000 rw- rw- process write-back\n", ""},
    {"page, user code", 0x2003, 0x3003, 0xACCF | kPxn,
     "0 fff a000 1000 r-x r-- process write-back\n", ""},
    {"page, kernel code", 0x2003, 0x3003, 0xA48F, "0 fff a000 1000 --- r-x global write-back\n",
     ""},
    {"page, access flag not set", 0x2003, 0x3003, 0xA08F,
     "0 fff a000 1000 --- r-x global write-back\n", ""},
    {"page of a reserved type", 0x2003, 0x3003, 0xA48D, "",
     "the entry 0xa48d at 0x0000000000003000, level 1: the descriptor type 0b01 is reserved"},
    {"not cached", 0x2003, 0x3003, 0xA407 | kXn, "0 fff a000 1000 --- rw- global uncached\n", ""},
    {"write-through", 0x2003, 0x3003, 0xA40B | kXn,
     "0 fff a000 1000 --- rw- global write-through\n", ""},
    {"strongly ordered", 0x2003, 0x3003, 0xA403 | kXn, "0 fff a000 1000 --- rw- global device\n",
     ""},
    {"device", 0x2003, 0x3003, 0xA413 | kXn, "0 fff a000 1000 --- rw- global device\n", ""},
    // Tables: NoUser bit 61, ReadOnly 62, XN 60, PXN 59.
    {"no user below the table", 0x2003 | uint64_t{1} << 61, 0x3003, 0xA44F,
     "0 fff a000 1000 --- rwx global write-back\n", ""},
    {"nobody writes below the table", 0x2003, 0x3003 | uint64_t{1} << 62, 0xA44F,
     "0 fff a000 1000 r-x r-x global write-back\n", ""},
    {"nobody executes below the table", 0x2003 | uint64_t{1} << 60, 0x3003, 0xA44F,
     "0 fff a000 1000 rw- rw- global write-back\n", ""},
    {"no kernel execution below the table", 0x2003 | uint64_t{1} << 59, 0x3003, 0xA44F,
     "0 fff a000 1000 rwx rw- global write-back\n", ""},
    {"table beyond memory", 0x9000'0003, 0, 0, "",
     "the table at 0x0000000090000000, level 2, lies where there is no memory"},
};

FakeMemory MakeMemory() { return FakeMemory({{{0}, {0xFFFF}}}); }

TEST(ArmLongFormat, Entries) {
  for (const Row& row : kRows) {
    FakeMemory memory = MakeMemory();
    memory.Write(0x4000, row.first);
    memory.Write(0x2000, row.second);
    memory.Write(0x3000, row.third);
    const Walked walked = Walk(With(0), memory);
    EXPECT_EQ(Lines(walked.runs), row.runs) << row.name;
    EXPECT_EQ(walked.faults.size(), row.fault.empty() ? 0u : 1u) << row.name;
    if (walked.faults.empty()) continue;
    EXPECT_TRUE(walked.faults.front().what.starts_with(row.fault))
        << row.name << ": " << walked.faults.front().what;
  }
}

struct SplitRow {
  std::string_view name;
  uint32_t ttbcr;
  std::string_view runs;
};

// Blocks of 1 GiB in entries 0 to 3 of both tables, which targets tell apart: A0 to A3 GiB of the
// first, B0 to B3 of the second. At 0x4000 and 0x8000 tables of the second level begin as well.
constexpr SplitRow kSplitRows[] = {
    {"one table", 0, "0 ffffffff 2800000000 40000000 --- rw- global write-back\n"},
    {"1 GiB above (T1SZ = 2)", 2U << 16,
     "0 bfffffff 2800000000 40000000 --- rw- global write-back\n"
     "c0000000 c01fffff 2c00000000 200000 --- rw- global write-back\n"
     "c0200000 c03fffff 2c40000000 200000 --- rw- global write-back\n"
     "c0400000 c05fffff 2c80000000 200000 --- rw- global write-back\n"
     "c0600000 c07fffff 2cc0000000 200000 --- rw- global write-back\n"},
    {"2 GiB each (T0SZ = T1SZ = 1)", 1U << 16 | 1,
     "0 7fffffff 2800000000 40000000 --- rw- global write-back\n"
     "80000000 ffffffff 2c00000000 40000000 --- rw- global write-back\n"},
    {"2 GiB below only (T0SZ = 1)", 1,
     "0 7fffffff 2800000000 40000000 --- rw- global write-back\n"
     "80000000 ffffffff 2c80000000 40000000 --- rw- global write-back\n"},
    {"no first table", 1U << 16 | 1 | 1U << 7,
     "80000000 ffffffff 2c00000000 40000000 --- rw- global write-back\n"},
    {"no second table", 1U << 16 | 1 | 1U << 23,
     "0 7fffffff 2800000000 40000000 --- rw- global write-back\n"},
};

TEST(ArmLongFormat, Splits) {
  for (const SplitRow& row : kSplitRows) {
    FakeMemory memory = MakeMemory();
    for (uint64_t index = 0; index < 4; ++index) {
      memory.Write(0x4000 + 8 * index, ((0xA0 + index) << 30 | 0x40D) | kXn);
      memory.Write(0x8000 + 8 * index, ((0xB0 + index) << 30 | 0x40D) | kXn);
    }
    EXPECT_EQ(Lines(Walk(With(row.ttbcr), memory).runs), row.runs) << row.name;
  }
}

TEST(ArmLongFormat, Forms) {
  const auto form = FormOf(With(0));
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->name, "ARMv7-A, long descriptors");
  EXPECT_EQ(form->entry_bytes, (std::vector<uint64_t>{0x4000'0000, 0x20'0000, 0x1000}));
  EXPECT_EQ(FormOf(With(3U << 16)).error(), "TTBCR splits the space inside a first-level entry");
  EXPECT_EQ(FormOf(With(3)).error(), "TTBCR splits the space inside a first-level entry");
  EXPECT_TRUE(FormOf(With(3U << 16 | 3)).has_value());
}

}  // namespace
}  // namespace layoutcheck
