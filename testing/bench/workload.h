// What the benchmark measures: workloads, who runs each, and the goal of ours. Host only.
//
// A workload is one job done by several contenders. The runner (runner.h) lets them take turns,
// round by round, so that whatever else the machine does falls on all of them, and compares
// medians.

#pragma once

#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace bench {

// What one round measured.
struct Sample {
  double nanoseconds = 0;  // per operation; or the workload's own unit
  // More figures of the same round, such as bytes per range, by name: each gets a column.
  std::vector<std::pair<std::string, double>> extra = {};
};

struct Contender {
  enum Kind { kOurs, kPeer, kModel };

  std::string name;
  Kind kind = kOurs;
  // Sets up, times the inner part, tears down. All rounds of a contender run in one process, which
  // no other contender or workload uses: allocators start fresh, and resident memory is theirs.
  std::function<Sample()> round = nullptr;
  // Does the same job small and checks it; says what is wrong (overlap, alignment, contents), or
  // nothing.
  std::function<std::optional<std::string>()> verify = nullptr;
};

// What ours, the first contender of kind kOurs, is to reach. All figures are compared within one
// run.
struct Goal {
  enum Kind {
    kAtMost,       // ours <= factor * against
    kAtLeast,      // ours >= factor * against: figures where more is better
    kFlat,         // over the workload's family: ours at any size <= factor * ours at any other
    kLogarithmic,  // over the family: ours at size n grows by at most factor * log n / log smallest
  };

  double factor = 1;
  // A contender's name; "best peer", the best of all that are not ours; "limit", when `factor` is
  // the figure itself. Not read for kFlat and kLogarithmic.
  std::string against = "best peer";
  // Where the goal comes from, and the conversion when the reference's best peer is not in the run.
  std::string why = {};
  // Where ours misses it: why, and what was tried.
  std::string tried = {};
  Kind kind = kAtMost;
  // The figure of Sample::extra that the goal is about; empty: Sample::nanoseconds.
  std::string figure = {};
};

struct Workload {
  std::string group;  // "frames", "objects", ...
  std::string name;   // unique in its group
  std::string unit = "ns";
  std::vector<Contender> contenders = {};
  std::optional<Goal> goal = std::nullopt;
  // More goals of the same rounds, such as memory beside time.
  std::vector<Goal> more_goals = {};
  // Workloads of a group with the same family are one job at growing sizes. A kFlat or kLogarithmic
  // goal of any of them is about all.
  std::string family = {};
  double size = 0;
};

}  // namespace bench
