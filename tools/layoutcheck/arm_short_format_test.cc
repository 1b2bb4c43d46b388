#include "tools/layoutcheck/arm_short_format.h"

#include <cstdint>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "tools/layoutcheck/fake_memory.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/walk_trial.h"

namespace layoutcheck {
namespace {

constexpr uint32_t kMmu = 1;
constexpr uint32_t kAfe = 1U << 29;
constexpr uint32_t kTre = 1U << 28;
constexpr uint32_t kWxn = 1U << 19;
constexpr uint32_t kUwxn = 1U << 20;
constexpr uint32_t kClients = 0x55555555;
constexpr uint32_t kWithPxn = 5;
constexpr uint32_t kPd0 = 1U << 4;
constexpr uint32_t kPd1 = 1U << 5;

constexpr ArmRegisters With(uint32_t sctlr, uint32_t dacr = kClients) {
  return {.sctlr = kMmu | sctlr,
          .ttbr0 = 0x4000,
          .ttbr1 = 0x8000,
          .dacr = dacr,
          .id_mmfr0 = kWithPxn,
          .virtualization = Extension::kPresent};
}

constexpr ArmRegisters WithoutPxn() {
  ArmRegisters registers = With(0);
  registers.id_mmfr0 = 3;
  return registers;
}

// A first-level entry for 1 MiB upwards, and an entry for the second page of a table at 0x1400.
struct Row {
  std::string_view name;
  ArmRegisters registers;
  uint32_t first;
  uint32_t second;
  std::string_view runs;
  std::string_view fault;
};

constexpr uint32_t kToTable = 0x1401;  // domain 0

const Row kRows[] = {
    {"nothing", With(0), 0, 0, "", ""},
    // Sections: AP[2] bit 15, AP[1:0] bits 11:10, XN bit 4, PXN bit 0.
    {"section, kernel data", With(0), 0x5000041E, 0,
     "100000 1fffff 50000000 100000 --- rw- global write-back\n", ""},
    {"section, kernel code", With(0), 0x5000840E, 0,
     "100000 1fffff 50000000 100000 --- r-x global write-back\n", ""},
    {"section, PXN", With(0), 0x50000C0F, 0,
     "100000 1fffff 50000000 100000 rwx rw- global write-back\n", ""},
    {"section, user reads", With(0), 0x5002081E, 0,
     "100000 1fffff 50000000 100000 r-- rw- process write-back\n", ""},
    {"section, no access", With(0), 0x5000000E, 0,
     "100000 1fffff 50000000 100000 --- --- global write-back\n", ""},
    {"section, reserved permission", With(0), 0x5000800E, 0,
     "100000 1fffff 50000000 100000 --- --- global write-back\n", ""},
    {"section, all read (deprecated)", With(0), 0x5000881E, 0,
     "100000 1fffff 50000000 100000 r-- r-- global write-back\n", ""},
    {"section, all read", With(0), 0x50008C1E, 0,
     "100000 1fffff 50000000 100000 r-- r-- global write-back\n", ""},
    {"section, bit 0 without PXN", WithoutPxn(), 0x5000041F, 0, "",
     "the entry 0x5000041f at 0x0000000000004004, level 2: the descriptor type 0b11 is reserved"},
    {"supersection", With(0), 0x51040402 | 0x00200000 | 0xA0 | 0x10, 0,
     "100000 1fffff 5251100000 1000000 --- rw- global device\n", ""},
    {"supersection ignores the domain", With(0, 1), 0x51040412, 0,
     "100000 1fffff 51100000 1000000 --- rw- global device\n", ""},
    // Small pages: AP[2] bit 9, AP[1:0] bits 5:4, XN bit 0. Large pages: XN bit 15.
    {"small page", With(0), kToTable, 0x5000001F,
     "101000 101fff 50000000 1000 --- rw- global write-back\n", ""},
    {"small page, user code", With(0), kToTable, 0x50000A3E,
     "101000 101fff 50000000 1000 r-x r-x process write-back\n", ""},
    {"small page, table PXN", With(0), kToTable | 4, 0x50000A3E,
     "101000 101fff 50000000 1000 r-x r-- process write-back\n", ""},
    {"small page, table PXN unknown", WithoutPxn(), kToTable | 4, 0x50000A3E,
     "101000 101fff 50000000 1000 r-x r-x process write-back\n", ""},
    {"large page", With(0), kToTable, 0x5000801D,
     "101000 101fff 50001000 10000 --- rw- global write-back\n", ""},
    {"table beyond memory", With(0), 0x90000001, 0, "",
     "the table at 0x0000000090000000, level 1, lies where there is no memory"},
    // Domains: 0 closed, 1 client, 3 manager.
    {"closed domain", With(0, 0), kToTable, 0x50000A3E,
     "101000 101fff 50000000 1000 r-x r-x process write-back\n", ""},
    {"reserved domain", With(0, 2), kToTable, 0x50000A3E,
     "101000 101fff 50000000 1000 --- --- process write-back\n", ""},
    {"manager", With(0, 3), kToTable | 4, 0x5000020F,
     "101000 101fff 50000000 1000 rwx rwx global write-back\n", ""},
    {"manager of a section's domain", With(0, 0xC0000000), 0x500081FE, 0,
     "100000 1fffff 50000000 100000 rwx rwx global write-back\n", ""},
    // SCTLR.AFE: AP[0] is the access flag.
    {"access flag, data", With(kAfe), kToTable, 0x5000001F,
     "101000 101fff 50000000 1000 --- rw- global write-back\n", ""},
    {"access flag not set", With(kAfe), kToTable, 0x5000000F,
     "101000 101fff 50000000 1000 --- rw- global write-back\n", ""},
    {"access flag, user code", With(kAfe), kToTable, 0x5000023E,
     "101000 101fff 50000000 1000 r-x r-x global write-back\n", ""},
    {"write implies never execute", With(kWxn), kToTable, 0x5000003E,
     "101000 101fff 50000000 1000 rw- rw- global write-back\n", ""},
    {"user write implies never execute for the kernel", With(kUwxn), kToTable, 0x5000003E,
     "101000 101fff 50000000 1000 rwx rw- global write-back\n", ""},
    // TEX, C, B without remapping; small pages have TEX at 8:6.
    {"strongly ordered", With(0), kToTable, 0x50000013,
     "101000 101fff 50000000 1000 --- rw- global device\n", ""},
    {"shareable device", With(0), kToTable, 0x50000017,
     "101000 101fff 50000000 1000 --- rw- global device\n", ""},
    {"write-through", With(0), kToTable, 0x5000001B,
     "101000 101fff 50000000 1000 --- rw- global write-through\n", ""},
    {"not cached", With(0), kToTable, 0x50000053,
     "101000 101fff 50000000 1000 --- rw- global uncached\n", ""},
    {"private device", With(0), kToTable, 0x50000093,
     "101000 101fff 50000000 1000 --- rw- global device\n", ""},
    {"inner not cached", With(0), kToTable, 0x50000153,
     "101000 101fff 50000000 1000 --- rw- global uncached\n", ""},
    {"inner write-back, allocating", With(0), kToTable, 0x50000157,
     "101000 101fff 50000000 1000 --- rw- global write-back\n", ""},
    {"inner write-through", With(0), kToTable, 0x5000015B,
     "101000 101fff 50000000 1000 --- rw- global write-through\n", ""},
};

FakeMemory MakeMemory() { return FakeMemory({{{0}, {0xFFFF}}}); }

TEST(ArmShortFormat, Entries) {
  for (const Row& row : kRows) {
    FakeMemory memory = MakeMemory();
    memory.Write(0x4004, row.first);
    memory.Write(0x1404, row.second);
    const Walked walked = Walk(row.registers, memory);
    EXPECT_EQ(Lines(walked.runs), row.runs) << row.name;
    EXPECT_EQ(walked.faults.size(), row.fault.empty() ? 0u : 1u) << row.name;
    if (walked.faults.empty()) continue;
    EXPECT_TRUE(walked.faults.front().what.starts_with(row.fault))
        << row.name << ": " << walked.faults.front().what;
  }
}

TEST(ArmShortFormat, RemappedMemoryTypes) {
  // Types of index 0 to 3: strongly ordered, device, normal, normal; inner: not cached, ., WT, WB.
  ArmRegisters registers = With(kTre);
  registers.mair0 = 0b10'10'01'00;
  registers.mair1 = 0b01'10'00'00;
  constexpr std::string_view kCaches[] = {"device", "device", "write-through", "write-back"};
  for (uint32_t index = 0; index < 4; ++index) {
    FakeMemory memory = MakeMemory();
    memory.Write(0x4004, kToTable);
    memory.Write(0x1404, 0x50000013 | index << 2);
    const Walked walked = Walk(registers, memory);
    ASSERT_EQ(walked.runs.size(), 1u);
    EXPECT_EQ(Text(walked.runs[0].attributes.cache), kCaches[index]);
  }
  registers.mair1 = 0;
  FakeMemory memory = MakeMemory();
  memory.Write(0x4004, uint32_t{0x5000041A});
  EXPECT_EQ(Lines(Walk(registers, memory).runs),
            "100000 1fffff 50000000 100000 --- rw- global uncached\n");
}

// A whole supersection and a whole large page are 16 entries each, and one run.
TEST(ArmShortFormat, RepeatedEntries) {
  FakeMemory memory = MakeMemory();
  for (uint32_t index = 0; index < 16; ++index) {
    memory.Write(0x4040 + 4 * index, uint32_t{0x51040412});
    memory.Write(0x1440 + 4 * index, uint32_t{0x5000801D});
  }
  memory.Write(0x4080, kToTable);
  EXPECT_EQ(Lines(Walk(With(0), memory).runs),
            "1000000 1ffffff 51000000 1000000 --- rw- global device\n"
            "2010000 201ffff 50000000 10000 --- rw- global write-back\n");
}

struct SplitRow {
  std::string_view name;
  uint32_t ttbcr;
  Extension security;
  std::string_view runs;
};

// The last entry below 2 GiB and the first above it, in each root.
constexpr SplitRow kSplitRows[] = {
    {"one table", 0, Extension::kAbsent,
     "7ff00000 7fffffff a00000 100000 --- rw- global write-back\n"
     "80000000 800fffff c00000 100000 --- rw- global write-back\n"},
    {"split", 1, Extension::kAbsent,
     "7ff00000 7fffffff a00000 100000 --- rw- global write-back\n"
     "80000000 800fffff 1000000 100000 --- rw- global write-back\n"},
    {"split at 1 GiB", 2, Extension::kAbsent,
     "7ff00000 7fffffff e00000 100000 --- rw- global write-back\n"
     "80000000 800fffff 1000000 100000 --- rw- global write-back\n"},
    {"no second table", 1 | kPd1, Extension::kPresent,
     "7ff00000 7fffffff a00000 100000 --- rw- global write-back\n"},
    {"no first table", 1 | kPd0, Extension::kPresent,
     "80000000 800fffff 1000000 100000 --- rw- global write-back\n"},
    {"PD1 without its extension", 1 | kPd1, Extension::kAbsent,
     "7ff00000 7fffffff a00000 100000 --- rw- global write-back\n"
     "80000000 800fffff 1000000 100000 --- rw- global write-back\n"},
};

TEST(ArmShortFormat, Splits) {
  for (const SplitRow& row : kSplitRows) {
    FakeMemory memory = MakeMemory();
    memory.Write(0x4000 + 4 * 2047, uint32_t{0x00A0041E});
    memory.Write(0x4000 + 4 * 2048, uint32_t{0x00C0041E});
    memory.Write(0x8000 + 4 * 2047, uint32_t{0x00E0041E});
    memory.Write(0x8000 + 4 * 2048, uint32_t{0x0100041E});
    ArmRegisters registers = With(0);
    registers.ttbcr = row.ttbcr;
    registers.security = row.security;
    registers.ttbr0 |= 0x6A;  // walk attributes, no address
    EXPECT_EQ(Lines(Walk(registers, memory).runs), row.runs) << row.name;
  }
}

// With N = 7 the first table has 32 entries and any alignment to 128 bytes.
TEST(ArmShortFormat, ShortFirstTable) {
  FakeMemory memory = MakeMemory();
  memory.Write(0x4080 + 4 * 31, uint32_t{0x00A0041E});
  memory.Write(0x4080 + 4 * 32, uint32_t{0x00B0041E});
  ArmRegisters registers = With(0);
  registers.ttbcr = 7;
  registers.ttbr0 = 0x4080;
  EXPECT_EQ(Lines(Walk(registers, memory).runs),
            "1f00000 1ffffff a00000 100000 --- rw- global write-back\n");
}

TEST(ArmShortFormat, Forms) {
  const auto form = FormOf(With(0));
  ASSERT_TRUE(form.has_value());
  EXPECT_EQ(form->name, "ARMv7-A, short descriptors");
  EXPECT_EQ(form->entry_bytes, (std::vector<uint64_t>{0x10'0000, 0x1000}));
  EXPECT_EQ(FormOf(ArmRegisters{}).error(), "the MMU is off (SCTLR.M is 0)");
}

}  // namespace
}  // namespace layoutcheck
