#include "testing/bench/harness/summary.h"

#include <vector>

#include "gtest/gtest.h"

namespace bench {
namespace {

TEST(Summary, OfRounds) {
  const struct {
    std::vector<double> values;
    Summary summary;
  } kRows[] = {
      {{}, {0, 0, 0}},
      {{7}, {7, 7, 7}},
      {{3, 1}, {2, 1, 3}},
      {{9, 1, 2}, {2, 1, 9}},
      {{4, 100, 2, 8}, {6, 2, 100}},
  };
  for (const auto& row : kRows) {
    const Summary summary = Summarise(row.values);
    EXPECT_EQ(summary.median, row.summary.median);
    EXPECT_EQ(summary.low, row.summary.low);
    EXPECT_EQ(summary.high, row.summary.high);
  }
}

}  // namespace
}  // namespace bench
