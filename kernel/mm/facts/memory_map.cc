#include "kernel/mm/facts/memory_map.h"

#include <algorithm>

#include "kernel/base/check.h"

namespace mm {
namespace {

MemoryState StateOf(FirmwareKind kind) {
  switch (kind) {
    case FirmwareKind::kRam:
      return MemoryState::kUsable;
    case FirmwareKind::kAcpiReclaimable:
      return MemoryState::kFirmwareReclaimable;
    case FirmwareKind::kReserved:
    case FirmwareKind::kAcpiNvs:
      return MemoryState::kFirmwareReserved;
    case FirmwareKind::kUnusable:
      return MemoryState::kUnusable;
  }
  return MemoryState::kFirmwareReserved;  // a kind from a newer specification
}

// What is wrong with entry `index`, compared with the one before it.
std::optional<MapFaultKind> FindEntryFault(std::span<const FirmwareRange> ranges, size_t index) {
  const PhysRange range{ranges[index].base, ranges[index].size_bytes};
  if (range.IsEmpty()) return MapFaultKind::kZeroLength;
  if (range.Wraps()) return MapFaultKind::kWraps;
  if (index == 0) return std::nullopt;
  const PhysRange previous{ranges[index - 1].base, ranges[index - 1].size_bytes};
  if (range.base < previous.base) return MapFaultKind::kUnsorted;
  if (range.base <= previous.last()) return MapFaultKind::kOverlap;
  return std::nullopt;
}

// Whole pages of an entry; none when RAM has none.
std::optional<MemoryRegion> RoundToPages(const FirmwareRange& entry) {
  const MemoryState state = StateOf(entry.kind);
  const PhysRange range{entry.base, entry.size_bytes};
  FrameNumber first = FrameContaining(range.base);
  FrameNumber last = FrameContaining(range.last());
  if (state == MemoryState::kUsable) {
    if (!IsAligned(range.base, kPageSize)) ++first.value;
    // Whether the last frame ends with the range; a range may end at 2^64.
    const bool whole = (range.last().value & (kPageSize - 1)) == kPageSize - 1;
    const PageCount end_pages{last.value + (whole ? 1 : 0)};
    if (end_pages.value <= first.value) return std::nullopt;
    last = FrameNumber{end_pages.value - 1};
  }
  return MemoryRegion{first, (last - first) + PageCount{1}, state};
}

bool CanBeReserved(MemoryState state) {
  return state == MemoryState::kUsable || state == MemoryState::kFirmwareReclaimable;
}

constexpr bool AreOneRegion(const MemoryRegion& left, const MemoryRegion& right) {
  return left.state == right.state && left.last() + PageCount{1} == right.first;
}

}  // namespace

std::string_view MemoryStateName(MemoryState state) {
  switch (state) {
    case MemoryState::kUsable:
      return "usable";
    case MemoryState::kFirmwareReclaimable:
      return "firmware, reclaimable";
    case MemoryState::kFirmwareReserved:
      return "firmware, reserved";
    case MemoryState::kUnusable:
      return "unusable";
    case MemoryState::kFirmwareTables:
      return "firmware tables";
    case MemoryState::kKernelImage:
      return "kernel image";
    case MemoryState::kModule:
      return "module";
    case MemoryState::kKernelTables:
      return "kernel tables";
    case MemoryState::kPageDescriptors:
      return "page descriptors";
  }
  return "unknown";
}

void DescribeFault(base::Sink& sink, const MapFault& fault) {
  constexpr unsigned kKiBPerPage = kPageSize / 1024;
  switch (fault.kind) {
    case MapFaultKind::kTooManyRanges:
      return base::Print(sink, "memory map entry {} is more than there is room for", fault.index);
    case MapFaultKind::kZeroLength:
      return base::Print(sink, "memory map entry {} has length zero", fault.index);
    case MapFaultKind::kWraps:
      return base::Print(sink, "memory map entry {} wraps past the end of memory", fault.index);
    case MapFaultKind::kUnsorted:
      return base::Print(sink, "memory map entry {} is unsorted: it starts below the one before it",
                         fault.index);
    case MapFaultKind::kOverlap:
      return base::Print(sink, "memory map entry {} overlaps the one before it", fault.index);
    case MapFaultKind::kNoMemory:
      return base::Print(sink, "the memory map has no usable RAM");
    case MapFaultKind::kTooLittleMemory:
      return base::Print(sink, "too little RAM: {} KiB usable, {} KiB needed",
                         fault.usable.value * kKiBPerPage, fault.minimum.value * kKiBPerPage);
  }
}

std::expected<MemoryMap, MapFault> MemoryMap::FromFirmware(std::span<const FirmwareRange> ranges,
                                                           std::span<MemoryRegion> storage,
                                                           PageCount minimum) {
  MemoryMap map(storage);
  const auto fault_at = [&](MapFaultKind kind, size_t index) {
    return std::unexpected(MapFault{kind, index, map.UsablePages(), minimum});
  };
  for (size_t index = 0; index < ranges.size(); ++index) {
    if (const auto kind = FindEntryFault(ranges, index)) return fault_at(*kind, index);
    const std::optional<MemoryRegion> region = RoundToPages(ranges[index]);
    if (region && !map.Append(*region)) return fault_at(MapFaultKind::kTooManyRanges, index);
  }
  const PageCount usable = map.UsablePages();
  if (usable.value == 0) return fault_at(MapFaultKind::kNoMemory, ranges.size());
  if (usable < minimum) return fault_at(MapFaultKind::kTooLittleMemory, ranges.size());
  return map;
}

// Adds a region that starts no lower than in the last one's last page. False when there is no room.
bool MemoryMap::Append(MemoryRegion region) {
  if (count_ > 0) {
    MemoryRegion& previous = storage_[count_ - 1];
    if (previous.last() == region.first) {  // entries of firmware that share a page
      MemoryRegion& loser = region.state > previous.state ? previous : region;
      if (&loser == &region) ++region.first.value;
      loser.pages -= PageCount{1};
      if (previous.pages.value == 0) --count_;
      if (region.pages.value == 0) return true;
    }
  }
  if (count_ > 0 && AreOneRegion(storage_[count_ - 1], region)) {
    storage_[count_ - 1].pages += region.pages;
    return true;
  }
  if (count_ == storage_.size()) return false;
  storage_[count_++] = region;
  return true;
}

base::Result<> MemoryMap::Reserve(const PhysRange& range, MemoryState state) {
  if (range.IsEmpty() || range.Wraps() || state == MemoryState::kUsable) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  const FrameNumber first = FrameContaining(range.base);
  const FrameNumber last = FrameContaining(range.last());
  const size_t touched = LowerBound(first);
  if (touched == count_ || storage_[touched].first > last) {
    return std::unexpected(base::Error::kNotFound);
  }
  if (storage_.size() - count_ < 2) return std::unexpected(base::Error::kOutOfMemory);
  SplitAt(first);
  SplitAt(last + PageCount{1});
  for (size_t i = LowerBound(first); i < count_ && storage_[i].first <= last; ++i) {
    if (CanBeReserved(storage_[i].state)) storage_[i].state = state;
  }
  MergeNeighbours();
  return {};
}

PageCount MemoryMap::TotalPages(MemoryState state) const {
  PageCount total{0};
  for (const MemoryRegion& region : regions()) {
    if (region.state == state) total += region.pages;
  }
  return total;
}

const MemoryRegion* MemoryMap::FindRegion(FrameNumber frame) const {
  const size_t index = LowerBound(frame);
  return index < count_ && storage_[index].first <= frame ? &storage_[index] : nullptr;
}

const MemoryRegion* MemoryMap::FindNext(FrameNumber frame, MemoryState state) const {
  for (size_t i = LowerBound(frame); i < count_; ++i) {
    if (storage_[i].state == state) return &storage_[i];
  }
  return nullptr;
}

// The index of the first region whose last page is `frame` or above.
size_t MemoryMap::LowerBound(FrameNumber frame) const {
  const auto found = std::ranges::lower_bound(regions(), frame, {}, &MemoryRegion::last);
  return static_cast<size_t>(found - regions().begin());
}

// Makes `frame` the first of its region, if any holds it.
void MemoryMap::SplitAt(FrameNumber frame) {
  const size_t index = LowerBound(frame);
  if (index == count_ || storage_[index].first >= frame) return;
  CHECK(count_ < storage_.size());
  std::ranges::move_backward(storage_.subspan(index, count_ - index),
                             storage_.begin() + static_cast<ptrdiff_t>(count_ + 1));
  ++count_;
  MemoryRegion& low = storage_[index];
  MemoryRegion& high = storage_[index + 1];
  low.pages = frame - low.first;
  high.pages -= low.pages;
  high.first = frame;
}

void MemoryMap::MergeNeighbours() {
  size_t kept = 0;
  for (size_t i = 1; i < count_; ++i) {
    if (AreOneRegion(storage_[kept], storage_[i])) {
      storage_[kept].pages += storage_[i].pages;
    } else {
      storage_[++kept] = storage_[i];
    }
  }
  if (count_ > 0) count_ = kept + 1;
}

base::Result<> MemoryMap::CheckInvariants() const {
  for (size_t i = 0; i < count_; ++i) {
    if (storage_[i].pages.value == 0) return std::unexpected(base::Error::kCorrupt);
    if (i == 0) continue;
    const bool ascending = storage_[i - 1].last() < storage_[i].first;
    if (!ascending || AreOneRegion(storage_[i - 1], storage_[i])) {
      return std::unexpected(base::Error::kCorrupt);
    }
  }
  return {};
}

}  // namespace mm
