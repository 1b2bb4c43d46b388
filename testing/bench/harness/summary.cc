#include "testing/bench/harness/summary.h"

#include <algorithm>
#include <cstddef>

namespace bench {

Summary Summarise(std::vector<double> values) {
  if (values.empty()) {
    return {};
  }
  std::ranges::sort(values);
  const size_t upper = values.size() / 2;
  const size_t lower = (values.size() - 1) / 2;
  return {
      .median = (values[lower] + values[upper]) / 2, .low = values.front(), .high = values.back()};
}

}  // namespace bench
