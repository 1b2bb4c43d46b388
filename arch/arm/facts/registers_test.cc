#include "arch/arm/facts/registers.h"

#include <cstdint>
#include <string_view>

#include "testing/unit/test.h"

namespace arch::arm {
namespace {

struct Row {
  std::string_view name;
  uint32_t bits;
  uint32_t value;
};

// ARM DDI 0406C B4.1.130, B4.1.153, B4.1.154, B4.1.43, B4.1.127, B4.1.104, B4.1.40, B4.1.26, B1.3.3
// and table B1-1.
constexpr Row kRows[] = {
    {"SCTLR.M", sctlr::kMmu, 0x1},
    {"SCTLR.C", sctlr::kDataCache, 0x4},
    {"SCTLR.I", sctlr::kInstructionCache, 0x1000},
    {"SCTLR.V", sctlr::kHighVectors, 0x2000},
    {"SCTLR.TRE", sctlr::kTexRemap, 0x1000'0000},
    {"SCTLR.AFE", sctlr::kAccessFlag, 0x2000'0000},
    {"TTBCR.N", ttbcr::kSplitMask, 0x7},
    {"TTBCR.PD0", ttbcr::kDisable0, 0x10},
    {"TTBCR.PD1", ttbcr::kDisable1, 0x20},
    {"TTBCR.EAE", ttbcr::kLongDescriptors, 0x8000'0000},
    {"TTBR root, N = 0", ttbr::RootMask(0), 0xFFFF'C000},
    {"TTBR root, N = 7", ttbr::RootMask(7), 0xFFFF'FF80},
    {"TTBR walks: cached, shared",
     ttbr::kInnerWriteAllocate | ttbr::kOuterWriteAllocate | ttbr::kShareable, 0x4A},
    {"DACR, domain 0 client", dacr::Domain(0, dacr::kClient), 0x1},
    {"DACR, domain 15 manager", dacr::Domain(15, dacr::kManager), 0xC000'0000},
    {"PRRR.TR7, normal", remap::Type(7, remap::kNormal), 0x8000},
    {"PRRR.TR1, device", remap::Type(1, remap::kDevice), 0x4},
    {"PRRR.DS0", remap::kShareableDevice, 0x1'0000},
    {"PRRR.NS1", remap::kShareableNormal, 0x8'0000},
    {"NMRR.IR7", remap::Inner(7, remap::kWriteAllocate), 0x4000},
    {"NMRR.OR7", remap::Outer(7, remap::kWriteAllocate), 0x4000'0000},
    {"PSR, user", psr::kUser, 0b10000},
    {"PSR, supervisor", psr::kSupervisor, 0b10011},
    {"PSR, abort", psr::kAbort, 0b10111},
    {"PSR, undefined", psr::kUndefined, 0b11011},
    {"PSR.J", psr::kJazelle, 0x100'0000},
    {"PSR.IT", psr::kIfThen, 0x600'FC00},
    {"PSR, flags", psr::kFlags, 0xF800'0000},
    {"CPACR, VFP", cpacr::kFloatingPoint, 0xF0'0000},
    {"CNTKCTL.PL0VCTEN", cntkctl::kUserReadsVirtualCount, 0x2},
    {"PSR.I", psr::kIrqMask, 0x80},
    {"PSR.A", psr::kAbortMask, 0x100},
};

TEST(ArmRegisters, HaveTheManualsBits) {
  for (const Row& row : kRows) EXPECT_EQ(row.bits, row.value) << row.name;
}

}  // namespace
}  // namespace arch::arm
