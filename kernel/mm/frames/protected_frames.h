// Physical memory that no mapping may write, as merged ranges in borrowed storage.
#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace mm {

class ProtectedFrames {
 public:
  // Keeps its ranges in `storage`; nothing is allocated.
  explicit ProtectedFrames(std::span<PhysRange> storage) : storage_(storage) {}

  // False when merging leaves the storage half full or fuller; the range is not remembered.
  [[nodiscard]] bool Add(const PhysRange& range);

  // Sorts and merges; call after the last Add() and before the first FindOverlap(). O(n log n).
  void Seal();

  // The first byte of `range` that is protected, if any. O(log n).
  [[nodiscard]] std::optional<PhysAddr> FindOverlap(const PhysRange& range) const;

 private:
  std::span<PhysRange> storage_;
  size_t count_ = 0;
};

}  // namespace mm
