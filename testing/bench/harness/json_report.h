// The results as JSON, for programs.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "testing/bench/harness/results.h"
#include "testing/bench/harness/verdict.h"

namespace bench {

// {"workloads": [...], "goals": [...]}; what has no value is null.
[[nodiscard]] std::string JsonReport(const std::vector<WorkloadResult>& results,
                                     const std::vector<Verdict>& verdicts);

// `text` as a JSON string, quotes included.
[[nodiscard]] std::string JsonString(std::string_view text);

}  // namespace bench
