// Address spaces in the page tables of ARMv7-A, step by step with a model.
#include "kernel/mm/user_pages.h"

#include <cstddef>
#include <new>

#include "arch/arm/facts/user_pages_machine.h"
#include "kernel/mm/page_table_arena.h"
#include "kernel/mm/space_table.h"
#include "kernel/mm/space_table_fake.h"
#include "kernel/mm/user_pages_trial.h"
#include "testing/unit/test.h"

namespace arch::arm {
namespace {

static_assert(mm::SpaceTable<mm::UserPages<PagingPolicy, mm::PageTableArena>>);

constinit mm::PageTableArena g_arena;

// Many short trials find more than a long one. Tables are few, so that memory also ends by itself.
template <class Machine>
void Try() {
  constexpr int kTrials = 12;
  constexpr int kSteps = 60;
  mm::FakeTables& fakes = mm::NewFakeTables();
  mm::TrialChoices choices(5);
  size_t failures = 0;
  for (int number = 0; number < kTrials; ++number) {
    mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
    {
      mm::UserPagesTrial<Machine, mm::PageTableArena, mm::TrialChoices> trial(arena, fakes,
                                                                              choices);
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

TEST(ArmUserPages, KernelBelow) { Try<BelowMachine>(); }

TEST(ArmUserPages, KernelAbove) { Try<SharedMachine>(); }

TEST(ArmUserPages, MoveByOneTable) {
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  EXPECT_TRUE((mm::MovesByOneTable<BelowMachine>(arena)));
  EXPECT_EQ(arena.taken_slots(), 0u);
}

}  // namespace
}  // namespace arch::arm
