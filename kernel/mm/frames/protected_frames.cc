#include "kernel/mm/frames/protected_frames.h"

#include <algorithm>
#include <cstddef>
#include <optional>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace mm {

bool ProtectedFrames::Add(const PhysRange& range) {
  if (range.IsEmpty()) return true;
  if (count_ != 0 && IsFollowedBy(storage_[count_ - 1], range)) {
    storage_[count_ - 1].size_bytes += range.size_bytes;
    return true;
  }
  if (count_ == storage_.size()) {
    Seal();
    // Merging must pay for itself, or many calls would sort again and again.
    if (count_ * 2 >= storage_.size()) return false;
  }
  storage_[count_++] = range;
  return true;
}

void ProtectedFrames::Seal() {
  const std::span<PhysRange> used = storage_.first(count_);
  std::ranges::sort(used, {}, &PhysRange::base);
  size_t kept = 0;
  for (const PhysRange& range : used) {
    PhysRange* const previous = kept == 0 ? nullptr : &used[kept - 1];
    if (previous != nullptr && (previous->Overlaps(range) || IsFollowedBy(*previous, range))) {
      *previous = FromFirstToLast(previous->base, std::max(previous->last(), range.last()));
    } else {
      used[kept++] = range;
    }
  }
  count_ = kept;
}

std::optional<PhysAddr> ProtectedFrames::FindOverlap(const PhysRange& range) const {
  const std::span<const PhysRange> used = storage_.first(count_);
  const auto found = std::ranges::lower_bound(used, range.base, {}, &PhysRange::last);
  if (found == used.end() || !found->Overlaps(range)) return std::nullopt;
  return std::max(found->base, range.base);
}

}  // namespace mm
