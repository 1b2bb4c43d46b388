// All layers of the memory manager over one memory that ends, with this architecture's page tables.
#include "kernel/mm/exhaustion_trial.h"

#include <cstddef>
#include <cstdint>
#include <new>

#include "arch/arm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/test_failures.h"
#include "testing/unit/test.h"

namespace arch::arm {
namespace {

using Trial = mm::ExhaustionTrial<PagingPolicy>;

// Too large for a kernel's stack.
alignas(Trial) std::byte g_trial[sizeof(Trial)];

constexpr mm::VirtRange kRegion{{0xF000'0000}, 0x40'0000};
constexpr mm::VirtRange kUser{{0x1000'0000}, 0x4000'0000};

// Everything anew for each test.
struct Anew {
  Anew() : trial(*new(g_trial) Trial(PagingPolicy::Root(0), {}, kRegion, kUser)) {}
  ~Anew() { trial.~Trial(); }

  Trial& trial;
};

TEST(Exhaustion, EachAllocationMayFail) {
  Anew anew;
  const mm::FailureRun run = anew.trial.FailsEachAllocation();
  EXPECT_EQ(run.fault, "") << run.failed;
  EXPECT_GT(run.failed, 20U);
}

TEST(Exhaustion, EndsAndRecovers) {
  Anew anew;
  for (const uint64_t seed : {1, 22, 333}) EXPECT_TRUE(anew.trial.EndsAndRecovers(seed)) << seed;
}

}  // namespace
}  // namespace arch::arm
