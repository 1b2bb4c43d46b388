// Address spaces in the page tables of ARMv7-A under random operations; see user_pages_random.h.
#include "kernel/mm/tables/user_pages_random.h"
#include "arch/arm/facts/trial_machine.h"
#include "arch/arm/facts/user_pages_machine.h"
#include "gtest/gtest.h"
#include "kernel/mm/test_seed.h"

namespace arch::arm {
namespace {

constexpr int kTrials = 25;

TEST(ArmUserPagesRandom, KernelBelow) {
  mm::RunRandomUserPagesTest<BelowMachine, TrialMachine<7>>(mm::TestSeed(), kTrials);
}

TEST(ArmUserPagesRandom, KernelAbove) {
  mm::RunRandomUserPagesTest<SharedMachine, TrialMachine<0>>(mm::TestSeed(), kTrials);
}

}  // namespace
}  // namespace arch::arm
