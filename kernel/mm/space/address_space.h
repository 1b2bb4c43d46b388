// The address space of a process: its areas (vma_set.h), the page table that shows them to the
// processor (space_table.h), and what a page fault does about the difference.
//
// Counted: who uses it holds a SpaceReference; the last one that ends takes it down. Every function
// takes the space's lock and may be called from any processor; nothing blocks. An object's and the
// frames' locks are taken inside it. A function that fails leaves everything as it was, unless it
// says otherwise.
//
// Ranges are whole pages. Errors of all functions that take one: kInvalidArgument (empty or
// wrapping), kNotAligned, kOutOfRange (neither within the process's own regions of the layout nor
// within that of shared blocks).
#pragma once

#include <algorithm>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <new>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/placement.h"
#include "kernel/mm/space/space_reference.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/mm/space/vma.h"
#include "kernel/mm/space/vma_set.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

// What all address spaces of a system share. Outlives them.
template <SpaceTable Table>
class SpacePool {
 public:
  // `nodes`: pages for the areas' indexes.
  SpacePool(SlabDepot& depot, PageSource& nodes, UserFrames& frames, const Placement& placement)
      : nodes_(nodes),
        frames_(frames),
        placement_(placement),
        vmas_(depot, {.name = "vma", .object_bytes = sizeof(Vma), .alignment = alignof(Vma)}),
        spaces_(depot, {.name = "address_space",
                        .object_bytes = sizeof(AddressSpace<Table>),
                        .alignment = alignof(AddressSpace<Table>)}) {}

  [[nodiscard]] UserFrames& frames() { return frames_; }
  [[nodiscard]] const Placement& placement() const { return placement_; }

 private:
  friend class AddressSpace<Table>;

  PageSource& nodes_;
  UserFrames& frames_;
  const Placement& placement_;
  SlabCache vmas_;
  SlabCache spaces_;
};

template <SpaceTable Table>
class AddressSpace final : public ObjectViewer {
 public:
  using Reference = SpaceReference<Table>;

  // Without areas. `table` has no pages. Error: kOutOfMemory.
  [[nodiscard]] static base::Result<Reference> Create(SpacePool<Table>& pool, Table table);

  // fork: the same areas, except dead ones, none of them locked. Pages of private areas become
  // common to both, to be copied when one of them writes. Error: kOutOfMemory; no page is lost, but
  // some may take a fault more.
  [[nodiscard]] base::Result<Reference> Clone() EXCLUDES(lock_);

  // --- Areas.

  // A new area; returns its address. Errors: kInvalidArgument (size, or what the request
  // contradicts), kOutOfRange (wrapping, too), kNotPermitted (rights beyond `may`, beyond those of
  // the layout's region, or writable and executable), kOverlap (Place::kExactlyFree, and something
  // is there), kOutOfMemory (no gap, or no memory).
  [[nodiscard]] base::Result<VirtAddr> Map(const MapRequest& request) EXCLUDES(lock_);

  // Nothing is left in `range`; holes do not matter. Error: kOutOfMemory (for an area that is cut).
  [[nodiscard]] base::Result<> Unmap(const VirtRange& range) EXCLUDES(lock_);

  // Other rights for all of `range`. Errors: kNotFound (a hole) and kNotPermitted (as Map()), where
  // what lies before has them; kOutOfMemory.
  [[nodiscard]] base::Result<> Protect(const VirtRange& range, Access access) EXCLUDES(lock_);

  // mremap: `range`, which is one area's or a part of it, has another size, and perhaps another
  // place. Its pages go with it. Errors: kNotFound (not one area), kOverlap (it cannot stay),
  // kInvalidArgument, kNotPermitted, kOutOfMemory (what was in the way at `va` may be gone).
  [[nodiscard]] base::Result<VirtAddr> Remap(const VirtRange& range, const RemapRequest& request)
      EXCLUDES(lock_);

