// Slab caches and the kernel heap beside malloc.
#pragma once

#include <vector>

#include "testing/bench/workload.h"

namespace bench {

void AddObjectWorkloads(std::vector<Workload>& workloads);

}  // namespace bench
