// The results as text for people.
#pragma once

#include <string>
#include <vector>

#include "testing/bench/harness/results.h"
#include "testing/bench/harness/verdict.h"

namespace bench {

// All figures: a block for each workload, each contender's time as a multiple of ours.
[[nodiscard]] std::string FiguresText(const std::vector<WorkloadResult>& results);

// One line for each goal, and how many are met.
[[nodiscard]] std::string VerdictsText(const std::vector<Verdict>& verdicts);

}  // namespace bench
