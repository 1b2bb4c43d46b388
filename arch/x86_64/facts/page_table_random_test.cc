// Page tables of x86_64 under random operations; see kernel/mm/tables/page_table_random.h.
#include "kernel/mm/tables/page_table_random.h"
#include "kernel/mm/test_seed.h"

#include "arch/x86_64/facts/trial_machine.h"
#include "gtest/gtest.h"

namespace arch::x86_64 {
namespace {

constexpr int kTrials = 20;

TEST(X86PageTableRandom, FourLevels) {
  mm::RunRandomPageTableTest<TrialMachine<4, GigabytePages::kYes>>(mm::TestSeed(), kTrials);
}

TEST(X86PageTableRandom, FiveLevels) {
  mm::RunRandomPageTableTest<TrialMachine<5, GigabytePages::kYes>>(mm::TestSeed(), kTrials);
}

TEST(X86PageTableRandom, WithoutGigabytePages) {
  mm::RunRandomPageTableTest<TrialMachine<4, GigabytePages::kNo>>(mm::TestSeed(), kTrials);
}

}  // namespace
}  // namespace arch::x86_64
