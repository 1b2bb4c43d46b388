// Pages of a region of the layout, for slabs: addresses are taken from the region, frames from
// wherever there are any, and a page that is given back is mapped no more.
//
// An object's address does not tell its frame here. So each page of the region has a descriptor of
// its own, in an array beside the region that is mapped as far as it has been needed.
#pragma once

#include <cstdint>
#include <cstring>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/frame_provider.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/ranges/range_allocator.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

// `Table` is a LockedTable<...> whose tables lie in a `Memory`. Any processor may call. Locking:
// one spin lock for addresses and the array; under it the table, its memory, frames and nodes are
// asked for more.
template <class Table, class Memory, FrameProvider Frames>
class RegionPages final : public PageSource {
 public:
  struct Statistics {
    PageCount pages;             // in use
    PageCount descriptor_pages;  // of the array, mapped
  };

  // How many addresses the descriptors of a region of `pages` take.
  [[nodiscard]] static constexpr PageCount DescriptorPagesFor(PageCount pages) {
    return PagesFor(pages.value * sizeof(FrameDescriptor));
  }

  // All of them outlive this. `nodes` has other pages than these.
  RegionPages(Table& table, Memory& table_memory, Frames& frames, PageSource& nodes)
      : table_(table), table_memory_(table_memory), frames_(frames), ranges_(nodes, kPageSize) {}
  RegionPages(const RegionPages&) = delete;
  RegionPages& operator=(const RegionPages&) = delete;
  // CHECKed: every page has been given back.
  ~RegionPages();

  // Called once, before all else. `region` and `array`, of DescriptorPagesFor() pages, map nothing
  // and are nobody else's. Errors: those of RangeAllocator::Start.
  [[nodiscard]] base::Result<> Start(const VirtRange& region, const VirtRange& array);

  // Aligned to their size; contents are arbitrary. On an error nothing has changed, except that
  // more of the array may be mapped.
  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override;
  // CHECKed: it is what AllocatePages() gave. No processor reaches the pages any more.
  void FreePages(void* pages, unsigned order) override;

  // Zero until somebody writes to them; there for every page up to the last one ever given.
  [[nodiscard]] PageDescriptors descriptors() const {
    return {PointerTo(region_.base), PagesIn(region_.size_bytes), AddressOfFirst()};
  }

  [[nodiscard]] const VirtRange& region() const { return region_; }
  [[nodiscard]] Statistics statistics() const;

  // kCorrupt when the addresses are unsound, or the page table shows anything but the pages in use.
  // Of unused addresses the first and the last page are looked at. O(pages in use).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static constexpr PageAttributes kAttributes = {.user = Access::kNone,
                                                 .kernel = Access::kReadWrite,
                                                 .caching = Caching::kNormal,
                                                 .scope = Scope::kGlobal};

  [[nodiscard]] uintptr_t AddressOfFirst() const {
    return static_cast<uintptr_t>(array_.base.value);
  }
  [[nodiscard]] VirtRange MappedArray() const REQUIRES(lock_) {
    return {array_.base, array_pages_.bytes()};
  }
  [[nodiscard]] base::Result<VirtRange> TakeAddresses(uint64_t bytes);
  [[nodiscard]] base::Result<> Describe(const VirtRange& pages) REQUIRES(lock_);
  [[nodiscard]] base::Result<> MapFrame(VirtAddr page);
  [[nodiscard]] base::Result<> MapFrames(const VirtRange& range);
  void UnmapFrames(const VirtRange& range);
  [[nodiscard]] bool IsMapped(const VirtRange& range) const;

  Table& table_;
  Memory& table_memory_;
  Frames& frames_;
  VirtRange region_;
  VirtRange array_;
  mutable locking::SpinLock lock_;
  RangeAllocator ranges_ GUARDED_BY(lock_);
  PageCount array_pages_ GUARDED_BY(lock_);
};

