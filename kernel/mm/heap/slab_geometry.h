// How objects of one size are cut from slabs.
//
// Slabs are not coloured: no header takes the same cache lines in each of them, and the tail, where
// a colour would come from, is at most 1/64 of a slab.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/heap/slab.h"

namespace mm {

inline constexpr unsigned kMaxSlabOrder = 4;
inline constexpr size_t kMaxSlabBytes = static_cast<size_t>(kPageSize) << kMaxSlabOrder;
// A slab of the largest objects still holds a few.
inline constexpr size_t kMaxObjectStride = kMaxSlabBytes / 2;

class SlabGeometry {
 public:
  // `stride`, from one object to the next, is at most kMaxObjectStride. Large slabs hold at least
  // `objects` objects, if that is possible without waste.
  constexpr SlabGeometry(size_t stride, size_t objects)
      : stride_(static_cast<uint32_t>(stride)),
        reciprocal_(static_cast<uint32_t>(((uint64_t{1} << 32) + stride - 1) / stride)),
        max_order_(ChooseMaxOrder(stride, objects)),
        min_order_(ChooseMinOrder(stride, max_order_)) {
    CHECK(stride >= kMinStride && stride <= kMaxObjectStride);
  }

  [[nodiscard]] constexpr uint32_t stride() const { return stride_; }
  [[nodiscard]] constexpr unsigned max_order() const { return max_order_; }
  [[nodiscard]] constexpr unsigned min_order() const { return min_order_; }

  [[nodiscard]] constexpr unsigned ObjectsIn(unsigned order) const {
    return ObjectsIn(stride_, order);
  }

  // offset / stride for an offset into a slab, by multiplication with 2^32 / stride rounded up.
  // That adds less than offset / 2^32 < 2^-16 to a quotient whose fraction is at most 1 - 2^-15.
  [[nodiscard]] constexpr unsigned IndexOf(size_t offset) const {
    return static_cast<unsigned>((uint64_t{static_cast<uint32_t>(offset)} * reciprocal_) >> 32);
  }

  // The order of the next slab of a cache that holds `pages`: a small cache stays small, a large
  // one has large slabs, hence few records.
  [[nodiscard]] constexpr unsigned OrderAfter(size_t pages) const {
    unsigned order = max_order_;
    while (order > min_order_ && pages < (kSlabsBeforeLarger << order)) --order;
    return order;
  }

 private:
  static constexpr size_t kMinStride = 8;
  static constexpr size_t kSlabsBeforeLarger = 8;
  // Tails of at most 1/64 of the largest slabs and 1/32 of the smallest.
  static constexpr size_t kMaxTailShare = 64;
  static constexpr size_t kMinTailShare = 32;

  static constexpr size_t BytesOf(unsigned order) {
    return static_cast<size_t>(kPageSize) << order;
  }
  static constexpr unsigned ObjectsIn(size_t stride, unsigned order) {
    return static_cast<unsigned>(std::min<size_t>(BytesOf(order) / stride, kMaxObjectsPerSlab));
  }
  static constexpr size_t TailOf(size_t stride, unsigned order) {
    return BytesOf(order) - ObjectsIn(stride, order) * stride;
  }

  // Of the slabs with little tail, the smallest of enough objects, or the largest. If all have
  // more, the one with the least for its size.
  static constexpr uint8_t ChooseMaxOrder(size_t stride, size_t objects) {
    bool found = false;
    unsigned best = kMaxSlabOrder;
    for (unsigned order = kMaxSlabOrder + 1; order-- > 0;) {
      const bool tight = TailOf(stride, order) * kMaxTailShare <= BytesOf(order);
      const bool better = found ? ObjectsIn(stride, order) >= objects
                                : TailOf(stride, order) << (best - order) < TailOf(stride, best);
      if (tight ? !found || better : !found && better) best = order;
      found = found || tight;
    }
    return static_cast<uint8_t>(best);
  }

  static constexpr uint8_t ChooseMinOrder(size_t stride, unsigned max_order) {
    unsigned order = 0;
    while (order < max_order && TailOf(stride, order) * kMinTailShare > BytesOf(order)) ++order;
    return static_cast<uint8_t>(order);
  }

  uint32_t stride_;
  uint32_t reciprocal_;
  uint8_t max_order_;
  uint8_t min_order_;
};

}  // namespace mm
