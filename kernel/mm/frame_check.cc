// Statistics and self-checks. Part of FrameAllocator.
#include "kernel/base/bits.h"
#include "kernel/mm/frame_allocator.h"

namespace mm {

ZoneStatistics FrameAllocator::Statistics(ZoneKind kind) const {
  const Zone& zone = zones_[static_cast<size_t>(kind)];
  return {.usable = zone.usable,
          .free = zone.listed + zone.unprepared,
          .unprepared = zone.unprepared,
          .free_blocks = zone.lengths};
}

PageCount FrameAllocator::FreePages() const {
  PageCount free{0};
  for (const Zone& zone : zones_) free += zone.listed + zone.unprepared;
  return free;
}

base::Result<> FrameAllocator::CheckInvariants() const {
  for (const Zone& zone : zones_) {
    const bool counted = zone.unprepared == UsableIn(zone.prepared, zone.limit);
    if (!counted || !AreListsSound(zone) || !AreBlocksSound(zone)) {
      return std::unexpected(base::Error::kCorrupt);
    }
  }
  return {};
}

// Every member of a list is a prepared free block of its order and knows its neighbours.
bool FrameAllocator::AreListsSound(const Zone& zone) const {
  PageCount listed{0};
  for (unsigned order = 0; order < kOrderCount; ++order) {
    uint64_t length = 0;
    const uint64_t block_pages = uint64_t{1} << order;
    const bool filled = (zone.filled_orders >> order & 1) != 0;
    uint32_t before = kNoFrame;
    for (uint32_t index = zone.heads[order]; index != kNoFrame;
         before = index, index = descriptors_[index].next) {
      if (index >= descriptors_.size() || ++length > zone.lengths[order]) return false;
      const FrameDescriptor& frame = descriptors_[index];
      const bool prepared = FrameAt(index) >= zone.first && FrameAt(index) < zone.prepared;
      if (!prepared || !base::IsAligned(index, block_pages)) return false;
      if (frame.state != FrameState::kFree || frame.order != order) return false;
      if (frame.previous != before) return false;
    }
    if (length != zone.lengths[order] || filled != (length > 0)) return false;
    listed += PageCount{length * block_pages};
  }
  return listed == zone.listed;
}

// The zone's prepared blocks hold its listed frames as free, and the rest as allocated or reserved.
bool FrameAllocator::AreBlocksSound(const Zone& zone) const {
  PageCount free{0};
  PageCount allocated{0};
  for (FrameNumber block = zone.first; block < zone.prepared; block = block + kMaxRun) {
    if (descriptors_[IndexOf(block)].state == FrameState::kHole) {
      if (UsableIn(block, block + kMaxRun).value != 0) return false;
    } else if (!IsBlockSound(block, free, allocated)) {
      return false;
    }
  }
  return free == zone.listed && free + allocated + zone.unprepared == zone.usable;
}

// Free blocks, allocated runs and reserved frames follow each other without a gap.
bool FrameAllocator::IsBlockSound(FrameNumber block, PageCount& free, PageCount& allocated) const {
  const uint32_t start = IndexOf(block);
  const uint32_t limit = start + static_cast<uint32_t>(kMaxRun.value);
  for (uint32_t index = start; index < limit;) {
    const FrameDescriptor& frame = descriptors_[index];
    uint32_t pages = 1;
    if (frame.state == FrameState::kFree) {
      pages = uint32_t{1} << frame.order;
      if (frame.order < kMaxOrder) {
        const FrameDescriptor& buddy = descriptors_[index ^ pages];
        if (buddy.state == FrameState::kFree && buddy.order == frame.order) return false;
      }
      free += PageCount{pages};
    } else if (frame.state == FrameState::kAllocated) {
      pages = frame.run_pages;
      allocated += PageCount{pages};
    } else if (frame.state != FrameState::kReserved ||
               UsableIn(FrameAt(index), FrameAt(index) + PageCount{1}).value != 0) {
      return false;
    }
    if (pages == 0 || pages > limit - index) return false;
    for (uint32_t inside = index + 1; inside < index + pages; ++inside) {
      if (descriptors_[inside].state != FrameState::kInside) return false;
    }
    index += pages;
  }
  return true;
}

}  // namespace mm
