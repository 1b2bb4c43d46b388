// Address spaces in the page tables of x86_64 under random operations; see user_pages_random.h.
#include "kernel/mm/tables/user_pages_random.h"
#include "arch/x86_64/facts/trial_machine.h"
#include "arch/x86_64/facts/user_pages_machine.h"
#include "gtest/gtest.h"
#include "kernel/mm/test_seed.h"

namespace arch::x86_64 {
namespace {

constexpr int kTrials = 25;

TEST(X86UserPagesRandom, OneRootEntryForAll) {
  mm::RunRandomUserPagesTest<NarrowMachine, TrialMachine<4, GigabytePages::kNo>>(mm::TestSeed(),
                                                                                 kTrials);
}

TEST(X86UserPagesRandom, KernelInItsHalf) {
  mm::RunRandomUserPagesTest<HalvesMachine, TrialMachine<4, GigabytePages::kNo>>(mm::TestSeed(),
                                                                                 kTrials);
}

TEST(X86UserPagesRandom, KernelAtTheTopOfFiveLevels) {
  mm::RunRandomUserPagesTest<DeepMachine, TrialMachine<5, GigabytePages::kNo>>(mm::TestSeed(),
                                                                               kTrials);
}

}  // namespace
}  // namespace arch::x86_64
