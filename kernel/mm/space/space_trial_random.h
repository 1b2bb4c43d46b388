// Random operations for space_trial.h.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/mm/space/space_trial.h"

namespace mm {

// What a random test does to it. Says at which step of which seed it failed, if it did.
struct SpaceTrialFailure {
  uint64_t seed = 0;
  unsigned step = 0;
  char what = 0;  // 0: everything agreed
};

// Marsaglia, Xorshift RNGs (2003), with the shifts 13, 7 and 17.
class SpaceTrialChoices {
 public:
  explicit SpaceTrialChoices(uint64_t seed) : state_(seed) {}

  SpaceOperation Next() {
    // What maps and touches comes more often, or there would be little to work on.
    constexpr std::string_view kWhat = "MMMMmUPPRRRRWWWWWWWWWWWEFFTODKSVBYYZLl";
    constexpr unsigned kAny = 1 << 16;
    return {.what = kWhat[Below(kWhat.size())],
            .space = Below(kAny),
            .page = Below(kAny),
            .count = Below(Below(2) == 0 ? 3 : kAny),
            .rights = Below(kAny),
            .object = Below(kAny),
            .other = Below(kAny),
            .failing = Below(3) == 0 ? 1 + Below(5) : 0};
  }

 private:
  unsigned Below(unsigned limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<unsigned>((state_ >> 32) % limit);
  }

  uint64_t state_;
};

// `storage` has room for a SpaceTrialWith<Tables>, which is too large for a kernel's stack.
template <class Tables>
SpaceTrialFailure RunSpaceTrials(std::span<std::byte> storage, std::span<const uint64_t> seeds,
                                 unsigned steps) {
  using Trial = SpaceTrialWith<Tables>;
  CHECK(storage.size() >= sizeof(Trial));
  for (const uint64_t seed : seeds) {
    auto* const trial = new (storage.data()) Trial;
    SpaceTrialChoices choices(seed);
    for (unsigned step = 0; step < steps; ++step) {
      const SpaceOperation operation = choices.Next();
      if (!trial->Step(operation)) return {seed, step, operation.what};
    }
    if (!trial->Finish()) return {seed, steps, '.'};
    trial->~Trial();
  }
  return {};
}

}  // namespace mm
