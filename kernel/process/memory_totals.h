// What the memory of all processes together is made of, for /proc/meminfo and /proc/vmstat.
#pragma once

#include "kernel/fs/memory_source.h"
#include "kernel/process/system.h"

namespace process {

// A look at every page. O(processes and their pages).
[[nodiscard]] fs::MappedFacts MeasureAllMemory(System& system);

}  // namespace process
