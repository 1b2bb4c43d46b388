// Fields of registers and table entries, numbered as the manuals number them.
#pragma once

#include <cstdint>

namespace layoutcheck {

// Bits `high` to `low` of `word`.
[[nodiscard]] constexpr uint64_t Field(uint64_t word, unsigned high, unsigned low) {
  constexpr unsigned kTopBit = 63;
  return word << (kTopBit - high) >> (kTopBit - high + low);
}

[[nodiscard]] constexpr bool IsSet(uint64_t word, unsigned bit) {
  return Field(word, bit, bit) != 0;
}

// The same bits at their place, the others 0.
[[nodiscard]] constexpr uint64_t Masked(uint64_t word, unsigned high, unsigned low) {
  return Field(word, high, low) << low;
}

}  // namespace layoutcheck
