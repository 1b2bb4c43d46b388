#include "kernel/mm/frame_allocator.h"

#include <algorithm>
#include <bit>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace mm {
namespace {

constexpr PageCount kBlock = FrameAllocator::kMaxRun;

constexpr FrameNumber BlockDown(FrameNumber frame) {
  return {base::AlignDown(frame.value, kBlock.value)};
}
constexpr FrameNumber BlockUp(FrameNumber frame) {
  return {base::AlignUp(frame.value, kBlock.value)};
}

// From the first usable frame's block to the last one's; {0, 0} when there is none.
struct Span {
  FrameNumber first;
  FrameNumber limit;
};

Span DescribedSpan(const MemoryMap& map) {
  Span span{{0}, {0}};
  for (const MemoryRegion& region : map.regions()) {
    if (region.state != MemoryState::kUsable) continue;
    if (span.limit.value == 0) span.first = BlockDown(region.first);
    span.limit = BlockUp(region.last() + PageCount{1});
  }
  return span;
}

}  // namespace

std::string_view ZoneName(ZoneKind kind) {
  switch (kind) {
    case ZoneKind::kDma:
      return "dma";
    case ZoneKind::kNormal:
      return "normal";
    case ZoneKind::kHigh:
      return "high";
  }
  return "unknown";
}

std::string_view FreeFaultName(FreeFault fault) {
  switch (fault) {
    case FreeFault::kDoubleFree:
      return "double free";
    case FreeFault::kReserved:
      return "free of a reserved frame";
    case FreeFault::kOutOfRange:
      return "free of a frame out of range";
    case FreeFault::kMisaligned:
      return "free from the middle of a run";
    case FreeFault::kWrongLength:
      return "free of a run with another length";
  }
  return "unknown";
}

size_t FrameAllocator::DescriptorsFor(const MemoryMap& map) {
  const Span span = DescribedSpan(map);
  return static_cast<size_t>((span.limit - span.first).value);
}

base::Result<FrameAllocator> FrameAllocator::Create(const MemoryMap& map, const ZoneLimits& limits,
                                                    std::span<FrameDescriptor> storage) {
  for (const FrameNumber limit : {limits.normal_first, limits.high_first}) {
    if (limit != BlockDown(limit)) return std::unexpected(base::Error::kNotAligned);
  }
  const Span span = DescribedSpan(map);
  const uint64_t count = (span.limit - span.first).value;
  if (count >= kNoFrame) return std::unexpected(base::Error::kOutOfRange);
  if (storage.size() < count || limits.high_first < limits.normal_first) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  FrameAllocator allocator(map, storage.first(static_cast<size_t>(count)), span.first);
  const FrameNumber normal = std::clamp(limits.normal_first, span.first, span.limit);
  const FrameNumber high = std::clamp(limits.high_first, span.first, span.limit);
  allocator.AddZone(ZoneKind::kDma, span.first, normal);
  allocator.AddZone(ZoneKind::kNormal, normal, high);
  allocator.AddZone(ZoneKind::kHigh, high, span.limit);
  return allocator;
}

FrameAllocator::FrameAllocator(const MemoryMap& map, std::span<FrameDescriptor> storage,
                               FrameNumber first)
    : map_(&map), descriptors_(storage), first_(first) {}

void FrameAllocator::AddZone(ZoneKind kind, FrameNumber first, FrameNumber limit) {
  Zone& zone = zones_[static_cast<size_t>(kind)];
  zone.first = first;
  zone.limit = limit;
  zone.prepared = first;
  zone.usable = UsableIn(first, limit);
  zone.unprepared = zone.usable;
  zone.heads.fill(kNoFrame);
}

FrameAllocator::Zone& FrameAllocator::ZoneOf(FrameNumber frame) {
  Zone* found = zones_.begin();
  while (frame >= found->limit) ++found;
  return *found;
}

PageCount FrameAllocator::UsableIn(FrameNumber first, FrameNumber limit) const {
  PageCount usable{0};
  while (first < limit) {
    const MemoryRegion* const region = map_->FindNext(first, MemoryState::kUsable);
    if (region == nullptr || region->first >= limit) break;
    const FrameNumber after = region->last() + PageCount{1};
    usable += std::min(after, limit) - std::max(region->first, first);
    first = after;
  }
  return usable;
}

base::Result<FrameNumber> FrameAllocator::Allocate(PageCount pages, ZoneKind highest) {
  if (pages.value == 0 || pages > kMaxRun) return std::unexpected(base::Error::kInvalidArgument);
  const unsigned order = static_cast<unsigned>(std::bit_width(pages.value - 1));
  for (size_t kind = static_cast<size_t>(highest) + 1; kind-- > 0;) {
    Zone& zone = zones_[kind];
    uint32_t index = 0;
    while (!TakeBlock(zone, order, index) && PrepareBlock(zone)) {
    }
    if (index == kNoFrame) continue;
    FrameDescriptor& head = descriptors_[index];
    head.state = FrameState::kAllocated;
    head.run_pages = static_cast<uint32_t>(pages.value);
    const FrameNumber first = FrameAt(index);
    AddFreeFrames(zone, first + pages, PageCount{(uint64_t{1} << order) - pages.value});
    return first;
  }
  return std::unexpected(base::Error::kOutOfMemory);
}

