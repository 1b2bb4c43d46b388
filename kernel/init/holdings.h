// What a trial must leave as it was.
#pragma once

#include <cstdint>

#include "kernel/init/system.h"
#include "kernel/mm/facts/address.h"

namespace kernel {

struct Holdings {
  uint64_t table_bytes;
  mm::PageCount free;

  friend bool operator==(const Holdings&, const Holdings&) = default;
};

Holdings HoldingsOf(const System& system);

}  // namespace kernel
