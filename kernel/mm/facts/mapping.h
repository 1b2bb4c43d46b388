// One stretch of live page tables, as a walk reports it.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"

namespace mm {

struct Mapping {
  VirtRange range;
  PhysAddr target;  // what range.base reaches; the rest follows in order
  PageAttributes attributes;
  uint64_t page_bytes = kPageSize;  // size of the pages that make it up
  uint64_t spare = 0;               // what PageTable::SetSpare() wrote

  friend constexpr bool operator==(const Mapping&, const Mapping&) = default;
};

}  // namespace mm
