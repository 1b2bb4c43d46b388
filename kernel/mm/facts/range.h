// A range of addresses, kept as base and size. Comparisons use the last byte: base + size is never
// formed, because for a range at the top of the address space it is 0.
#pragma once

#include <algorithm>
#include <compare>
#include <cstdint>
#include <limits>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"

namespace mm {

// All 2^64 bytes at once cannot be represented; nothing here needs them.
template <Address A>
struct Range {
  A base;
  uint64_t size_bytes = 0;

  friend constexpr bool operator==(const Range&, const Range&) = default;

  [[nodiscard]] constexpr bool IsEmpty() const { return size_bytes == 0; }

  // Whether the last byte would lie beyond 2^64-1. Such a range is only ever input to be refused.
  [[nodiscard]] constexpr bool Wraps() const {
    return !IsEmpty() && size_bytes - 1 > std::numeric_limits<uint64_t>::max() - base.value;
  }

  // The last byte in the range; an empty or wrapping range has none, which fails a CHECK.
  [[nodiscard]] constexpr A last() const {
    CHECK(!IsEmpty() && !Wraps());
    return A{base.value + (size_bytes - 1)};
  }

  [[nodiscard]] constexpr bool Contains(A address) const {
    return !IsEmpty() && base <= address && address <= last();
  }

  // An empty range is contained nowhere.
  [[nodiscard]] constexpr bool Contains(const Range& other) const {
    return !other.IsEmpty() && Contains(other.base) && Contains(other.last());
  }

  [[nodiscard]] constexpr bool Overlaps(const Range& other) const {
    return !IsEmpty() && !other.IsEmpty() && base <= other.last() && other.base <= last();
  }

  // Bytes from the base to `address`, which lies in the range.
  [[nodiscard]] constexpr uint64_t OffsetOf(A address) const {
    CHECK(Contains(address));
    return address.value - base.value;
  }

  [[nodiscard]] constexpr bool IsAligned(uint64_t alignment) const {
    return base::IsAligned(base.value, alignment) && base::IsAligned(size_bytes, alignment);
  }
};

using PhysRange = Range<PhysAddr>;
using VirtRange = Range<VirtAddr>;

// Both ends inclusive; `first` <= `last`.
template <Address A>
[[nodiscard]] constexpr Range<A> FromFirstToLast(A first, A last) {
  CHECK(first <= last);
  CHECK(last.value - first.value != std::numeric_limits<uint64_t>::max());
  return {first, last.value - first.value + 1};
}

// What two ranges share; empty when nothing.
template <Address A>
[[nodiscard]] constexpr Range<A> Intersection(const Range<A>& left, const Range<A>& right) {
  if (!left.Overlaps(right)) return {left.base, 0};
  return FromFirstToLast(std::max(left.base, right.base), std::min(left.last(), right.last()));
}

// Whether `next` starts with the byte after `range`.
template <Address A>
[[nodiscard]] constexpr bool IsFollowedBy(const Range<A>& range, const Range<A>& next) {
  return !range.IsEmpty() && next.base.value != 0 && range.last().value == next.base.value - 1;
}

}  // namespace mm
