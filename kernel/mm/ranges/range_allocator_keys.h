// What range_allocator.h keeps in its trees.
#pragma once

#include <cstdint>

namespace mm::range_allocator_internal {

// Where a range starts, and in the lowest bit, which is no part of an address, whether it is
// allocated. It ends where the next one starts.
struct BoundaryOrder {
  using Key = uint64_t;
  static bool IsNotAfter(Key left, Key right) { return left <= right; }
  static Key Before(Key key) { return key & ~uint64_t{1}; }
};

// A free range, by size and then by address.
struct SizeKey {
  uint64_t size_bytes;
  uint64_t base;

  friend constexpr bool operator==(const SizeKey&, const SizeKey&) = default;
};

struct SizeOrder {
  using Key = SizeKey;
  static bool IsNotAfter(const Key& left, const Key& right) {
    return (left.size_bytes < right.size_bytes) |
           ((left.size_bytes == right.size_bytes) & (left.base <= right.base));
  }
  static Key Before(const Key& key) { return key; }
};

}  // namespace mm::range_allocator_internal
