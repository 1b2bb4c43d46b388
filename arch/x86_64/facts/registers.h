// Names for the bits of control registers, model-specific registers and CPUID leaves that the
// kernel reads or sets. Sections are of the Intel SDM.
#pragma once

#include <cstdint>

namespace arch::x86_64 {

// Vol. 3A 2.5.
namespace cr0 {
inline constexpr uint64_t kProtectionEnable = uint64_t{1} << 0;
inline constexpr uint64_t kMonitorCoprocessor = uint64_t{1} << 1;
inline constexpr uint64_t kEmulation = uint64_t{1} << 2;
inline constexpr uint64_t kTaskSwitched = uint64_t{1} << 3;
inline constexpr uint64_t kNumericError = uint64_t{1} << 5;
inline constexpr uint64_t kWriteProtect = uint64_t{1} << 16;  // the kernel obeys R/W too
inline constexpr uint64_t kAlignmentMask = uint64_t{1} << 18;
inline constexpr uint64_t kPaging = uint64_t{1} << 31;
}  // namespace cr0

// Vol. 3A 2.5. CR3 has the root table's address in bits 51:12.
namespace cr3 {
inline constexpr uint64_t kRootMask = 0x000F'FFFF'FFFF'F000;
}  // namespace cr3

// Vol. 3A 2.5. Setting a bit that CPUID does not announce raises #GP.
namespace cr4 {
inline constexpr uint64_t kTimeStampDisable = uint64_t{1} << 2;  // of RDTSC to user mode
inline constexpr uint64_t kPageSizeExtensions = uint64_t{1} << 4;
inline constexpr uint64_t kPhysicalAddressExtension = uint64_t{1} << 5;
inline constexpr uint64_t kMachineCheck = uint64_t{1} << 6;
inline constexpr uint64_t kPageGlobal = uint64_t{1} << 7;
inline constexpr uint64_t kPerformanceCounters = uint64_t{1} << 8;             // RDPMC to user mode
inline constexpr uint64_t kFxsave = uint64_t{1} << 9;                          // OSFXSR
inline constexpr uint64_t kSimdExceptions = uint64_t{1} << 10;                 // OSXMMEXCPT
inline constexpr uint64_t kUserModeInstructionPrevention = uint64_t{1} << 11;  // UMIP
inline constexpr uint64_t kFiveLevelPaging = uint64_t{1} << 12;                // LA57
inline constexpr uint64_t kFsGsBase = uint64_t{1} << 16;
inline constexpr uint64_t kProcessContextIds = uint64_t{1} << 17;
inline constexpr uint64_t kXsave = uint64_t{1} << 18;                          // OSXSAVE
inline constexpr uint64_t kSupervisorExecutionPrevention = uint64_t{1} << 20;  // SMEP
inline constexpr uint64_t kSupervisorAccessPrevention = uint64_t{1} << 21;     // SMAP
inline constexpr uint64_t kProtectionKeys = uint64_t{1} << 22;
}  // namespace cr4

// Vol. 3A 2.2.1.
namespace efer {
inline constexpr uint32_t kIndex = 0xC000'0080;
inline constexpr uint64_t kSystemCall = uint64_t{1} << 0;
inline constexpr uint64_t kLongModeEnable = uint64_t{1} << 8;
inline constexpr uint64_t kLongModeActive = uint64_t{1} << 10;
inline constexpr uint64_t kNoExecuteEnable = uint64_t{1} << 11;
}  // namespace efer

// System calls and segment bases: vol. 3A 5.8.8, 3.4.4; vol. 4 table 2-2.
namespace msr {
inline constexpr uint32_t kSysenterCodeSelector = 0x174;
inline constexpr uint32_t kSystemCallSelectors = 0xC000'0081;  // STAR
inline constexpr uint32_t kSystemCallEntry = 0xC000'0082;      // LSTAR
inline constexpr uint32_t kSystemCallMask = 0xC000'0084;       // FMASK
inline constexpr uint32_t kFsBase = 0xC000'0100;
inline constexpr uint32_t kGsBase = 0xC000'0101;
}  // namespace msr

// Vol. 1 13.1, 13.3: what XSAVE saves, as bits of XCR0 and of a saved area's header.
namespace xcr0 {
inline constexpr uint32_t kIndex = 0;
inline constexpr uint64_t kX87 = uint64_t{1} << 0;
inline constexpr uint64_t kSse = uint64_t{1} << 1;
inline constexpr uint64_t kAvx = uint64_t{1} << 2;
inline constexpr uint64_t kAvx512 = uint64_t{0b111} << 5;  // three components, all or none
}  // namespace xcr0

// Vol. 1 3.4.3, vol. 3A 2.3.
namespace rflags {
inline constexpr uint64_t kCarry = uint64_t{1} << 0;
inline constexpr uint64_t kAlwaysOne = uint64_t{1} << 1;
inline constexpr uint64_t kParity = uint64_t{1} << 2;
inline constexpr uint64_t kAuxiliaryCarry = uint64_t{1} << 4;
inline constexpr uint64_t kZero = uint64_t{1} << 6;
inline constexpr uint64_t kSign = uint64_t{1} << 7;
inline constexpr uint64_t kTrap = uint64_t{1} << 8;
inline constexpr uint64_t kInterruptEnable = uint64_t{1} << 9;
inline constexpr uint64_t kDirection = uint64_t{1} << 10;
inline constexpr uint64_t kOverflow = uint64_t{1} << 11;
inline constexpr uint64_t kPortPrivilege = uint64_t{0b11} << 12;  // IOPL
inline constexpr uint64_t kNestedTask = uint64_t{1} << 14;
inline constexpr uint64_t kResume = uint64_t{1} << 16;
inline constexpr uint64_t kAlignmentCheck = uint64_t{1} << 18;  // with SMAP: user pages are open
}  // namespace rflags

// Vol. 2A, CPUID: table 3-8 and figures 3-7, 3-8.
namespace cpuid {
inline constexpr uint32_t kHighestBasicLeaf = 0x0;

inline constexpr uint32_t kFeatureLeaf = 0x1;
namespace feature_ecx {
inline constexpr uint32_t kXsave = uint32_t{1} << 26;
inline constexpr uint32_t kProcessContextIds = uint32_t{1} << 17;
inline constexpr uint32_t kX2Apic = uint32_t{1} << 21;
inline constexpr uint32_t kTscDeadline = uint32_t{1} << 24;
inline constexpr uint32_t kRandom = uint32_t{1} << 30;
inline constexpr uint32_t kHypervisor = uint32_t{1} << 31;
}  // namespace feature_ecx
namespace feature_edx {
inline constexpr uint32_t kTimeStampCounter = uint32_t{1} << 4;
inline constexpr uint32_t kModelSpecificRegisters = uint32_t{1} << 5;
inline constexpr uint32_t kPhysicalAddressExtension = uint32_t{1} << 6;
inline constexpr uint32_t kApic = uint32_t{1} << 9;
inline constexpr uint32_t kSysenter = uint32_t{1} << 11;
inline constexpr uint32_t kPageGlobal = uint32_t{1} << 13;
inline constexpr uint32_t kPageAttributeTable = uint32_t{1} << 16;
inline constexpr uint32_t kFxsave = uint32_t{1} << 24;
}  // namespace feature_edx

inline constexpr uint32_t kStructuredLeaf = 0x7;  // subleaf 0
namespace structured_ebx {
inline constexpr uint32_t kFsGsBase = uint32_t{1} << 0;
inline constexpr uint32_t kSupervisorExecutionPrevention = uint32_t{1} << 7;
inline constexpr uint32_t kEnhancedRepMovsb = uint32_t{1} << 9;
inline constexpr uint32_t kInvpcid = uint32_t{1} << 10;
inline constexpr uint32_t kSupervisorAccessPrevention = uint32_t{1} << 20;
}  // namespace structured_ebx
namespace structured_ecx {
inline constexpr uint32_t kUserModeInstructionPrevention = uint32_t{1} << 2;
inline constexpr uint32_t kProtectionKeys = uint32_t{1} << 3;
inline constexpr uint32_t kFiveLevelPaging = uint32_t{1} << 16;
}  // namespace structured_ecx

// Subleaf 0: EDX:EAX: the bits that XCR0 may have; EBX: bytes that XSAVE needs with those that it
// has.
inline constexpr uint32_t kXsaveLeaf = 0xD;

inline constexpr uint32_t kHighestExtendedLeaf = 0x8000'0000;
inline constexpr uint32_t kExtendedFeatureLeaf = 0x8000'0001;
namespace extended_edx {
inline constexpr uint32_t kSystemCall = uint32_t{1} << 11;
inline constexpr uint32_t kNoExecute = uint32_t{1} << 20;
inline constexpr uint32_t kGigabytePages = uint32_t{1} << 26;
inline constexpr uint32_t kReadTscp = uint32_t{1} << 27;
inline constexpr uint32_t kLongMode = uint32_t{1} << 29;
}  // namespace extended_edx

// The processor's name, 16 characters a leaf.
inline constexpr uint32_t kFirstNameLeaf = 0x8000'0002;
inline constexpr uint32_t kLastNameLeaf = 0x8000'0004;

inline constexpr uint32_t kPowerLeaf = 0x8000'0007;
namespace power_edx {
inline constexpr uint32_t kInvariantTsc = uint32_t{1} << 8;
}  // namespace power_edx

// EAX: bits 7:0 physical, bits 15:8 linear address bits.
inline constexpr uint32_t kAddressSizeLeaf = 0x8000'0008;
}  // namespace cpuid

}  // namespace arch::x86_64
