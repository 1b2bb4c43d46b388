// The ranges of an address space: the index of kernel/mm beside search trees in use elsewhere.
#pragma once

#include <vector>

#include "testing/bench/workload.h"

namespace bench {

void AddRangeWorkloads(std::vector<Workload>& workloads);

}  // namespace bench
