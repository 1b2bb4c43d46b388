// From a counter's counts to nanoseconds, with multiplications alone: not every processor divides.
#pragma once

#include <cstdint>

#include "kernel/base/check.h"

namespace base {

class ClockScale {
 public:
  // 0 always: of a counter that does not count.
  constexpr ClockScale() = default;

  // CHECKed: at least one a second.
  static constexpr ClockScale Of(uint64_t counts_per_second) {
    CHECK(counts_per_second != 0);
    ClockScale scale;
    scale.whole_ = kNanosecondsPerSecond / counts_per_second;
    // The rest is less than a second's nanoseconds, so that the shift loses nothing.
    scale.fraction_ = ((kNanosecondsPerSecond % counts_per_second) << kHalf) / counts_per_second;
    return scale;
  }

  // Exact to a nanosecond in every 2^32 counts; right for 584 years.
  [[nodiscard]] constexpr uint64_t ToNanoseconds(uint64_t counts) const {
    const uint64_t low = counts & kLowHalf;
    return counts * whole_ + (counts >> kHalf) * fraction_ + ((low * fraction_) >> kHalf);
  }

 private:
  static constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;
  static constexpr unsigned kHalf = 32;
  static constexpr uint64_t kLowHalf = (uint64_t{1} << kHalf) - 1;

  uint64_t whole_ = 0;
  uint64_t fraction_ = 0;  // in 2^-32 nanoseconds
};

}  // namespace base
