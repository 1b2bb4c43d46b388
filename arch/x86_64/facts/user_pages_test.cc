// Address spaces in the page tables of x86_64, step by step with a model.
#include "kernel/mm/user_pages.h"

#include <cstddef>
#include <new>

#include "arch/x86_64/facts/user_pages_machine.h"
#include "kernel/mm/page_table_arena.h"
#include "kernel/mm/space_table.h"
#include "kernel/mm/space_table_fake.h"
#include "kernel/mm/user_pages_trial.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
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