  // The areas in `range` are none of the process's any more, at once: accesses fault, and the
  // addresses are free. Their frames come back with a sweep. Error: kOutOfMemory (for an area that
  // is cut).
  [[nodiscard]] base::Result<> MarkDead(const VirtRange& range) EXCLUDES(lock_);

  // Releases dead areas; returns the pages that they had.
  PageCount Sweep() EXCLUDES(lock_);

  // What can be had back without loss: dead areas, and entries of pages that an object keeps
  // anyhow, with their tables. Returns the pages unmapped.
  PageCount Scavenge() EXCLUDES(lock_);

  // --- Heap.

  // Where the heap begins. Called once, before SetBreak().
  void StartHeap(VirtAddr base) EXCLUDES(lock_);
  // brk: moves the heap's end, a byte address, and returns it. Errors: kInvalidArgument (below the
  // heap's base), kOverlap (something is in the way), kOutOfRange, kOutOfMemory.
  [[nodiscard]] base::Result<VirtAddr> SetBreak(VirtAddr last_plus_one) EXCLUDES(lock_);
  [[nodiscard]] VirtAddr Break() const EXCLUDES(lock_);
  // 0 before StartHeap().
  [[nodiscard]] VirtAddr HeapBase() const EXCLUDES(lock_);

  // How far stacks grow.
  void SetStackLimit(uint64_t bytes) EXCLUDES(lock_);

  // --- Pages.

  // Of a user's address, whoever used it. What paging cannot resolve (FaultCause) is kNotPermitted.
  [[nodiscard]] FaultOutcome HandleFault(FaultInfo fault) EXCLUDES(lock_);

  // Pages of `range` are made now. Errors: kNotFound (a hole), kNotPermitted (no right to read),
  // kOutOfMemory, kOutOfRange (beyond an object's end); those up to there are made.
  [[nodiscard]] base::Result<> Populate(const VirtRange& range) EXCLUDES(lock_);

  // Errors: kNotFound (a hole; the rest was done), kInvalidArgument (dropping locked pages).
  [[nodiscard]] base::Result<> Advise(const VirtRange& range, Advice advice) EXCLUDES(lock_);

  // mlock, munlock. With kYes the pages are made at once. Errors: kNotFound (a hole; nothing
  // changed), kOutOfMemory, and those of Populate(): the areas are locked then.
  [[nodiscard]] base::Result<> SetLocked(const VirtRange& range, Locked locked) EXCLUDES(lock_);

  // mlockall: how areas are locked from their beginning. Of this space, not of its clones.
  void SetFutureLocked(Locked locked) EXCLUDES(lock_);

  // Shows the pages of `range`, which are made if need be, to somebody else as they are now: calls
  // take(number, FrameReference&&) for each, whose result is a base::Result<>. A page of a private
  // area is copied if this space writes to it while the other has it; one of a shared area stays
  // shared. `take` may not call this space. Errors: kNotFound (a hole), kNotPermitted (no right to
  // read, or a device), kOutOfMemory, kOutOfRange (beyond an object's end), and those of `take`,
  // which is called for no further page then.
  template <class Take>
  [[nodiscard]] base::Result<> LendPages(const VirtRange& range, Take&& take) EXCLUDES(lock_);

  // mincore: for each page of `range` 1 if it needs no filling, else 0. `pages` has one for each.
  // Error: kNotFound (a hole).
  [[nodiscard]] base::Result<> Residency(const VirtRange& range, std::span<std::byte> pages) const
      EXCLUDES(lock_);

  // --- Looking.

  // The live area that contains `va`, or the first above it: a copy. To go through all, go on
  // behind the last byte of each.
  [[nodiscard]] std::optional<VmaReport> FindFirstNotBelow(VirtAddr va) const EXCLUDES(lock_);
  [[nodiscard]] std::optional<VmaReport> Find(VirtAddr va) const EXCLUDES(lock_);

  // Without a look at pages. Error: kNotFound (a hole).
  [[nodiscard]] base::Result<SharedPlace> FindSharedPlace(VirtAddr va) const EXCLUDES(lock_);

