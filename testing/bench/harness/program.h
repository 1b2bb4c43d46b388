// A benchmark program: everything but its workloads.
#pragma once

#include <span>
#include <vector>

#include "testing/bench/workload.h"

namespace bench {

// Does what the command line asks (see options.h) with `workloads`. Returns the exit status.
[[nodiscard]] int RunProgram(std::span<const char* const> arguments,
                             std::vector<Workload> workloads);

}  // namespace bench
