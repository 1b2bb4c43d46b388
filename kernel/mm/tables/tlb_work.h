// What processors must forget after page tables changed: a plain value, so that it can be applied
// here, sent to another processor, or counted by a test.
#pragma once

#include <cstdint>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace mm {

// The tag of an address space's translations in the TLB: ARM's ASID (8 bits), x86's PCID (12 bits).
// kEvery stands for all of them: the work of a table that every address space shares.
struct Asid {
  uint16_t value = 0;
  friend constexpr bool operator==(Asid, Asid) = default;
};
inline constexpr Asid kEveryAsid{0xFFFF};

// Pages side by side, all of `page_bytes`: one invalidation forgets one of them.
struct TlbStretch {
  VirtRange range;
  uint64_t page_bytes = kPageSize;

  friend constexpr bool operator==(const TlbStretch&, const TlbStretch&) = default;
};

enum class TlbReach : uint8_t {
  kNothing,
  kPages,         // the pages of `stretches`, global or of `asid`
  kAddressSpace,  // all of `asid` that is not global
  kEverything,    // all address spaces, global pages too
};

// In each case also what was cached on the way to the pages: pointers to tables.
struct TlbWork {
  TlbReach reach = TlbReach::kNothing;
  Asid asid = kEveryAsid;
  std::span<const TlbStretch> stretches = {};  // for kPages only; at least one
};

}  // namespace mm