  // Calls `visit(const Vma&)` for each live area, ascending, with the lock held.
  template <class Visit>
  void ForEachVma(Visit&& visit) const EXCLUDES(lock_);

  // What the pages of `range` are. O(pages there).
  [[nodiscard]] VmaUsage MeasureUsage(const VirtRange& range) const EXCLUDES(lock_);

  [[nodiscard]] SpaceCounters counters() const EXCLUDES(lock_);
  // The most that all areas together have had, or were about to have.
  [[nodiscard]] PageCount MostPages() const EXCLUDES(lock_);
  [[nodiscard]] const VirtRange& bounds() const { return pool_.placement().bounds(); }
  [[nodiscard]] uint32_t uses() const { return uses_.load(std::memory_order_relaxed); }

  // For whoever switches to it. The lock orders changes of pages alone.
  [[nodiscard]] Table& table() { return table_; }

  // Error: kCorrupt. O(areas and pages).
  [[nodiscard]] base::Result<> CheckInvariants() const EXCLUDES(lock_);

  // --- For objects and references.

  [[nodiscard]] bool TryUse() override;
  void EndUse() override;
  void UnmapObject(MemoryObject& object, uint64_t first) override EXCLUDES(lock_);

 private:
  // Notes in the table's entries: where a page's contents come from.
  static constexpr uint8_t kOfObject = 0;  // the object's page, or the zero frame: can be had again
  static constexpr uint8_t kOwn = 1;       // anonymous, or a private copy
  static constexpr uint8_t kOfDevice = 2;  // the frame is not counted

  AddressSpace(SpacePool<Table>& pool, Table table)
      : pool_(pool),
        frames_(pool.frames_),
        table_(std::move(table)),
        areas_(pool.vmas_, pool.nodes_, *this) {}
  ~AddressSpace() = default;

  static bool Grants(Access access, AccessKind kind);
  static Access ReadOnly(Access access) { return Without(access, Access::kWrite); }

  // address_space_fault.h
  [[nodiscard]] FaultOutcome FillWithZeroes(const Vma& vma, const typename Table::Place& vacancy,
                                            AccessKind kind) REQUIRES(lock_);
  [[nodiscard]] FaultOutcome Resolve(Vma& vma, VirtAddr va, AccessKind kind) REQUIRES(lock_);
  [[nodiscard]] FaultOutcome ResolvePresent(Vma& vma, VirtAddr va, AccessKind kind) REQUIRES(lock_);
  [[nodiscard]] FaultOutcome ResolveOfObject(Vma& vma, VirtAddr va, uint64_t number,
                                             AccessKind kind) REQUIRES(lock_);
  [[nodiscard]] FaultOutcome MapNew(Vma& vma, VirtAddr va, AccessKind kind, FrameReference&& frame,
                                    const UserPage& page) REQUIRES(lock_);
  [[nodiscard]] FaultOutcome ResolveBelowStack(VirtAddr va, AccessKind kind) REQUIRES(lock_);
  [[nodiscard]] Vma* FindStackFor(VirtAddr va) REQUIRES(lock_);
  static FaultOutcome OutcomeOf(base::Error error);

