// Names for the bits of system registers that the kernel reads or sets. Sections are of ARM DDI
// 0406C.
#pragma once

#include <cstdint>

namespace arch::arm {

// System control register, B4.1.130.
namespace sctlr {
inline constexpr uint32_t kMmu = uint32_t{1} << 0;
inline constexpr uint32_t kAlignmentCheck = uint32_t{1} << 1;
inline constexpr uint32_t kDataCache = uint32_t{1} << 2;
inline constexpr uint32_t kBranchPrediction = uint32_t{1} << 11;
inline constexpr uint32_t kInstructionCache = uint32_t{1} << 12;
inline constexpr uint32_t kHighVectors = uint32_t{1} << 13;
inline constexpr uint32_t kWriteImpliesExecuteNever = uint32_t{1} << 19;      // WXN
inline constexpr uint32_t kUserWriteImpliesExecuteNever = uint32_t{1} << 20;  // UWXN
inline constexpr uint32_t kExceptionBigEndian = uint32_t{1} << 25;
inline constexpr uint32_t kTexRemap = uint32_t{1} << 28;    // TRE: paging_policy.h needs it set
inline constexpr uint32_t kAccessFlag = uint32_t{1} << 29;  // AFE: paging_policy.h needs it clear
inline constexpr uint32_t kThumbExceptions = uint32_t{1} << 30;
}  // namespace sctlr

// Translation table base control register, short descriptors, B4.1.153.
namespace ttbcr {
inline constexpr uint32_t kSplitMask = 0b111;                    // N: TTBR0 serves below 2^(32-N)
inline constexpr uint32_t kDisable0 = uint32_t{1} << 4;          // PD0
inline constexpr uint32_t kDisable1 = uint32_t{1} << 5;          // PD1
inline constexpr uint32_t kLongDescriptors = uint32_t{1} << 31;  // EAE
}  // namespace ttbcr

// Translation table base registers with the multiprocessing extensions, B4.1.154: how the walker
// reads the tables.
namespace ttbr {
inline constexpr uint32_t kInnerWriteAllocate = uint32_t{1} << 6;  // IRGN = 0b01: IRGN[0] is bit 6
inline constexpr uint32_t kShareable = uint32_t{1} << 1;
inline constexpr uint32_t kOuterWriteAllocate = uint32_t{0b01} << 3;  // RGN
inline constexpr uint32_t kNotOuterShareable = uint32_t{1} << 5;
// The table's address: bits 31:14-N.
constexpr uint32_t RootMask(unsigned n) { return ~((uint32_t{1} << (14 - n)) - 1); }
}  // namespace ttbr

// Coprocessor access control register, B4.1.40: cp10 and cp11, that is VFP and Advanced SIMD, for
// every mode.
namespace cpacr {
inline constexpr uint32_t kFloatingPoint = uint32_t{0b1111} << 20;
}  // namespace cpacr

// Timer PL1 control register, B4.1.26.
namespace cntkctl {
inline constexpr uint32_t kUserReadsVirtualCount = uint32_t{1} << 1;  // PL0VCTEN
}  // namespace cntkctl

// Domain access control register, B4.1.43: two bits a domain.
namespace dacr {
inline constexpr uint32_t kNoAccess = 0b00;
inline constexpr uint32_t kClient = 0b01;   // the entry's rights hold
inline constexpr uint32_t kManager = 0b11;  // no check at all
constexpr uint32_t Domain(unsigned domain, uint32_t access) { return access << (2 * domain); }
}  // namespace dacr

// Primary and normal memory remap registers, B4.1.127 and B4.1.104: what TEX[0] C B, a number from
// 0 to 7, stand for when SCTLR.TRE is set (B3.8.3).
namespace remap {
inline constexpr uint32_t kDevice = 0b01;         // PRRR.TRn
inline constexpr uint32_t kNormal = 0b10;         // PRRR.TRn
inline constexpr uint32_t kWriteAllocate = 0b01;  // NMRR.IRn, ORn: write-back, write-allocate
inline constexpr uint32_t kShareableDevice = uint32_t{1} << 16;  // PRRR.DS0: where S = 0
inline constexpr uint32_t kShareableNormal = uint32_t{1} << 19;  // PRRR.NS1: where S = 1
constexpr uint32_t Type(unsigned number, uint32_t type) { return type << (2 * number); }
constexpr uint32_t Inner(unsigned number, uint32_t policy) { return policy << (2 * number); }
constexpr uint32_t Outer(unsigned number, uint32_t policy) { return policy << (2 * number + 16); }
}  // namespace remap

// Program status registers, B1.3.3.
namespace psr {
inline constexpr uint32_t kModeMask = 0x1F;
inline constexpr uint32_t kUser = 0x10;
inline constexpr uint32_t kFiq = 0x11;
inline constexpr uint32_t kIrq = 0x12;
inline constexpr uint32_t kSupervisor = 0x13;
inline constexpr uint32_t kMonitor = 0x16;
inline constexpr uint32_t kAbort = 0x17;
inline constexpr uint32_t kHyp = 0x1A;
inline constexpr uint32_t kUndefined = 0x1B;
inline constexpr uint32_t kSystem = 0x1F;
inline constexpr uint32_t kThumb = uint32_t{1} << 5;
inline constexpr uint32_t kFiqMask = uint32_t{1} << 6;
inline constexpr uint32_t kIrqMask = uint32_t{1} << 7;
inline constexpr uint32_t kAbortMask = uint32_t{1} << 8;
inline constexpr uint32_t kBigEndian = uint32_t{1} << 9;
inline constexpr uint32_t kJazelle = uint32_t{1} << 24;
inline constexpr uint32_t kIfThen = 0x0600'FC00;  // IT[1:0], IT[7:2]: A2.5.2
inline constexpr uint32_t kFlags = 0xF800'0000;   // N, Z, C, V, Q
}  // namespace psr

}  // namespace arch::arm
