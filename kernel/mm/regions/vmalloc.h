// vmalloc and vfree: kernel memory that is contiguous in addresses only, each area between guard
// pages; and the same for other things that live in the layout's vmalloc region.
//
// Freeing is lazy. vfree unmaps an area at once, but a processor may still reach its frames through
// its TLB, so addresses and frames are parked; one flush for many areas gives all of them back:
// when there are kMostParkedPages, when memory or addresses end, or when somebody asks.
//
// Locking: one spin lock for areas, page table and batch. Under it the page table and the nodes'
// source take frames: their locks come after this one. Memory's own frames are taken before it.
#pragma once

#include <bit>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/frame_provider.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/regions/vmalloc_areas.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

struct VmallocRequest {
  uint64_t size_bytes = 0;  // rounded up to pages
  // For whom: appears in lists and fault messages; outlives the area.
  std::string_view name = {};
  Access access = Access::kReadWrite;
  uint64_t alignment = kPageSize;  // a power of two
};

// `Table` is a LockedTable<...> whose tables lie in a `Memory`.
template <class Table, class Memory, FrameProvider Frames>
class Vmalloc {
 public:
  // 2 MiB: a flush costs each processor its whole TLB, some thousands of cycles, and is forgotten
  // beside the zeroing of as much.
  static constexpr PageCount kMostParkedPages{512};

  // All of them outlive this. Others may change the table only outside the region.
  Vmalloc(Table& table, Memory& table_memory, Frames& frames, PageSource& nodes)
      : areas_(nodes), table_(table), table_memory_(table_memory), frames_(frames) {}
  Vmalloc(const Vmalloc&) = delete;
  Vmalloc& operator=(const Vmalloc&) = delete;
  // Frees what is parked. What is live stays mapped and is lost.
  ~Vmalloc() { Purge(); }

  // Called once, before all else. Errors: those of VmallocAreas::Start.
  [[nodiscard]] base::Result<> Start(const VirtRange& region) {
    const locking::SpinLockHolder holder(lock_);
    return areas_.Start(region);
  }

  // vmalloc: pages wherever there are any, contents arbitrary. Errors: kInvalidArgument (no bytes,
  // wrong alignment), kUnsupported (no entry grants this access), kOutOfMemory. On an error nothing
  // has changed, except that what was parked may have been purged.
  [[nodiscard]] base::Result<VirtRange> Allocate(const VmallocRequest& request);

  // vfree: what Allocate() gave, by its first address. Never fails for lack of memory.
  [[nodiscard]] std::expected<void, AreaFault> Free(VirtAddr base) {
    return FreeArea(base, AreaKind::kMemory);
  }

  // Maps the pages that hold `target`, which need not be aligned, as device registers; ioremap() is
  // how to ask for them. The result is the address of its first byte. Errors: kInvalidArgument
  // (empty or wrapping), kOutOfMemory, and what Table::Map says.
  [[nodiscard]] base::Result<VirtAddr> MapDevice(const PhysRange& target, std::string_view name);
  // What MapDevice() gave.
  [[nodiscard]] std::expected<void, AreaFault> UnmapDevice(VirtAddr va);

  // Addresses without memory, between guards; their owner maps there what he likes, and nothing any
  // more when he releases them. Errors: those of Allocate().
  [[nodiscard]] base::Result<VirtRange> Reserve(PageCount pages, std::string_view name);
  [[nodiscard]] std::expected<void, AreaFault> Release(VirtAddr base) {
    return FreeArea(base, AreaKind::kReserved);
  }

  // One TLB flush; then all that is parked comes back.
  void Purge() {
    const locking::SpinLockHolder holder(lock_);
    PurgeLocked();
  }

  // The area at `va` or beside it. O(log n).
  [[nodiscard]] std::optional<AreaPlace> Find(VirtAddr va) const {
    const locking::SpinLockHolder holder(lock_);
    return areas_.Find(va);
  }
  // The same for a fault's last words: the lock's holder may be who made the fault.
  [[nodiscard]] std::optional<AreaPlace> FindUnlocked(VirtAddr va) const
      NO_THREAD_SAFETY_ANALYSIS {  // nobody else runs any more
    return areas_.Find(va);
  }

  // Every area, ascending. `visit(const VmallocArea&)` must not call back. O(n).
  template <class Visitor>
  void ForEachArea(Visitor&& visit) const {
    const locking::SpinLockHolder holder(lock_);
    areas_.ForEach(visit);
  }

  [[nodiscard]] VmallocAreas::Statistics statistics() const {
    const locking::SpinLockHolder holder(lock_);
    return areas_.statistics();
  }

  // kCorrupt when the areas are unsound, or the page table shows anything else in the region than
  // the live areas of memory and devices. O(pages).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  // Interrupts are off for no longer than it takes to map so many.
  static constexpr PageCount kMostPagesAtOnce{64};

  [[nodiscard]] base::Result<VmallocArea*> AddArea(PageCount pages, uint64_t alignment,
                                                   AreaKind kind, std::string_view name);
  [[nodiscard]] base::Result<> TakeFrames(VmallocArea& area);
  [[nodiscard]] base::Result<FrameNumber> TakeFrame();
  [[nodiscard]] base::Result<> MapFrames(const VmallocArea& area, Access access);
  [[nodiscard]] std::expected<void, AreaFault> FreeArea(VirtAddr base, AreaKind kind);
  // The end of making an area: live, or gone.
  [[nodiscard]] base::Result<VmallocArea*> FinishOrAbandon(VmallocArea& area, base::Result<> made);
  void ParkLocked(VmallocArea& area) REQUIRES(lock_);
  void PurgeLocked() REQUIRES(lock_);
  [[nodiscard]] base::Result<> CheckPages(const VmallocArea& area) const REQUIRES(lock_);

  static constexpr PageAttributes Attributes(Access access, Caching caching) {
    return {.user = Access::kNone, .kernel = access, .caching = caching, .scope = Scope::kGlobal};
  }

  mutable locking::SpinLock lock_;
  VmallocAreas areas_ GUARDED_BY(lock_);
  Table& table_ GUARDED_BY(lock_);
  Memory& table_memory_ GUARDED_BY(lock_);
  TlbBatch batch_ GUARDED_BY(lock_);
  Frames& frames_;
};

}  // namespace mm

#include "kernel/mm/regions/vmalloc_change.h"  // IWYU pragma: export
