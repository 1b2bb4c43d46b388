// Random operations on address spaces beside the model; see space_trial.h.
#include <cstddef>
#include <cstdint>
#include <new>
#include <string_view>

#include "kernel/mm/space_trial.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr unsigned kSteps = 1'000;

// Too large for a kernel's stack.
alignas(SpaceTrial) std::byte g_trial[sizeof(SpaceTrial)];

// Marsaglia, Xorshift RNGs (2003), with the shifts 13, 7 and 17.
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed) {}
  unsigned Below(unsigned limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<unsigned>((state_ >> 32) % limit);
  }

 private:
  uint64_t state_;
};

SpaceOperation Choose(Random& random) {
  // What maps and touches comes more often, or there would be little to work on.
  constexpr std::string_view kWhat = "MMMMmUPPRRRRWWWWWWWWWWWEFFTODKSVBYYZLl";
  constexpr unsigned kAny = 1 << 16;
  return {.what = kWhat[random.Below(kWhat.size())],
          .space = random.Below(kAny),
          .page = random.Below(kAny),
          .count = random.Below(random.Below(2) == 0 ? 3 : kAny),
          .rights = random.Below(kAny),
          .object = random.Below(kAny),
          .other = random.Below(kAny),
          .failing = random.Below(3) == 0 ? 1 + random.Below(5) : 0};
}

TEST(AddressSpaceRandom, AgreesWithTheModel) {
  for (const uint64_t seed : {0x41746C6173ULL, 0x2006ULL, 0x5EEDULL, 0xBADC0DEULL}) {
    auto* const trial = new (g_trial) SpaceTrial;
    Random random(seed);
    for (unsigned step = 0; step < kSteps; ++step) {
      const SpaceOperation operation = Choose(random);
      ASSERT_TRUE(trial->Step(operation))
          << operation.what << " seed " << seed << ", step " << step;
    }
    ASSERT_TRUE(trial->Finish()) << seed;
    trial->~SpaceTrial();
  }
}

}  // namespace
}  // namespace mm
