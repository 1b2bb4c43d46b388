// Address spaces in the page tables of ARMv7-A, step by step with a model.
#include "kernel/mm/tables/user_pages.h"

#include <new>

#include "arch/arm/facts/user_pages_machine.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/space_table_fake.h"
#include "kernel/mm/tables/trial_rounds.h"
#include "kernel/mm/tables/user_pages_trial.h"
#include "testing/unit/test.h"

namespace arch::arm {
namespace {

static_assert(mm::SpaceTable<mm::UserPages<PagingPolicy, mm::PageTableArena>>);

constinit mm::PageTableArena g_arena;

template <class Machine>
void Try() {
  mm::FakeTables& fakes = mm::NewFakeTables();
  mm::TrialChoices choices(5);
  const mm::TrialResult result =
      mm::RunTrials(g_arena, {.trials = 12, .steps = 60}, [&](mm::PageTableArena& arena) {
        return mm::UserPagesTrial<Machine, mm::PageTableArena, mm::TrialChoices>(arena, fakes,
                                                                                 choices);
      });
  EXPECT_TRUE(result.is_sound) << result.trial << " " << result.step;
  EXPECT_GT(result.failures, 0u);
}

TEST(ArmUserPages, KernelBelow) { Try<BelowMachine>(); }

TEST(ArmUserPages, KernelAbove) { Try<SharedMachine>(); }

TEST(ArmUserPages, MoveByOneTable) {
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  EXPECT_TRUE((mm::MovesByOneTable<BelowMachine>(arena)));
  EXPECT_EQ(arena.taken_slots(), 0u);
}

}  // namespace
}  // namespace arch::arm
