// Threads' page tables beside their process's, in those of ARMv7-A.
#include "kernel/mm/tables/thread_pages.h"

#include <cstddef>

#include "arch/arm/facts/user_pages_machine.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "kernel/mm/tables/thread_pages_trial.h"
#include "kernel/mm/tables/trial_rounds.h"
#include "kernel/mm/tables/user_pages_trial.h"
#include "testing/unit/test.h"

namespace arch::arm {
namespace {

constexpr size_t kSlots = 320;
using Arena = mm::PageTableArenaOf<kSlots>;

constinit Arena g_arena;

template <class Machine>
void Try() {
  mm::TrialChoices choices(7);
  const mm::TrialResult result =
      mm::RunTrials(g_arena, {.trials = 8, .steps = 80}, [&](Arena& arena) {
        return mm::ThreadPagesTrial<Machine, Arena, mm::TrialChoices>(arena, choices);
      });
  EXPECT_TRUE(result.is_sound) << result.trial << " " << result.step;
  EXPECT_GT(result.failures, 0u);
}

TEST(ArmThreadPages, KernelBelow) { Try<BelowMachine>(); }

TEST(ArmThreadPages, KernelAbove) { Try<SharedMachine>(); }

}  // namespace
}  // namespace arch::arm
