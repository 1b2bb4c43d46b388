#include "testing/bench/harness/runner.h"

#include <csignal>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"
#include "testing/bench/harness/round_process.h"

namespace bench {
namespace {

std::optional<std::string> Works() { return std::nullopt; }

// Its rounds take 1, 2, 3, ... ns.
Contender Counting(std::string name) {
  return {.name = std::move(name),
          .kind = Contender::kOurs,
          .round =
              [rounds = 0.0]() mutable {
                rounds += 1;
                return Sample{rounds, {{"bytes per range", rounds * 10}}};
              },
          .verify = Works};
}

Contender Crashing() {
  return {.name = "crashing",
          .kind = Contender::kPeer,
          .round = []() -> Sample {
            raise(SIGKILL);
            return {};
          },
          .verify = Works};
}

Contender Wrong() {
  return {.name = "wrong",
          .kind = Contender::kPeer,
          .round = [] { return Sample{1}; },
          .verify = [] { return std::optional<std::string>("two objects overlap"); }};
}

TEST(RoundProcess, KeepsItsStateBetweenRounds) {
  const Contender contender = Counting("a");
  RoundProcess process(contender);
  EXPECT_EQ(process.Verify(), std::nullopt);
  EXPECT_EQ(process.Round()->nanoseconds, 1);
  const auto second = process.Round();
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(second->nanoseconds, 2);
  EXPECT_EQ(second->extra, (std::vector<std::pair<std::string, double>>{{"bytes per range", 20}}));
  EXPECT_EQ(RoundProcess(contender).Round()->nanoseconds, 1);
}

TEST(RoundProcess, SurvivesACrash) {
  const Contender contender = Crashing();
  RoundProcess process(contender);
  const auto sample = process.Round();
  ASSERT_FALSE(sample.has_value());
  EXPECT_EQ(sample.error(), "ended by signal: Killed");
  EXPECT_FALSE(process.Round().has_value());
}

TEST(RoundProcess, SamplesTravelUnchanged) {
  const Sample sample{0.1, {{"a b", -3.25}, {"percent", 1e300}}};
  const auto decoded = DecodeSample(EncodeSample(sample));
  ASSERT_TRUE(decoded.has_value());
  EXPECT_EQ(decoded->nanoseconds, sample.nanoseconds);
  EXPECT_EQ(decoded->extra, sample.extra);
  EXPECT_FALSE(DecodeSample("").has_value());
  EXPECT_FALSE(DecodeSample("0x1p0\t\nrubbish").has_value());
}

TEST(Runner, LeavesWarmUpOut) {
  const std::vector<Workload> workloads = {
      {.group = "g", .name = "w", .contenders = {Counting("a"), Counting("b")}}};
  const auto results = Measure(workloads, {.rounds = 3, .warm_up_rounds = 1}, [](const auto&) {});
  ASSERT_EQ(results.size(), 1U);
  ASSERT_EQ(results[0].contenders.size(), 2U);
  for (const ContenderResult& contender : results[0].contenders) {
    EXPECT_EQ(contender.time.low, 2);
    EXPECT_EQ(contender.time.median, 3);
    EXPECT_EQ(contender.time.high, 4);
    EXPECT_EQ(contender.Find("bytes per range")->median, 30);
    EXPECT_EQ(contender.Find("colour"), std::nullopt);
  }
}

TEST(Runner, FailuresAreResults) {
  const std::vector<Workload> workloads = {
      {.group = "g", .name = "w", .contenders = {Wrong(), Counting("a"), Crashing()}}};
  const auto results = Measure(workloads, {.rounds = 2, .warm_up_rounds = 0}, [](const auto&) {});
  ASSERT_EQ(results[0].contenders.size(), 3U);
  EXPECT_EQ(results[0].contenders[0].failure, "two objects overlap");
  EXPECT_EQ(results[0].contenders[1].failure, std::nullopt);
  EXPECT_EQ(results[0].contenders[2].failure, "ended by signal: Killed");
  EXPECT_EQ(results[0].contenders[2].Find(""), std::nullopt);
}

TEST(Runner, VerifyNamesFailures) {
  const std::vector<Workload> workloads = {
      {.group = "g", .name = "w", .contenders = {Wrong(), Counting("a")}}};
  EXPECT_EQ(Verify(workloads, [](const auto&) {}),
            std::vector<std::string>{"g/w, wrong: two objects overlap"});
}

}  // namespace
}  // namespace bench
