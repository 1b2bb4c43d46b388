// What the processor says about an exception. Intel SDM vol. 3A 6.15 (vectors), 4.7 (page faults).
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "kernel/mm/facts/fault_info.h"

namespace arch::x86_64 {

inline constexpr uint8_t kDivideErrorVector = 0;
inline constexpr uint8_t kDebugVector = 1;
inline constexpr uint8_t kNmiVector = 2;
inline constexpr uint8_t kBreakpointVector = 3;
inline constexpr uint8_t kInvalidOpcodeVector = 6;
inline constexpr uint8_t kDoubleFaultVector = 8;
inline constexpr uint8_t kSegmentNotPresentVector = 11;
inline constexpr uint8_t kStackSegmentVector = 12;
inline constexpr uint8_t kGeneralProtectionVector = 13;
inline constexpr uint8_t kPageFaultVector = 14;
inline constexpr uint8_t kX87Vector = 16;
inline constexpr uint8_t kAlignmentCheckVector = 17;
inline constexpr uint8_t kMachineCheckVector = 18;
inline constexpr uint8_t kSimdVector = 19;
inline constexpr unsigned kExceptionVectorCount = 32;

// Figure 4-12.
namespace page_fault {
inline constexpr uint64_t kProtection = uint64_t{1} << 0;  // clear: a level was not present
inline constexpr uint64_t kWrite = uint64_t{1} << 1;
inline constexpr uint64_t kUser = uint64_t{1} << 2;
inline constexpr uint64_t kReservedBit = uint64_t{1} << 3;
inline constexpr uint64_t kInstructionFetch = uint64_t{1} << 4;
inline constexpr uint64_t kProtectionKey = uint64_t{1} << 5;
inline constexpr uint64_t kShadowStack = uint64_t{1} << 6;
inline constexpr uint64_t kSoftwareGuard = uint64_t{1} << 15;
}  // namespace page_fault

// `error_code` as pushed for vector 14, `va` from CR2.
constexpr mm::FaultInfo DecodePageFault(uint64_t error_code, mm::VirtAddr va) {
  using namespace page_fault;
  const auto has = [error_code](uint64_t bit) { return (error_code & bit) != 0; };
  mm::FaultCause cause = mm::FaultCause::kPermission;
  if (has(kReservedBit) || has(kSoftwareGuard)) {
    cause = mm::FaultCause::kOther;
  } else if (!has(kProtection)) {
    cause = mm::FaultCause::kNotMapped;
  }
  mm::AccessKind access = mm::AccessKind::kRead;
  if (has(kInstructionFetch)) {
    access = mm::AccessKind::kExecute;
  } else if (has(kWrite)) {
    access = mm::AccessKind::kWrite;
  }
  return {.va = va,
          .access = access,
          .cause = cause,
          .privilege = has(kUser) ? mm::Privilege::kUser : mm::Privilege::kKernel};
}

// Table 6-1.
constexpr std::string_view ExceptionName(uint8_t vector) {
  constexpr std::array<std::string_view, 22> kNames = {
      "divide error",
      "debug exception",
      "non-maskable interrupt",
      "breakpoint",
      "overflow",
      "BOUND range exceeded",
      "invalid opcode",
      "device not available",
      "double fault",
      "coprocessor segment overrun",
      "invalid TSS",
      "segment not present",
      "stack-segment fault",
      "general protection",
      "page fault",
      "reserved exception",
      "x87 floating-point error",
      "alignment check",
      "machine check",
      "SIMD floating-point exception",
      "virtualization exception",
      "control protection exception",
  };
  if (vector < kNames.size()) return kNames[vector];
  return vector < kExceptionVectorCount ? "reserved exception" : "interrupt";
}

// Whether the processor pushes an error code for this vector, vol. 3A 6.3.1 and 6.15.
constexpr bool HasErrorCode(uint8_t vector) {
  constexpr uint32_t kVectors = 0x0022'7D00;  // 8, 10-14, 17, 21
  return vector < kExceptionVectorCount && (kVectors >> vector & 1) != 0;
}

}  // namespace arch::x86_64
