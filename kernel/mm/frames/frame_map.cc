#include "kernel/mm/frames/frame_map.h"

#include <algorithm>

namespace mm {

void FrameMap::ForEachUsable(uint32_t first, uint32_t limit,
                             base::FunctionRef<void(uint32_t first, uint32_t pages)> visit) {
  const locking::SpinLockHolder hold(lock_);
  FrameNumber from = NumberOf(first);
  const FrameNumber beyond = NumberOf(limit);
  while (from < beyond) {
    const MemoryRegion* const region = map_->FindNext(from, MemoryState::kUsable);
    if (region == nullptr || region->first >= beyond) return;
    const FrameNumber start = std::max(region->first, from);
    const FrameNumber after = std::min(region->last() + PageCount{1}, beyond);
    visit(static_cast<uint32_t>((start - first_).value),
          static_cast<uint32_t>((after - start).value));
    from = after;
  }
}

uint32_t FrameMap::UsableIn(uint32_t first, uint32_t limit) {
  uint32_t usable = 0;
  ForEachUsable(first, limit, [&usable](uint32_t, uint32_t pages) { usable += pages; });
  return usable;
}

uint32_t FrameMap::NextUsable(uint32_t frame) {
  const locking::SpinLockHolder hold(lock_);
  const MemoryRegion* const region = map_->FindNext(NumberOf(frame), MemoryState::kUsable);
  if (region == nullptr) return kNoFrame;
  return static_cast<uint32_t>((std::max(region->first, NumberOf(frame)) - first_).value);
}

bool FrameMap::IsUsable(uint32_t frame) {
  const locking::SpinLockHolder hold(lock_);
  if (frame - found_first_ < found_frames_) return true;  // wraps for frames below the first
  const FrameNumber number = NumberOf(frame);
  const MemoryRegion* const region = map_->FindNext(number, MemoryState::kUsable);
  if (region == nullptr || region->first > number) return false;
  found_first_ = static_cast<uint32_t>((std::max(region->first, first_) - first_).value);
  found_frames_ = static_cast<uint32_t>((region->last() - NumberOf(found_first_)).value + 1);
  return true;
}

base::Result<> FrameMap::Reserve(uint32_t first, uint32_t pages, MemoryState state) {
  const locking::SpinLockHolder hold(lock_);
  found_frames_ = 0;
  return map_->Reserve({BaseOf(NumberOf(first)), PageCount{pages}.bytes()}, state);
}

}  // namespace mm
