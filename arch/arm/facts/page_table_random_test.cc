// Page tables of ARMv7-A under random operations; see kernel/mm/tables/page_table_random.h.
#include "kernel/mm/tables/page_table_random.h"
#include "kernel/mm/test_seed.h"

#include "arch/arm/facts/trial_machine.h"
#include "gtest/gtest.h"

namespace arch::arm {
namespace {

constexpr int kTrials = 30;

TEST(ArmPageTableRandom, WholeFirstLevel) {
  mm::RunRandomPageTableTest<TrialMachine<0>>(mm::TestSeed(), kTrials);
}

TEST(ArmPageTableRandom, HalfFirstLevel) {
  mm::RunRandomPageTableTest<TrialMachine<1>>(mm::TestSeed(), kTrials);
}

TEST(ArmPageTableRandom, SmallestFirstLevel) {
  mm::RunRandomPageTableTest<TrialMachine<7>>(mm::TestSeed(), kTrials);
}

}  // namespace
}  // namespace arch::arm
