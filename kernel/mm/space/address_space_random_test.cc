// Random operations on address spaces beside the model; see space_trial.h.
#include <cstddef>
#include <cstdint>

#include "kernel/mm/space/space_trial_random.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

// Too large for a kernel's stack.
alignas(SpaceTrial) std::byte g_trial[sizeof(SpaceTrial)];

TEST(AddressSpaceRandom, AgreesWithTheModel) {
  constexpr unsigned kSteps = 1'000;
  constexpr uint64_t kSeeds[] = {0x41746C6173, 0x2006, 0x5EED, 0xBADC0DE};
  const SpaceTrialFailure failure = RunSpaceTrials<ListTables>(g_trial, kSeeds, kSteps);
  EXPECT_TRUE(failure.what == 0) << "seed " << failure.seed << ", step " << failure.step;
}

}  // namespace
}  // namespace mm
