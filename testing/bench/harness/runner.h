// Runs workloads: contenders take turns, so that what else the machine does falls on all of them.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "testing/bench/harness/results.h"
#include "testing/bench/workload.h"

namespace bench {

// Told of what is going on, for example "objects/pair: round 2 of 7".
using Progress = std::function<void(const std::string&)>;

struct RunSettings {
  int rounds = 7;
  int warm_up_rounds = 1;  // run and not counted
};

// Verifies every contender, then measures those that work. A contender that fails has a failure
// instead of figures.
[[nodiscard]] std::vector<WorkloadResult> Measure(const std::vector<Workload>& workloads,
                                                  const RunSettings& settings,
                                                  const Progress& progress);

// Only verifies: the failures, "group/name, contender: what is wrong".
[[nodiscard]] std::vector<std::string> Verify(const std::vector<Workload>& workloads,
                                              const Progress& progress);

// Keeps this process, and those it starts, on the processor it is on. Returns false if the system
// does not let it.
bool StayOnOneProcessor();

}  // namespace bench
