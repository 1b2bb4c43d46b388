// The goals as a picture.
#pragma once

#include <string>
#include <vector>

#include "testing/bench/harness/verdict.h"

namespace bench {

// An SVG document: a bar for each goal, as long as ours / reference, and a mark where the goal is.
[[nodiscard]] std::string ChartSvg(const std::vector<Verdict>& verdicts);

}  // namespace bench
