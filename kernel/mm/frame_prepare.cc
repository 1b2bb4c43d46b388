// Lazy initialisation of frame descriptors. Part of FrameAllocator.
#include <algorithm>

#include "kernel/base/bits.h"
#include "kernel/mm/frame_allocator.h"

namespace mm {

// Initialises the zone's next block that has usable frames. False when there is none left.
bool FrameAllocator::PrepareBlock(Zone& zone) {
  if (zone.unprepared.value == 0) return false;
  const MemoryRegion* const region = map_->FindNext(zone.prepared, MemoryState::kUsable);
  const FrameNumber frame = std::max(region->first, zone.prepared);
  const FrameNumber block{base::AlignDown(frame.value, kMaxRun.value)};
  SkipHoles(zone, block);
  InitializeBlock(zone, block);
  zone.prepared = block + kMaxRun;
  return true;
}

// Marks the blocks from zone.prepared up to `block`, which have no usable frame, with one write
// each.
void FrameAllocator::SkipHoles(Zone& zone, FrameNumber block) {
  for (FrameNumber hole = zone.prepared; hole < block; hole = hole + kMaxRun) {
    descriptors_[IndexOf(hole)].state = FrameState::kHole;
  }
}

void FrameAllocator::InitializeBlock(Zone& zone, FrameNumber block) {
  const std::span<FrameDescriptor> frames =
      descriptors_.subspan(IndexOf(block), static_cast<size_t>(kMaxRun.value));
  std::ranges::fill(
      frames,
      FrameDescriptor{
          .next = 0, .previous = 0, .run_pages = 0, .state = FrameState::kReserved, .order = 0});
  const FrameNumber limit = block + kMaxRun;
  FrameNumber from = block;
  while (from < limit) {
    const MemoryRegion* const region = map_->FindNext(from, MemoryState::kUsable);
    if (region == nullptr || region->first >= limit) break;
    const FrameNumber first = std::max(region->first, from);
    const FrameNumber after = std::min(region->last() + PageCount{1}, limit);
    const PageCount pages = after - first;
    for (FrameNumber frame = first; frame < after; ++frame.value) {
      descriptors_[IndexOf(frame)].state = FrameState::kInside;
    }
    AddFreeFrames(zone, first, pages);
    zone.unprepared -= pages;
    from = after;
  }
}

}  // namespace mm
