// Random operations on a page table; see page_table_trial.h.
#pragma once

#include <cstdint>
#include <random>
#include <string>

#include "gtest/gtest.h"
#include "kernel/mm/tables/page_table_trial.h"

namespace mm {

class RandomChoices {
 public:
  explicit RandomChoices(uint64_t seed) : random_(seed) {}
  uint64_t Below(uint64_t limit) { return random_() % limit; }

 private:
  std::mt19937_64 random_;
};

// `trials` tables, each put through some operations, one in four with its allocations failing
// first. Many short trials find more than a long one, whose table is full most of the time.
template <class Machine>
void RunRandomPageTableTest(uint64_t seed, int trials) {
  using Trial = PageTableTrial<Machine, RandomChoices>;
  constexpr int kSteps = 50;
  SCOPED_TRACE("ATLAS_TEST_SEED=" + std::to_string(seed));
  FakeTableMemory none;
  none.Allow(0);
  const auto uncreated = Trial::Table::Create(Machine::kRoot, Machine::kFeatures, none);
  EXPECT_TRUE(!uncreated && uncreated.error() == base::Error::kOutOfMemory);
  RandomChoices choices(seed);
  for (int number = 0; number < trials; ++number) {
    SCOPED_TRACE("trial " + std::to_string(number));
    Trial trial(choices);
    for (int step = 0; step < kSteps; ++step) {
      SCOPED_TRACE("step " + std::to_string(step));
      const bool fails = choices.Below(4) == 0;
      trial.Step(fails ? Trial::Allocations::kFailInTurn : Trial::Allocations::kSucceed);
      if (testing::Test::HasFailure()) return;
    }
    trial.Finish();
  }
}

}  // namespace mm
