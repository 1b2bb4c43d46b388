// From the counts of one clock to those of another, with multiplications alone: not every processor
// divides.
#pragma once

#include <cstdint>

#include "kernel/base/check.h"

namespace base {

inline constexpr uint64_t kNanosecondsPerSecond = 1'000'000'000;

class ClockScale {
 public:
  // 0 always: of a counter that does not count.
  constexpr ClockScale() = default;

  // Counts a second of both. CHECKed: `from` is not 0, and what is left of `to` after whole counts
  // of `from` is of 32 bits, as it is if either is.
  static constexpr ClockScale Between(uint64_t from, uint64_t to) {
    CHECK(from != 0 && to % from <= kLowHalf);
    ClockScale scale;
    scale.whole_ = to / from;
    scale.fraction_ = ((to % from) << kHalf) / from;
    return scale;
  }

  // Rounds down, and is exact to a count of the other clock in every 2^32 counts of this one. Right
  // as long as the result fits: nanoseconds do for 584 years.
  [[nodiscard]] constexpr uint64_t Convert(uint64_t counts) const {
    const uint64_t low = counts & kLowHalf;
    return counts * whole_ + (counts >> kHalf) * fraction_ + ((low * fraction_) >> kHalf);
  }

 private:
  static constexpr unsigned kHalf = 32;
  static constexpr uint64_t kLowHalf = (uint64_t{1} << kHalf) - 1;

  uint64_t whole_ = 0;
  uint64_t fraction_ = 0;  // in 2^-32
};

}  // namespace base