  // address_space_map.h
  [[nodiscard]] base::Result<> CheckRange(const VirtRange& range) const;
  [[nodiscard]] base::Result<> CheckUnusualRange(const VirtRange& range) const;
  [[nodiscard]] static base::Result<> CheckRequest(const MapRequest& request);
  [[nodiscard]] static bool GoesWithObject(const MapRequest& request);
  // Where an area may go, and the most rights that pages there may have.
  struct Site {
    VirtAddr va;
    Access may;
  };
  [[nodiscard]] base::Result<Site> CheckPlace(const VirtRange& range,
                                              const VmaTraits& traits) const;
  [[nodiscard]] base::Result<Site> FindPlace(const MapRequest& request, const VmaTraits& traits)
      REQUIRES(lock_);
  [[nodiscard]] base::Result<Site> FindGap(uint64_t size_bytes, const VmaTraits& traits)
      REQUIRES(lock_);
  [[nodiscard]] base::Result<> MapAt(const VirtRange& range, const VmaTraits& traits)
      REQUIRES(lock_);
  [[nodiscard]] bool IsFreeOfLive(const VirtRange& range) const REQUIRES(lock_);
  // How much of `range`, from its base on, live areas fill that satisfy `is_right`; kNotFound for
  // a hole, kNotPermitted for one that does not.
  struct Filled {
    VirtRange range;
    Vma* first;  // the area at its base
    base::Result<> result;
  };
  template <class IsRight>
  [[nodiscard]] Filled FindFilled(const VirtRange& range, IsRight&& is_right) const REQUIRES(lock_);
  [[nodiscard]] base::Result<> UnmapLocked(const VirtRange& range) REQUIRES(lock_);
  void ReleasePages(const VirtRange& range) REQUIRES(lock_);
  void SweepIn(const VirtRange& range) REQUIRES(lock_);

  // address_space_change.h
  [[nodiscard]] base::Result<> ProtectLocked(const Filled& filled, Access completed)
      REQUIRES(lock_);
  void ProtectPagesOf(const Vma& vma, TlbBatch& batch) REQUIRES(lock_);
  void PopulateIfLocked(const VirtRange& range, const VmaTraits& traits) REQUIRES(lock_);
  void DropRefillable(const VirtRange& range) REQUIRES(lock_);
  [[nodiscard]] base::Result<> PopulateLocked(const VirtRange& range) REQUIRES(lock_);

  // address_space_heap.h
  [[nodiscard]] base::Result<> MoveHeapEnd(uint64_t size_bytes) REQUIRES(lock_);

  // address_space_remap.h
  [[nodiscard]] base::Result<> GrowInPlace(const VirtRange& range, uint64_t size_bytes)
      REQUIRES(lock_);
  [[nodiscard]] base::Result<VirtAddr> MoveArea(const VirtRange& range, const RemapRequest& request)
      REQUIRES(lock_);

  // address_space_inspect.h
  [[nodiscard]] bool IsPossible(const Vma& vma, const UserPage& page) const;

  // address_space_clone.h
  [[nodiscard]] base::Result<> CopyTo(AddressSpace& child) REQUIRES(lock_);
  [[nodiscard]] base::Result<> CopyAreasTo(AddressSpace& child) REQUIRES(lock_, child.lock_);
  [[nodiscard]] base::Result<> SharePages(const VirtRange& range, AddressSpace& child,
                                          TlbBatch& batch) REQUIRES(lock_, child.lock_);
  void TakeDown();

  SpacePool<Table>& pool_;
  UserFrames& frames_;
  std::atomic<uint32_t> uses_ = 1;
  mutable locking::SpinLock lock_;
  Table table_;
  VmaSet areas_ GUARDED_BY(lock_);
  PageCount resident_ GUARDED_BY(lock_);
  VirtAddr heap_base_ GUARDED_BY(lock_);
  VirtAddr break_ GUARDED_BY(lock_);
  uint64_t stack_limit_bytes_ GUARDED_BY(lock_) = Placement::kStackRoomBytes;
  Locked future_locked_ GUARDED_BY(lock_) = Locked::kNo;
};

}  // namespace mm

#include "kernel/mm/space/address_space_change.h"   // IWYU pragma: export
#include "kernel/mm/space/address_space_clone.h"    // IWYU pragma: export
#include "kernel/mm/space/address_space_fault.h"    // IWYU pragma: export
#include "kernel/mm/space/address_space_heap.h"     // IWYU pragma: export
#include "kernel/mm/space/address_space_inspect.h"  // IWYU pragma: export
#include "kernel/mm/space/address_space_lend.h"     // IWYU pragma: export
#include "kernel/mm/space/address_space_map.h"      // IWYU pragma: export
#include "kernel/mm/space/address_space_remap.h"    // IWYU pragma: export
