// A page fault in words every architecture shares; arch/<a>/facts/exceptions.h decodes into it.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/mm/facts/address.h"

namespace mm {

enum class AccessKind : uint8_t { kRead, kWrite, kExecute };

enum class FaultCause : uint8_t {
  kNotMapped,   // no translation for the address
  kPermission,  // a translation that does not grant this access
  kAlignment,   // refused before translation
  kOther,       // broken tables, bus errors, debug events: never resolved by paging
};

enum class Privilege : uint8_t { kKernel, kUser };

struct FaultInfo {
  VirtAddr va;  // the address the instruction asked for
  AccessKind access;
  FaultCause cause;
  Privilege privilege;  // who asked

  friend constexpr bool operator==(const FaultInfo&, const FaultInfo&) = default;
};

constexpr std::string_view AccessKindName(AccessKind access) {
  switch (access) {
    case AccessKind::kRead:
      return "read";
    case AccessKind::kWrite:
      return "write";
    case AccessKind::kExecute:
      return "execute";
  }
  return "access";
}

constexpr std::string_view FaultCauseName(FaultCause cause) {
  switch (cause) {
    case FaultCause::kNotMapped:
      return "not mapped";
    case FaultCause::kPermission:
      return "not permitted";
    case FaultCause::kAlignment:
      return "misaligned";
    case FaultCause::kOther:
      return "hardware error";
  }
  return "unknown cause";
}

}  // namespace mm
