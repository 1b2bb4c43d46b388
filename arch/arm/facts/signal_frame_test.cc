#include "arch/arm/facts/signal_frame.h"

#include <cstdint>
#include <string_view>

#include "arch/arm/facts/registers.h"
#include "testing/unit/test.h"

namespace arch::arm {
namespace {

struct StatusRow {
  std::string_view name;
  uint32_t cpsr;
  bool user;
};

// ARM DDI 0406C B1.3.3.
constexpr StatusRow kStatusRows[] = {
    {"user mode, ARM", 0x0000'0010, true},
    {"user mode, Thumb, in an IT block", 0x0600'FC30, true},
    {"flags, GE bits, big endian", 0xF80F'0210, true},
    {"FIQ and aborts masked: cleared elsewhere", 0x0000'0150, true},
    {"interrupts masked", 0x0000'0090, false},
    {"Jazelle state", 0x0100'0010, false},
    {"supervisor mode", 0x0000'0013, false},
    {"system mode", 0x0000'001F, false},
    {"no mode", 0x0000'0000, false},
};

TEST(ArmSignalFrame, LetsUserModeHaveItsOwnStatusAlone) {
  for (const StatusRow& row : kStatusRows) {
    EXPECT_EQ(IsUserStatus(CleanStatus(row.cpsr)), row.user) << row.name;
  }
  EXPECT_EQ(CleanStatus(0x0000'0150), 0x10u);
  EXPECT_EQ(CleanStatus(0xF80F'FE3F), 0xF80F'FE3Fu & ~0x140u);
}

struct EntryRow {
  std::string_view name;
  uint32_t cpsr;
  uint32_t target;
  uint32_t expected_cpsr;
  uint32_t expected_pc;
};

constexpr EntryRow kEntryRows[] = {
    {"ARM from ARM", 0x0000'0010, 0x8000, 0x10, 0x8000},
    {"Thumb from ARM", 0x0000'0010, 0x8001, 0x30, 0x8000},
    {"ARM from Thumb", 0x0000'0030, 0x8004, 0x10, 0x8004},
    {"out of an IT block", 0x0600'FC30, 0x8003, 0x30, 0x8002},
    {"flags and byte order go, GE bits stay", 0xF80F'0210, 0x8000, 0x000F'0010, 0x8000},
    {"an address that is no instruction's", 0x0000'0010, 0x8002, 0x10, 0x8000},
};

TEST(ArmSignalFrame, StartsAHandlerInItsState) {
  for (const EntryRow& row : kEntryRows) {
    EXPECT_EQ(StatusAtEntry(row.cpsr, row.target), row.expected_cpsr) << row.name;
    EXPECT_EQ(AddressOfEntry(row.target), row.expected_pc) << row.name;
  }
}

TEST(ArmSignalFrame, KnowsItsFloatingPointRecord) {
  VfpRecord record{};
  EXPECT_FALSE(IsVfpRecord(record));
  record.magic = 0x5646'5001;
  record.size_bytes = 288;
  EXPECT_TRUE(IsVfpRecord(record));
  record.size_bytes = 284;
  EXPECT_FALSE(IsVfpRecord(record));
}

}  // namespace
}  // namespace arch::arm
