#include "tools/layoutcheck/mapping.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace layoutcheck {
namespace {

bool Continues(const Mapping& run, const Mapping& next) {
  return run.last().value + 1 == next.first.value && run.last() < next.first &&
         run.target + run.bytes == next.target && run.page_bytes == next.page_bytes &&
         run.attributes == next.attributes;
}

void Append(std::vector<Mapping>& runs, const Mapping& next) {
  if (runs.empty() || !Continues(runs.back(), next)) {
    runs.push_back(next);
    return;
  }
  runs.back().bytes += next.bytes;
  runs.back().entries += next.entries;
}

}  // namespace

void MappingCollector::Add(const Mapping& mapping) {
  if (!IsFull()) Append(runs_, mapping);
}

std::vector<Mapping> MappingCollector::TakeRuns() {
  std::ranges::sort(runs_, {}, &Mapping::first);
  std::vector<Mapping> merged;
  for (const Mapping& run : std::exchange(runs_, {})) Append(merged, run);
  return merged;
}

}  // namespace layoutcheck
