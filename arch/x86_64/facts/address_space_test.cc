// Address spaces in the page tables of x86_64, beside a model; see kernel/mm/space/space_trial.h.
#include <cstddef>
#include <cstdint>

#include "arch/x86_64/facts/user_pages_machine.h"
#include "kernel/mm/space/space_trial_random.h"
#include "kernel/mm/space/space_world_tables.h"
#include "testing/unit/test.h"

namespace arch::x86_64 {
namespace {

template <class Machine>
using Tables = mm::MachineTables<Machine>;

// Too large for a kernel's stack.
using Trial = mm::SpaceTrialWith<Tables<NarrowMachine>>;
alignas(Trial) std::byte g_trial[sizeof(Trial)];

template <class Machine>
void Try() {
  constexpr unsigned kSteps = 400;
  constexpr uint64_t kSeeds[] = {0x41746C6173, 0x5EED};
  const mm::SpaceTrialFailure failure =
      mm::RunSpaceTrials<Tables<Machine>>(g_trial, kSeeds, kSteps);
  EXPECT_TRUE(failure.what == 0) << "seed " << failure.seed << ", step " << failure.step;
}

TEST(X86_64AddressSpace, KernelInTheSameEntry) { Try<NarrowMachine>(); }

TEST(X86_64AddressSpace, KernelAbove) { Try<DeepMachine>(); }

}  // namespace
}  // namespace arch::x86_64
