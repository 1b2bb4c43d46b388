// Threads' page tables beside their process's, in those of x86_64.
#include "kernel/mm/thread_pages.h"

#include <cstddef>
#include <new>

#include "arch/x86_64/facts/user_pages_machine.h"
#include "kernel/mm/page_table_arena.h"
#include "kernel/mm/thread_pages_trial.h"
#include "kernel/mm/user_pages_trial.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

constexpr size_t kSlots = 320;
using Arena = mm::PageTableArenaOf<kSlots>;

constinit Arena g_arena;

template <class Machine>
void Try() {
  constexpr int kTrials = 8;
  constexpr int kSteps = 80;
  mm::TrialChoices choices(7);
  size_t failures = 0;
  for (int number = 0; number < kTrials; ++number) {
    Arena& arena = *new (&g_arena) Arena;
    {
      mm::ThreadPagesTrial<Machine, Arena, mm::TrialChoices> trial(arena, choices);
      ASSERT_TRUE(trial.IsSound()) << number;
      for (int step = 0; step < kSteps; ++step) {
        trial.Step();
        ASSERT_TRUE(trial.IsSound()) << number << " " << step;
      }
      failures += trial.failures();
      trial.Finish();
      ASSERT_TRUE(trial.IsSound()) << number;
    }
    EXPECT_EQ(arena.taken_slots(), 0u);
  }
  EXPECT_GT(failures, 0u);
}

TEST(X86ThreadPages, OneRootEntryForAll) { Try<NarrowMachine>(); }

TEST(X86ThreadPages, KernelInItsHalf) { Try<HalvesMachine>(); }

TEST(X86ThreadPages, KernelAtTheTopOfFiveLevels) { Try<DeepMachine>(); }

}  // namespace
}  // namespace arch::x86_64
