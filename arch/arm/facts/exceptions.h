// What the processor says about an exception. ARM DDI 0406C B1.8 (exceptions), B3.13 (fault status
// with short descriptors: table B3-23, DFSR B4.1.52, IFSR B4.1.96).
#pragma once

#include <cstdint>
#include <string_view>

#include "arch/arm/facts/registers.h"
#include "kernel/mm/facts/fault_info.h"

namespace arch::arm {

// The eight words of the vector table, table B1-3.
enum class Vector : uint8_t {
  kReset,
  kUndefinedInstruction,
  kSupervisorCall,
  kPrefetchAbort,
  kDataAbort,
  kHypTrap,
  kIrq,
  kFiq,
};

constexpr std::string_view VectorName(Vector vector) {
  switch (vector) {
    case Vector::kReset:
      return "reset";
    case Vector::kUndefinedInstruction:
      return "undefined instruction";
    case Vector::kSupervisorCall:
      return "supervisor call";
    case Vector::kPrefetchAbort:
      return "prefetch abort";
    case Vector::kDataAbort:
      return "data abort";
    case Vector::kHypTrap:
      return "hyp trap";
    case Vector::kIrq:
      return "IRQ";
    case Vector::kFiq:
      return "FIQ";
  }
  return "unknown vector";
}

// Bits of DFSR and IFSR.
namespace fault_status {
inline constexpr uint32_t kLowMask = 0xF;                    // FS[3:0]
inline constexpr uint32_t kHigh = uint32_t{1} << 10;         // FS[4]
inline constexpr uint32_t kWrite = uint32_t{1} << 11;        // WnR, DFSR only
inline constexpr uint32_t kMaintenance = uint32_t{1} << 13;  // CM, DFSR only
}  // namespace fault_status

// FS[4:0], table B3-23.
enum class FaultStatus : uint8_t {
  kAlignment = 0b00001,
  kDebugEvent = 0b00010,
  kAccessFlagSection = 0b00011,
  kCacheMaintenance = 0b00100,
  kTranslationSection = 0b00101,
  kAccessFlagPage = 0b00110,
  kTranslationPage = 0b00111,
  kExternalAbort = 0b01000,
  kDomainSection = 0b01001,
  kDomainPage = 0b01011,
  kWalkAbortFirstLevel = 0b01100,
  kPermissionSection = 0b01101,
  kWalkAbortSecondLevel = 0b01110,
  kPermissionPage = 0b01111,
  kTlbConflict = 0b10000,
  kLockdown = 0b10100,
  kAsynchronousAbort = 0b10110,
  kAsynchronousParity = 0b11000,
  kParity = 0b11001,
  kCoprocessorAbort = 0b11010,
  kWalkParityFirstLevel = 0b11100,
  kWalkParitySecondLevel = 0b11110,
};

constexpr FaultStatus StatusOf(uint32_t fsr) {
  const uint32_t high = (fsr & fault_status::kHigh) != 0 ? 0x10 : 0;
  return static_cast<FaultStatus>(high | (fsr & fault_status::kLowMask));
}

constexpr std::string_view FaultStatusName(FaultStatus status) {
  switch (status) {
    case FaultStatus::kAlignment:
      return "alignment fault";
    case FaultStatus::kDebugEvent:
      return "debug event";
    case FaultStatus::kAccessFlagSection:
    case FaultStatus::kAccessFlagPage:
      return "access flag fault";
    case FaultStatus::kCacheMaintenance:
      return "instruction cache maintenance fault";
    case FaultStatus::kTranslationSection:
    case FaultStatus::kTranslationPage:
      return "translation fault";
    case FaultStatus::kExternalAbort:
      return "synchronous external abort";
    case FaultStatus::kDomainSection:
    case FaultStatus::kDomainPage:
      return "domain fault";
    case FaultStatus::kPermissionSection:
    case FaultStatus::kPermissionPage:
      return "permission fault";
    case FaultStatus::kWalkAbortFirstLevel:
    case FaultStatus::kWalkAbortSecondLevel:
      return "external abort on a table walk";
    case FaultStatus::kTlbConflict:
      return "TLB conflict";
    case FaultStatus::kLockdown:
      return "lockdown fault";
    case FaultStatus::kAsynchronousAbort:
      return "asynchronous external abort";
    case FaultStatus::kAsynchronousParity:
    case FaultStatus::kParity:
      return "parity error";
    case FaultStatus::kCoprocessorAbort:
      return "coprocessor abort";
    case FaultStatus::kWalkParityFirstLevel:
    case FaultStatus::kWalkParitySecondLevel:
      return "parity error on a table walk";
  }
  return "unknown fault status";
}

constexpr mm::FaultCause CauseOf(FaultStatus status) {
  switch (status) {
    case FaultStatus::kTranslationSection:
    case FaultStatus::kTranslationPage:
      return mm::FaultCause::kNotMapped;
    case FaultStatus::kPermissionSection:
    case FaultStatus::kPermissionPage:
    case FaultStatus::kDomainSection:
    case FaultStatus::kDomainPage:
      return mm::FaultCause::kPermission;
    case FaultStatus::kAlignment:
      return mm::FaultCause::kAlignment;
    default:
      return mm::FaultCause::kOther;
  }
}

// The mode that was interrupted decides who asked.
constexpr mm::Privilege PrivilegeOf(uint32_t spsr) {
  return (spsr & psr::kModeMask) == psr::kUser ? mm::Privilege::kUser : mm::Privilege::kKernel;
}

// `va` from DFAR. Cache maintenance sets WnR whatever it does (B4.1.52) and only reads.
constexpr mm::FaultInfo DecodeDataAbort(uint32_t dfsr, mm::VirtAddr va, uint32_t spsr) {
  const bool writes =
      (dfsr & fault_status::kWrite) != 0 && (dfsr & fault_status::kMaintenance) == 0;
  return {.va = va,
          .access = writes ? mm::AccessKind::kWrite : mm::AccessKind::kRead,
          .cause = CauseOf(StatusOf(dfsr)),
          .privilege = PrivilegeOf(spsr)};
}

// `va` from IFAR.
constexpr mm::FaultInfo DecodePrefetchAbort(uint32_t ifsr, mm::VirtAddr va, uint32_t spsr) {
  return {.va = va,
          .access = mm::AccessKind::kExecute,
          .cause = CauseOf(StatusOf(ifsr)),
          .privilege = PrivilegeOf(spsr)};
}

}  // namespace arch::arm
