#include "arch/arm/facts/exceptions.h"

#include <cstdint>
#include <string_view>

#include "testing/unit/test.h"

namespace arch::arm {
namespace {

using mm::AccessKind;
using mm::FaultCause;
using mm::Privilege;

constexpr uint32_t kFromUser = 0x6000'0010;        // SPSR, user mode
constexpr uint32_t kFromSupervisor = 0x6000'01D3;  // supervisor mode, A I F masked
constexpr mm::VirtAddr kVa{0x8123'4567};

// ARM DDI 0406C B4.1.52: FS[3:0] bits 3:0, domain 7:4, FS[4] bit 10, WnR 11, ExT 12, CM 13; values
// from table B3-23.
struct DataRow {
  std::string_view name;
  uint32_t dfsr;
  uint32_t spsr;
  AccessKind access;
  FaultCause cause;
  Privilege privilege;
};

constexpr DataRow kDataRows[] = {
    {"translation, section, read", 0x005, kFromSupervisor, AccessKind::kRead,
     FaultCause::kNotMapped, Privilege::kKernel},
    {"translation, page, write", 0x807, kFromSupervisor, AccessKind::kWrite, FaultCause::kNotMapped,
     Privilege::kKernel},
    {"translation, page, in domain 3", 0x837, kFromUser, AccessKind::kWrite, FaultCause::kNotMapped,
     Privilege::kUser},
    {"permission, section, write", 0x80D, kFromSupervisor, AccessKind::kWrite,
     FaultCause::kPermission, Privilege::kKernel},
    {"permission, page, read", 0x00F, kFromUser, AccessKind::kRead, FaultCause::kPermission,
     Privilege::kUser},
    {"domain, section", 0x009, kFromSupervisor, AccessKind::kRead, FaultCause::kPermission,
     Privilege::kKernel},
    {"domain, page", 0x80B, kFromUser, AccessKind::kWrite, FaultCause::kPermission,
     Privilege::kUser},
    {"alignment", 0x001, kFromSupervisor, AccessKind::kRead, FaultCause::kAlignment,
     Privilege::kKernel},
    {"access flag", 0x006, kFromUser, AccessKind::kRead, FaultCause::kOther, Privilege::kUser},
    {"debug", 0x002, kFromUser, AccessKind::kRead, FaultCause::kOther, Privilege::kUser},
    {"external abort", 0x1008, kFromSupervisor, AccessKind::kRead, FaultCause::kOther,
     Privilege::kKernel},
    {"asynchronous external abort", 0x406, kFromSupervisor, AccessKind::kRead, FaultCause::kOther,
     Privilege::kKernel},
    {"TLB conflict", 0x400, kFromSupervisor, AccessKind::kRead, FaultCause::kOther,
     Privilege::kKernel},
    {"cache maintenance by address", 0x2805, kFromUser, AccessKind::kRead, FaultCause::kNotMapped,
     Privilege::kUser},
};

TEST(ArmExceptions, DecodesDataAborts) {
  for (const DataRow& row : kDataRows) {
    const mm::FaultInfo expected{kVa, row.access, row.cause, row.privilege};
    EXPECT_TRUE(DecodeDataAbort(row.dfsr, kVa, row.spsr) == expected) << row.name;
  }
}

// IFSR (B4.1.96) has no WnR: every prefetch abort is an instruction fetch.
TEST(ArmExceptions, DecodesPrefetchAborts) {
  const mm::FaultInfo unmapped{kVa, AccessKind::kExecute, FaultCause::kNotMapped,
                               Privilege::kKernel};
  EXPECT_TRUE(DecodePrefetchAbort(0x005, kVa, kFromSupervisor) == unmapped);
  const mm::FaultInfo forbidden{kVa, AccessKind::kExecute, FaultCause::kPermission,
                                Privilege::kUser};
  EXPECT_TRUE(DecodePrefetchAbort(0x00F, kVa, kFromUser) == forbidden);
}

TEST(ArmExceptions, NamesStatuses) {
  EXPECT_TRUE(FaultStatusName(StatusOf(0x80D)) == "permission fault");
  EXPECT_TRUE(FaultStatusName(StatusOf(0x005)) == "translation fault");
  EXPECT_TRUE(FaultStatusName(StatusOf(0x406)) == "asynchronous external abort");
  EXPECT_TRUE(FaultStatusName(StatusOf(0x00C)) == "external abort on a table walk");
  EXPECT_TRUE(FaultStatusName(StatusOf(0x000)) == "unknown fault status");
  EXPECT_TRUE(VectorName(Vector::kDataAbort) == "data abort");
}

}  // namespace
}  // namespace arch::arm
