#include "arch/x86_64/facts/exceptions.h"

#include <cstdint>
#include <string_view>

#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

using mm::AccessKind;
using mm::FaultCause;
using mm::Privilege;

// Intel SDM vol. 3A 4.7, figure 4-12: P W/R U/S RSVD I/D PK SS, SGX in bit 15.
struct Row {
  std::string_view name;
  uint64_t error_code;
  AccessKind access;
  FaultCause cause;
  Privilege privilege;
};

constexpr Row kRows[] = {
    {"kernel reads nothing", 0x0, AccessKind::kRead, FaultCause::kNotMapped, Privilege::kKernel},
    {"kernel writes nothing", 0x2, AccessKind::kWrite, FaultCause::kNotMapped, Privilege::kKernel},
    {"kernel jumps to nothing", 0x10, AccessKind::kExecute, FaultCause::kNotMapped,
     Privilege::kKernel},
    {"kernel writes read-only", 0x3, AccessKind::kWrite, FaultCause::kPermission,
     Privilege::kKernel},
    {"kernel reads user page, SMAP", 0x1, AccessKind::kRead, FaultCause::kPermission,
     Privilege::kKernel},
    {"kernel runs data", 0x11, AccessKind::kExecute, FaultCause::kPermission, Privilege::kKernel},
    {"user reads nothing", 0x4, AccessKind::kRead, FaultCause::kNotMapped, Privilege::kUser},
    {"user writes read-only", 0x7, AccessKind::kWrite, FaultCause::kPermission, Privilege::kUser},
    {"user runs data", 0x15, AccessKind::kExecute, FaultCause::kPermission, Privilege::kUser},
    {"reserved bit", 0x9, AccessKind::kRead, FaultCause::kOther, Privilege::kKernel},
    {"protection key", 0x25, AccessKind::kRead, FaultCause::kPermission, Privilege::kUser},
    {"enclave", 0x8007, AccessKind::kWrite, FaultCause::kOther, Privilege::kUser},
};

TEST(X86Exceptions, DecodesPageFaults) {
  constexpr mm::VirtAddr kVa{0xFFFF'8000'0000'1234};
  for (const Row& row : kRows) {
    const mm::FaultInfo expected{kVa, row.access, row.cause, row.privilege};
    EXPECT_TRUE(DecodePageFault(row.error_code, kVa) == expected) << row.name;
  }
}

// SDM vol. 3A table 6-1.
TEST(X86Exceptions, NamesVectors) {
  EXPECT_TRUE(ExceptionName(0) == "divide error");
  EXPECT_TRUE(ExceptionName(kDoubleFaultVector) == "double fault");
  EXPECT_TRUE(ExceptionName(13) == "general protection");
  EXPECT_TRUE(ExceptionName(kPageFaultVector) == "page fault");
  EXPECT_TRUE(ExceptionName(21) == "control protection exception");
  EXPECT_TRUE(ExceptionName(31) == "reserved exception");
  EXPECT_TRUE(ExceptionName(32) == "interrupt");
}

TEST(X86Exceptions, KnowsWhichPushAnErrorCode) {
  for (unsigned vector = 0; vector < 256; ++vector) {
    const bool pushes =
        vector == 8 || (vector >= 10 && vector <= 14) || vector == 17 || vector == 21;
    EXPECT_EQ(HasErrorCode(static_cast<uint8_t>(vector)), pushes) << vector;
  }
}

}  // namespace
}  // namespace arch::x86_64