std::expected<void, FreeFault> FrameAllocator::Free(FrameNumber first, PageCount pages) {
  if (first < first_ || (first - first_).value >= descriptors_.size()) {
    return std::unexpected(FreeFault::kOutOfRange);
  }
  Zone& zone = ZoneOf(first);
  const uint32_t index = IndexOf(first);
  if (first >= zone.prepared) {  // never handed out
    const MemoryRegion* const region = map_->FindRegion(first);
    const bool usable = region != nullptr && region->state == MemoryState::kUsable;
    return std::unexpected(usable ? FreeFault::kDoubleFree : FreeFault::kReserved);
  }
  if (descriptors_[IndexOf(BlockDown(first))].state == FrameState::kHole) {
    return std::unexpected(FreeFault::kReserved);
  }
  FrameDescriptor& head = descriptors_[index];
  if (head.state != FrameState::kAllocated) return std::unexpected(ExplainRefusal(index));
  if (head.run_pages != pages.value) return std::unexpected(FreeFault::kWrongLength);
  head.state = FrameState::kInside;
  AddFreeFrames(zone, first, pages);
  return {};
}

// `index` is prepared and starts no allocated run.
FreeFault FrameAllocator::ExplainRefusal(uint32_t index) const {
  if (descriptors_[index].state == FrameState::kReserved) return FreeFault::kReserved;
  for (unsigned order = 0; order <= kMaxOrder; ++order) {
    const uint32_t start = static_cast<uint32_t>(base::AlignDown(index, uint64_t{1} << order));
    const FrameDescriptor& head = descriptors_[start];
    if (head.state == FrameState::kFree && index - start < uint32_t{1} << head.order) break;
    const bool in_run = head.state == FrameState::kAllocated && index - start < head.run_pages;
    if (in_run) return FreeFault::kMisaligned;
  }
  return FreeFault::kDoubleFree;
}

// Frees `pages` frames inside one block, as few aligned power-of-two blocks as they make.
void FrameAllocator::AddFreeFrames(Zone& zone, FrameNumber first, PageCount pages) {
  uint32_t index = IndexOf(first);
  uint32_t left = static_cast<uint32_t>(pages.value);
  while (left > 0) {
    const int alignment = std::countr_zero(index | kMaxRun.value);
    const int size = std::bit_width(left) - 1;
    const unsigned order = static_cast<unsigned>(std::min(alignment, size));
    FreeBlock(zone, index, order);
    index += uint32_t{1} << order;
    left -= uint32_t{1} << order;
  }
}

// Sets `index` to a block of at least 2^order frames, cut to that size; kNoFrame when there is
// none.
bool FrameAllocator::TakeBlock(Zone& zone, unsigned order, uint32_t& index) {
  const uint32_t fitting = zone.filled_orders >> order << order;
  if (fitting == 0) {
    index = kNoFrame;
    return false;
  }
  unsigned have = static_cast<unsigned>(std::countr_zero(fitting));
  index = zone.heads[have];
  Unlink(zone, index);
  while (have > order) {  // the upper half goes back
    --have;
    Link(zone, index + (uint32_t{1} << have), have);
  }
  return true;
}

void FrameAllocator::FreeBlock(Zone& zone, uint32_t index, unsigned order) {
  while (order < kMaxOrder) {
    const uint32_t buddy = index ^ (uint32_t{1} << order);
    const FrameDescriptor& other = descriptors_[buddy];
    if (other.state != FrameState::kFree || other.order != order) break;
    Unlink(zone, buddy);
    index = std::min(index, buddy);
    ++order;
  }
  Link(zone, index, order);
}

void FrameAllocator::Link(Zone& zone, uint32_t index, unsigned order) {
  uint32_t& head = zone.heads[order];
  FrameDescriptor& frame = descriptors_[index];
  frame.next = head;
  frame.previous = kNoFrame;
  frame.state = FrameState::kFree;
  frame.order = static_cast<uint8_t>(order);
  if (head != kNoFrame) descriptors_[head].previous = index;
  head = index;
  zone.filled_orders |= uint32_t{1} << order;
  ++zone.lengths[order];
  zone.listed += PageCount{uint64_t{1} << order};
}

// Leaves the block as if inside another one.
void FrameAllocator::Unlink(Zone& zone, uint32_t index) {
  FrameDescriptor& frame = descriptors_[index];
  const unsigned order = frame.order;
  if (frame.next != kNoFrame) descriptors_[frame.next].previous = frame.previous;
  if (frame.previous != kNoFrame) {
    descriptors_[frame.previous].next = frame.next;
  } else {
    zone.heads[order] = frame.next;
    if (frame.next == kNoFrame) zone.filled_orders &= ~(uint32_t{1} << order);
  }
  frame.state = FrameState::kInside;
  --zone.lengths[order];
  zone.listed -= PageCount{uint64_t{1} << order};
}

}  // namespace mm
