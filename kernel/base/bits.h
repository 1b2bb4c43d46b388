// Arithmetic on bits and alignments of 64-bit values.
#pragma once

#include <bit>
#include <cstdint>
#include <limits>
#include <optional>

#include "kernel/base/check.h"

namespace base {

// A value with only bit `index` set; `index` < 64.
[[nodiscard]] constexpr uint64_t Bit(unsigned index) {
  CHECK(index < 64);
  return uint64_t{1} << index;
}

// The lowest `count` bits set; `count` <= 64.
[[nodiscard]] constexpr uint64_t LowBits(unsigned count) {
  CHECK(count <= 64);
  return count == 64 ? std::numeric_limits<uint64_t>::max() : (uint64_t{1} << count) - 1;
}

// Alignments are powers of two throughout; anything else fails a CHECK.
[[nodiscard]] constexpr bool IsAligned(uint64_t value, uint64_t alignment) {
  CHECK(std::has_single_bit(alignment));
  return (value & (alignment - 1)) == 0;
}

[[nodiscard]] constexpr uint64_t AlignDown(uint64_t value, uint64_t alignment) {
  CHECK(std::has_single_bit(alignment));
  return value & ~(alignment - 1);
}

// Nothing when the aligned value does not fit 64 bits.
[[nodiscard]] constexpr std::optional<uint64_t> TryAlignUp(uint64_t value, uint64_t alignment) {
  const uint64_t down = AlignDown(value, alignment);
  if (down == value) return value;
  if (down > std::numeric_limits<uint64_t>::max() - alignment) return std::nullopt;
  return down + alignment;
}

// For values known to be far from the top: an overflow fails a CHECK.
[[nodiscard]] constexpr uint64_t AlignUp(uint64_t value, uint64_t alignment) {
  const std::optional<uint64_t> up = TryAlignUp(value, alignment);
  CHECK(up.has_value());
  return *up;
}

// How many pieces of `alignment` bytes hold `value` bytes.
[[nodiscard]] constexpr uint64_t DivideRoundUp(uint64_t value, uint64_t divisor) {
  CHECK(divisor != 0);
  return value / divisor + (value % divisor != 0 ? 1 : 0);
}

// `width` bits of a register or table entry, from bit `shift` upwards.
struct Field {
  unsigned shift;
  unsigned width;

  [[nodiscard]] constexpr uint64_t mask() const { return LowBits(width) << shift; }

  // This field of `word`, moved down to bit 0.
  [[nodiscard]] constexpr uint64_t Extract(uint64_t word) const {
    return (word >> shift) & LowBits(width);
  }

  // `value` moved to this field's place; a value that does not fit fails a CHECK.
  [[nodiscard]] constexpr uint64_t Place(uint64_t value) const {
    CHECK((value & ~LowBits(width)) == 0);
    return value << shift;
  }

  // `word` with this field replaced by `value`.
  [[nodiscard]] constexpr uint64_t Replace(uint64_t word, uint64_t value) const {
    return (word & ~mask()) | Place(value);
  }
};

}  // namespace base
