// What the memory of all processes together is made of, for /proc/meminfo and /proc/vmstat.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/process/system.h"

namespace process {

struct MemoryTotals {
  mm::PageCount anonymous{};     // frames that pages of processes show, each once
  mm::PageCount object_pages{};  // the same of files' and shared memory's
  mm::PageCount locked{};
  // What private memory that may be written could come to at most.
  mm::PageCount committed{};
  uint64_t minor_faults = 0;  // since start-up, of ended processes too
};

// A look at every page. O(processes and their pages).
[[nodiscard]] MemoryTotals MeasureAllMemory(System& system);

}  // namespace process
