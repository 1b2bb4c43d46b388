// What both table formats of ARMv7-A share: access permissions and memory attributes. Sections are
// of the ARM Architecture Reference Manual ARMv7-A (DDI 0406C).
#pragma once

#include <cstdint>

#include "tools/layoutcheck/bits.h"
#include "tools/layoutcheck/machine.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck::arm {

// SCTLR, B4.1.130.
inline constexpr unsigned kSctlrMmuEnable = 0;
inline constexpr unsigned kSctlrWriteExecuteNever = 19;      // WXN
inline constexpr unsigned kSctlrUserWriteExecuteNever = 20;  // UWXN
inline constexpr unsigned kSctlrTexRemap = 28;               // TRE
inline constexpr unsigned kSctlrAccessFlag = 29;             // AFE

// TTBCR, B4.1.153.
inline constexpr unsigned kTtbcrLongDescriptors = 31;  // EAE

// ID_MMFR0.VMSA, B4.1.89: 4 adds PXN, 5 long descriptors.
[[nodiscard]] constexpr bool HasPrivilegedExecuteNever(const ArmRegisters& registers) {
  constexpr uint64_t kWithPxn = 4;
  return Field(registers.id_mmfr0, 3, 0) >= kWithPxn;
}

enum class Never : uint8_t { kNo, kYes };

struct ReadWrite {
  Rights user;
  Rights kernel;
};

// AP[2:1] alone, table B3-9 and (long descriptors) B3-11.
[[nodiscard]] constexpr ReadWrite DecodeTwoBits(uint64_t ap21) {
  constexpr Rights kReadWrite = Rights::kRead | Rights::kWrite;
  constexpr uint64_t kReadOnly = 0b10;
  constexpr uint64_t kUser = 0b01;
  const Rights kernel = (ap21 & kReadOnly) != 0 ? Rights::kRead : kReadWrite;
  return {.user = (ap21 & kUser) != 0 ? kernel : Rights::kNone, .kernel = kernel};
}

// Adds execution to `data` (B3.7.2: a page that may not be read is not executed).
[[nodiscard]] constexpr Attributes AddExecution(const ArmRegisters& registers, ReadWrite data,
                                                Never execute, Never privileged_execute) {
  const bool write_execute_never = registers.virtualization == Extension::kPresent &&
                                   IsSet(registers.sctlr, kSctlrWriteExecuteNever);
  const bool user_write_execute_never = registers.virtualization == Extension::kPresent &&
                                        IsSet(registers.sctlr, kSctlrUserWriteExecuteNever);
  const auto may_execute = [&](Rights rights) {
    if (execute == Never::kYes || !Has(rights, Rights::kRead)) return false;
    return !(write_execute_never && Has(rights, Rights::kWrite));
  };
  const bool kernel_barred = privileged_execute == Never::kYes ||
                             (user_write_execute_never && Has(data.user, Rights::kWrite));
  Attributes attributes = {.user = data.user, .kernel = data.kernel};
  if (may_execute(data.user)) attributes.user = data.user | Rights::kExecute;
  if (may_execute(data.kernel) && !kernel_barred) {
    attributes.kernel = data.kernel | Rights::kExecute;
  }
  return attributes;
}

}  // namespace layoutcheck::arm
