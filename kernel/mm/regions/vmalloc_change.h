// Making and freeing areas. Part of vmalloc.h; not to be included on its own.
#pragma once

#include "kernel/mm/regions/vmalloc.h"

namespace mm {

template <class Table, class Memory, FrameProvider Frames>
base::Result<VirtRange> Vmalloc<Table, Memory, Frames>::Allocate(const VmallocRequest& request) {
  VmallocArea* const area = TRY(
      AddArea(PagesFor(request.size_bytes), request.alignment, AreaKind::kMemory, request.name));
  base::Result<> made = TakeFrames(*area);
  if (made) made = MapFrames(*area, request.access);
  return TRY(FinishOrAbandon(*area, made))->range;
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<VirtAddr> Vmalloc<Table, Memory, Frames>::MapDevice(const PhysRange& target,
                                                                 std::string_view name) {
  if (target.IsEmpty() || target.Wraps()) return std::unexpected(base::Error::kInvalidArgument);
  const PhysAddr first_page = AlignDown(target.base, kPageSize);
  const PageCount pages{(AlignDown(target.last(), kPageSize) - first_page) / kPageSize + 1};
  VmallocArea* const area = TRY(AddArea(pages, kPageSize, AreaKind::kDevice, name));
  area->target = target;
  const base::Result<> mapped = [&] {
    const locking::SpinLockHolder holder(lock_);
    return table_.Map(area->range, first_page, Attributes(Access::kReadWrite, Caching::kDevice));
  }();
  return TRY(FinishOrAbandon(*area, mapped))->range.base + (target.base - first_page);
}

template <class Table, class Memory, FrameProvider Frames>
std::expected<void, AreaFault> Vmalloc<Table, Memory, Frames>::UnmapDevice(VirtAddr va) {
  const VirtAddr base = AlignDown(va, kPageSize);
  {
    const locking::SpinLockHolder holder(lock_);
    const auto area = areas_.FindLive(base, AreaKind::kDevice);
    if (!area) return std::unexpected(area.error());
    const uint64_t offset = (*area)->target.base.value & (kPageSize - 1);
    if (va - base != offset) return std::unexpected(AreaFault::kInteriorAddress);
  }
  return FreeArea(base, AreaKind::kDevice);
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<VirtRange> Vmalloc<Table, Memory, Frames>::Reserve(PageCount pages,
                                                                std::string_view name) {
  VmallocArea* const area = TRY(AddArea(pages, kPageSize, AreaKind::kReserved, name));
  return TRY(FinishOrAbandon(*area, {}))->range;
}

// Parked areas may be all that is missing.
template <class Table, class Memory, FrameProvider Frames>
base::Result<VmallocArea*> Vmalloc<Table, Memory, Frames>::AddArea(PageCount pages,
                                                                   uint64_t alignment,
                                                                   AreaKind kind,
                                                                   std::string_view name) {
  if (!std::has_single_bit(alignment)) return std::unexpected(base::Error::kInvalidArgument);
  const locking::SpinLockHolder holder(lock_);
  const uint64_t page_alignment = alignment < kPageSize ? kPageSize : alignment;
  base::Result<VmallocArea*> area = areas_.Add(pages, page_alignment, kind, name);
  if (!area && area.error() == base::Error::kOutOfMemory && areas_.has_parked()) {
    PurgeLocked();
    area = areas_.Add(pages, page_alignment, kind, name);
  }
  return area;
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<FrameNumber> Vmalloc<Table, Memory, Frames>::TakeFrame() {
  base::Result<FrameNumber> frame = frames_.AllocateFrame();
  if (!frame) {
    Purge();
    frame = frames_.AllocateFrame();
  }
  return frame;
}

// Chained through their descriptors, in the order of the pages.
template <class Table, class Memory, FrameProvider Frames>
base::Result<> Vmalloc<Table, Memory, Frames>::TakeFrames(VmallocArea& area) {
  FrameNumber previous;
  for (uint64_t page = 0; page < area.pages().value; ++page) {
    const FrameNumber frame = TRY(TakeFrame());
    if (page == 0) {
      area.first_frame = frame;
    } else {
      frames_.SetLink(previous, frame);
    }
    ++area.frames;
    previous = frame;
  }
  return {};
}

// Frames that follow each other are mapped at once.
template <class Table, class Memory, FrameProvider Frames>
base::Result<> Vmalloc<Table, Memory, Frames>::MapFrames(const VmallocArea& area, Access access) {
  const PageAttributes attributes = Attributes(access, Caching::kNormal);
  FrameNumber frame = area.first_frame;
  for (uint64_t page = 0; page < area.frames;) {
    const FrameNumber run_first = frame;
    uint64_t run = 1;
    while (page + run < area.frames) {
      const FrameNumber next = frames_.LinkOf(frame);
      frame = next;
      if (run == kMostPagesAtOnce.value || next != run_first + PageCount{run}) break;
      ++run;
    }
    const locking::SpinLockHolder holder(lock_);
    TRY(table_.Map({area.range.base + page * kPageSize, run * kPageSize}, BaseOf(run_first),
                   attributes));
    page += run;
  }
  return {};
}

template <class Table, class Memory, FrameProvider Frames>
std::expected<void, AreaFault> Vmalloc<Table, Memory, Frames>::FreeArea(VirtAddr base,
                                                                        AreaKind kind) {
  const locking::SpinLockHolder holder(lock_);
  const auto area = areas_.FindLive(base, kind);
  if (!area) return std::unexpected(area.error());
  ParkLocked(**area);
  if (areas_.parked_pages() > kMostParkedPages) PurgeLocked();
  return {};
}

// Of an area that could not be completed some may be mapped.
template <class Table, class Memory, FrameProvider Frames>
base::Result<VmallocArea*> Vmalloc<Table, Memory, Frames>::FinishOrAbandon(VmallocArea& area,
                                                                           base::Result<> made) {
  const locking::SpinLockHolder holder(lock_);
  if (made) {
    areas_.Finish(area);
    return &area;
  }
  ParkLocked(area);
  PurgeLocked();
  return std::unexpected(made.error());
}

// Areas are unmapped as they were mapped: no large page has to be split, so that it cannot fail.
template <class Table, class Memory, FrameProvider Frames>
void Vmalloc<Table, Memory, Frames>::ParkLocked(VmallocArea& area) {
  CHECK(table_.Unmap(area.range, batch_).has_value());
  areas_.Park(area);
}

template <class Table, class Memory, FrameProvider Frames>
void Vmalloc<Table, Memory, Frames>::PurgeLocked() {
  batch_.Flush(table_memory_);
  while (VmallocArea* const area = areas_.TakeParked()) {
    FrameNumber frame = area->first_frame;
    for (uint64_t left = area->frames; left > 0; --left) {
      const FrameNumber next = frames_.LinkOf(frame);
      frames_.FreeFrame(frame);
      frame = next;
    }
    areas_.Remove(*area);
  }
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<> Vmalloc<Table, Memory, Frames>::CheckInvariants() const {
  const locking::SpinLockHolder holder(lock_);
  TRY(areas_.CheckInvariants());
  base::Result<> result;
  // The analysis does not see that the lock is held in here.
  areas_.ForEach([&](const VmallocArea& area) NO_THREAD_SAFETY_ANALYSIS {
    if (result && area.kind != AreaKind::kReserved) result = CheckPages(area);
  });
  return result;
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<> Vmalloc<Table, Memory, Frames>::CheckPages(const VmallocArea& area) const {
  if (area.state == AreaState::kUnfinished) return {};
  const bool is_live = area.state == AreaState::kLive;
  FrameNumber frame = area.first_frame;
  for (uint64_t page = 0; page < area.pages().value; ++page) {
    const auto found = table_.Translate(area.range.base + page * kPageSize);
    if (found.has_value() != is_live) return std::unexpected(base::Error::kCorrupt);
    if (!is_live) continue;
    PhysAddr expected;
    if (area.kind == AreaKind::kMemory) {
      expected = BaseOf(frame);
      frame = frames_.LinkOf(frame);
    } else {
      expected = AlignDown(area.target.base, kPageSize) + page * kPageSize;
    }
    if (*found != expected) return std::unexpected(base::Error::kCorrupt);
  }
  if (table_.Translate(area.guard().base)) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
