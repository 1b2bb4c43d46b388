#include "testing/bench/harness/verdict.h"

#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace bench {
namespace {

ContenderResult Figures(std::string name, Contender::Kind kind, double time, double bytes) {
  return {.name = std::move(name),
          .kind = kind,
          .time = {time, time, time},
          .extra = {{"bytes", {bytes, bytes, bytes}}},
          .failure = {}};
}

WorkloadResult Pair(const Goal& goal) {
  return {.group = "objects",
          .name = "pair",
          .unit = "ns",
          .contenders = {Figures("atlas", Contender::kOurs, 4, 30),
                         Figures("quick", Contender::kPeer, 5, 60),
                         Figures("small", Contender::kModel, 8, 20),
                         {.name = "broken",
                          .kind = Contender::kPeer,
                          .time = {1, 1, 1},
                          .extra = {},
                          .failure = "overlap"}},
          .goals = {goal},
          .family = {},
          .size = 0};
}

TEST(Verdict, OfOneWorkload) {
  const struct {
    Goal goal;
    const char* against;
    double reference;
    double ratio;
    Verdict::State state;
  } kRows[] = {
      {{.factor = 0.8}, "quick", 5, 0.8, Verdict::kMet},
      {{.factor = 0.79}, "quick", 5, 0.8, Verdict::kMissed},
      {{.factor = 0.5, .against = "small"}, "small", 8, 0.5, Verdict::kMet},
      {{.factor = 3, .against = "limit"}, "limit", 3, 4.0 / 3, Verdict::kMissed},
      {{.factor = 1, .figure = "bytes"}, "small", 20, 1.5, Verdict::kMissed},
      {{.factor = 0.5, .kind = Goal::kAtLeast, .figure = "bytes"}, "quick", 60, 0.5, Verdict::kMet},
      {{.factor = 31, .against = "limit", .kind = Goal::kAtLeast, .figure = "bytes"},
       "limit",
       31,
       30.0 / 31,
       Verdict::kMissed},
      {{.factor = 1, .against = "nobody"}, "nobody", 0, 0, Verdict::kUnknown},
      {{.factor = 1, .against = "broken"}, "broken", 0, 0, Verdict::kUnknown},
      {{.factor = 1, .figure = "colour"}, "best peer", 0, 0, Verdict::kUnknown},
  };
  for (const auto& row : kRows) {
    const auto verdicts = Judge({Pair(row.goal)});
    ASSERT_EQ(verdicts.size(), 1U);
    const Verdict& verdict = verdicts[0];
    EXPECT_EQ(verdict.against, row.against);
    EXPECT_DOUBLE_EQ(verdict.reference, row.reference);
    EXPECT_DOUBLE_EQ(verdict.ratio, row.ratio);
    EXPECT_EQ(verdict.state, row.state) << row.against << " " << row.goal.factor;
  }
}

std::vector<WorkloadResult> Family(const Goal& goal, const std::vector<double>& times) {
  std::vector<WorkloadResult> results;
  double size = 10;
  for (const double time : times) {
    results.push_back({.group = "ranges",
                       .name = "find " + std::to_string(size),
                       .unit = "ns",
                       .contenders = {Figures("atlas", Contender::kOurs, time, 1)},
                       .goals = {},
                       .family = "find",
                       .size = size});
    size *= 10;
  }
  results.back().goals = {goal};
  return results;
}

TEST(Verdict, OfAFamily) {
  const struct {
    Goal goal;
    std::vector<double> times;
    double ratio;
    Verdict::State state;
  } kRows[] = {
      {{.factor = 2, .kind = Goal::kFlat}, {10, 8, 16}, 2, Verdict::kMet},
      {{.factor = 1.9, .kind = Goal::kFlat}, {16, 8, 10}, 2, Verdict::kMissed},
      {{.factor = 1.01, .kind = Goal::kLogarithmic}, {10, 20, 30}, 1, Verdict::kMet},
      {{.factor = 1.01, .kind = Goal::kLogarithmic}, {10, 5, 3}, 0.25, Verdict::kMet},
      {{.factor = 1, .kind = Goal::kLogarithmic}, {0.7, 0.35, 0.21}, 0.25, Verdict::kMet},
      {{.factor = 1.2, .kind = Goal::kLogarithmic}, {10, 30, 30}, 1.5, Verdict::kMissed},
      {{.factor = 1, .kind = Goal::kLogarithmic}, {10}, 0, Verdict::kUnknown},
  };
  for (const auto& row : kRows) {
    const auto verdicts = Judge(Family(row.goal, row.times));
    ASSERT_EQ(verdicts.size(), 1U);
    EXPECT_EQ(verdicts[0].workload, "ranges/find");
    EXPECT_NEAR(verdicts[0].ratio, row.ratio, 1e-9);
    EXPECT_EQ(verdicts[0].state, row.state);
  }
}

}  // namespace
}  // namespace bench
