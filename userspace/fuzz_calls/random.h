#pragma once

#include <cstdint>

namespace fuzz {

// The same numbers for the same seed everywhere: Marsaglia's xorshift64* (Vigna, "An experimental
// exploration of Marsaglia's xorshift generators, scrambled").
class Random {
 public:
  explicit Random(uint64_t seed) : state_(seed * 2 + 1) {}

  uint32_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return static_cast<uint32_t>((state_ * 2685821657736338717U) >> 32);
  }

  uint32_t Below(uint32_t limit) { return Next() % limit; }

 private:
  uint64_t state_;
};

}  // namespace fuzz
