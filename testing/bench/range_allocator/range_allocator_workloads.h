// The range allocator: how its cost grows with the number of ranges, and what it saves over
// searching the page tables.
#pragma once

#include <vector>

#include "testing/bench/workload.h"

namespace bench {

void AddRangeAllocatorWorkloads(std::vector<Workload>& workloads);

}  // namespace bench
