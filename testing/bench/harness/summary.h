// Summary: what is kept of one figure's rounds.
#pragma once

#include <vector>

namespace bench {

struct Summary {
  double median = 0;
  double low = 0;
  double high = 0;
};

// Of an even count the median is the mean of the middle two; of nothing, all is 0.
[[nodiscard]] Summary Summarise(std::vector<double> values);

}  // namespace bench
