// Address spaces in the page tables of x86_64, step by step with a model.
#include "kernel/mm/tables/user_pages.h"

#include <new>

#include "arch/x86_64/facts/user_pages_machine.h"
#include "kernel/mm/tables/page_table_arena.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/space_table_fake.h"
#include "kernel/mm/tables/trial_rounds.h"
#include "kernel/mm/tables/user_pages_trial.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
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

TEST(X86UserPages, OneRootEntryForAll) { Try<NarrowMachine>(); }

TEST(X86UserPages, KernelInItsHalf) { Try<HalvesMachine>(); }

TEST(X86UserPages, KernelAtTheTopOfFiveLevels) { Try<DeepMachine>(); }

TEST(X86UserPages, MoveByOneTable) {
  mm::PageTableArena& arena = *new (&g_arena) mm::PageTableArena;
  EXPECT_TRUE((mm::MovesByOneTable<NarrowMachine>(arena)));
  EXPECT_EQ(arena.taken_slots(), 0u);
}

}  // namespace
}  // namespace arch::x86_64