template <class Table, class Memory, FrameProvider Frames>
RegionPages<Table, Memory, Frames>::~RegionPages() {
  const locking::SpinLockHolder holder(lock_);
  CHECK(ranges_.statistics().allocated_ranges == 0);
  UnmapFrames(MappedArray());
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<> RegionPages<Table, Memory, Frames>::Start(const VirtRange& region,
                                                         const VirtRange& array) {
  CHECK(PagesIn(array.size_bytes) >= DescriptorPagesFor(PagesIn(region.size_bytes)));
  const locking::SpinLockHolder holder(lock_);
  TRY(ranges_.Start(region));
  region_ = region;
  array_ = array;
  return {};
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<void*> RegionPages<Table, Memory, Frames>::AllocatePages(unsigned order) {
  const VirtRange range = TRY(TakeAddresses(kPageSize << order));
  if (const base::Result<> mapped = MapFrames(range); !mapped) {
    const locking::SpinLockHolder holder(lock_);
    CHECK(ranges_.Free(range).has_value());
    return std::unexpected(mapped.error());
  }
  return PointerTo(range.base);
}

template <class Table, class Memory, FrameProvider Frames>
void RegionPages<Table, Memory, Frames>::FreePages(void* pages, unsigned order) {
  const VirtRange range{AddressOf(pages), kPageSize << order};
  {
    const locking::SpinLockHolder holder(lock_);
    CHECK(ranges_.FindAllocated(range.base) == range);
  }
  UnmapFrames(range);
  const locking::SpinLockHolder holder(lock_);
  CHECK(ranges_.Free(range).has_value());
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<VirtRange> RegionPages<Table, Memory, Frames>::TakeAddresses(uint64_t bytes) {
  const locking::SpinLockHolder holder(lock_);
  const VirtRange range = TRY(ranges_.AllocateAligned(bytes, bytes));
  if (const base::Result<> described = Describe(range); !described) {
    CHECK(ranges_.Free(range).has_value());
    return std::unexpected(described.error());
  }
  return range;
}

// The lowest addresses that fit are taken, so that the array grows no faster than what it is for.
template <class Table, class Memory, FrameProvider Frames>
base::Result<> RegionPages<Table, Memory, Frames>::Describe(const VirtRange& pages) {
  const PageCount described{region_.OffsetOf(pages.last()) / kPageSize + 1};
  while (array_pages_ < DescriptorPagesFor(described)) {
    const VirtAddr page = array_.base + array_pages_.bytes();
    TRY(MapFrame(page));
    std::memset(PointerTo(page), 0, kPageSize);
    array_pages_ += PageCount{1};
  }
  return {};
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<> RegionPages<Table, Memory, Frames>::MapFrame(VirtAddr page) {
  const FrameNumber frame = TRY(frames_.AllocateFrame());
  const base::Result<> mapped = table_.Map({page, kPageSize}, BaseOf(frame), kAttributes);
  if (!mapped) frames_.FreeFrame(frame);
  return mapped;
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<> RegionPages<Table, Memory, Frames>::MapFrames(const VirtRange& range) {
  for (uint64_t offset = 0; offset < range.size_bytes; offset += kPageSize) {
    if (const base::Result<> mapped = MapFrame(range.base + offset); !mapped) {
      UnmapFrames({range.base, offset});
      return mapped;
    }
  }
  return {};
}

// The table says which frames those were; until the flush they are chained by their descriptors.
template <class Table, class Memory, FrameProvider Frames>
void RegionPages<Table, Memory, Frames>::UnmapFrames(const VirtRange& range) {
  if (range.IsEmpty()) return;
  FrameNumber last;
  for (uint64_t offset = 0; offset < range.size_bytes; offset += kPageSize) {
    const auto target = table_.Translate(range.base + offset);
    CHECK(target.has_value());
    const FrameNumber frame = FrameContaining(*target);
    frames_.SetLink(frame, last);
    last = frame;
  }
  TlbBatch batch;
  CHECK(table_.Unmap(range, batch).has_value());
  batch.Flush(table_memory_);
  for (uint64_t left = PagesIn(range.size_bytes).value; left > 0; --left) {
    const FrameNumber frame = last;
    last = frames_.LinkOf(frame);
    frames_.FreeFrame(frame);
  }
}

template <class Table, class Memory, FrameProvider Frames>
auto RegionPages<Table, Memory, Frames>::statistics() const -> Statistics {
  const locking::SpinLockHolder holder(lock_);
  return {PagesIn(ranges_.statistics().allocated_bytes), array_pages_};
}

template <class Table, class Memory, FrameProvider Frames>
bool RegionPages<Table, Memory, Frames>::IsMapped(const VirtRange& range) const {
  for (uint64_t offset = 0; offset < range.size_bytes; offset += kPageSize) {
    if (!table_.Translate(range.base + offset)) return false;
  }
  return true;
}

template <class Table, class Memory, FrameProvider Frames>
base::Result<> RegionPages<Table, Memory, Frames>::CheckInvariants() const {
  const locking::SpinLockHolder holder(lock_);
  TRY(ranges_.CheckInvariants());
  bool sound = IsMapped(MappedArray());
  if (array_pages_ < PagesIn(array_.size_bytes)) {
    sound = sound && !table_.Translate(array_.base + array_pages_.bytes());
  }
  ranges_.ForEach([&](const VirtRange& range, RangeAllocator::State state) {
    if (state == RangeAllocator::State::kAllocated) {
      sound = sound && IsMapped(range);
    } else {
      sound = sound && !table_.Translate(range.base) && !table_.Translate(range.last());
    }
  });
  if (!sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
