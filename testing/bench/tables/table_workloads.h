// Page tables: what walking and changing them costs, and how big they are beside a list.
#pragma once

#include <vector>

#include "testing/bench/workload.h"

namespace bench {

void AddTableWorkloads(std::vector<Workload>& workloads);

}  // namespace bench
