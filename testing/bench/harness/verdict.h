// Verdict: one goal beside what was measured.
#pragma once

#include <string>
#include <vector>

#include "testing/bench/harness/results.h"

namespace bench {

struct Verdict {
  enum State { kMet, kMissed, kUnknown };  // unknown: a figure it needs is not there

  std::string workload;  // "group/name", and the figure if it is not the time
  std::string unit;
  std::string against;  // the contender compared with; "limit"; what a family is held to
  Goal::Kind kind = Goal::kAtMost;
  double ours = 0;
  double reference = 0;
  double ratio = 0;   // ours / reference
  double factor = 0;  // what `ratio` is to be at most (or at least)
  State state = kUnknown;
  std::string why;    // the goal's
  std::string tried;  // the goal's
};

// The verdicts of all goals, in the order of the workloads.
[[nodiscard]] std::vector<Verdict> Judge(const std::vector<WorkloadResult>& results);

[[nodiscard]] const char* StateName(Verdict::State state);

}  // namespace bench
