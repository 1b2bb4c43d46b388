// What a run found out: figures by contender, and whether the goals are met.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "testing/bench/harness/summary.h"
#include "testing/bench/workload.h"

namespace bench {

struct ContenderResult {
  std::string name;
  Contender::Kind kind = Contender::kOurs;
  Summary time;
  std::vector<std::pair<std::string, Summary>> extra;
  // What verify found, or how the contender ended; it has no figures then.
  std::optional<std::string> failure;

  // The summary of a figure (empty: the time), or nothing if this contender does not have it.
  [[nodiscard]] std::optional<Summary> Find(const std::string& figure) const;
};

// "ours", "peer" or "model".
[[nodiscard]] const char* KindName(Contender::Kind kind);

struct WorkloadResult {
  std::string group;
  std::string name;
  std::string unit;
  std::vector<ContenderResult> contenders;
  std::vector<Goal> goals;
  std::string family;
  double size = 0;
};

}  // namespace bench
