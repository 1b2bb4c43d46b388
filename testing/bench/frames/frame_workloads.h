// Workloads of the page frame allocator: the rows of "Page frames", and its start on simulated
// machines.
#pragma once

#include <vector>

#include "testing/bench/workload.h"

namespace bench {

void AddFrameWorkloads(std::vector<Workload>& workloads);

}  // namespace bench
