// The areas of an address space, without their pages: kept apart exactly where they differ, and one
// where they do not.
//
// Not locked: the space's lock orders the calls. What fails leaves everything as it was.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/ranges/vma_index.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/vma.h"

namespace mm {

// Pages by what their areas are; those of dead areas are in none.
struct VmaCounters {
  PageCount total;
  PageCount shared;
  PageCount locked;
  PageCount stack;
  PageCount executable;

  friend constexpr bool operator==(const VmaCounters&, const VmaCounters&) = default;
};

class VmaSet {
 public:
  // As many as Linux has (vm.max_map_count): what a process can make the kernel spend on areas.
  static constexpr size_t kMostAreas = 65530;

  // `vmas` has objects of sizeof(Vma). `viewer` is whose areas they are, for their objects.
  VmaSet(SlabCache& vmas, PageSource& nodes, ObjectViewer& viewer)
      : vmas_(vmas), viewer_(viewer), index_(nodes) {}
  VmaSet(const VmaSet&) = delete;
  VmaSet& operator=(const VmaSet&) = delete;
  ~VmaSet() { Clear(); }

  // The area that contains `va`. Null when there is none. O(log n); a few instructions for the area
  // found or made last, where the next fault mostly is.
  [[nodiscard]] Vma* Find(VirtAddr va) const {
    if (IsIn(found_last_, va)) [[likely]]
      return found_last_;
    Vma* const found = index_.ValueNotAbove(va);
    return IsIn(found, va) ? found_last_ = found : nullptr;
  }
  // The same, or the next above, or below; and a change there need not search again.
  [[nodiscard]] Vma* FindToChange(VirtAddr va) const {
    Vma* const found = FindLastNotAbove(va);
    return IsIn(found, va) ? found : nullptr;
  }
  [[nodiscard]] Vma* FindFirstNotBelow(VirtAddr va) const {
    Vma* const found = FindLastNotAbove(va);
    return IsIn(found, va) ? found : AboveOf(found);
  }
  [[nodiscard]] Vma* FindLastNotAbove(VirtAddr va) const;

  // Calls `visit(Vma&)` for each area that `range` touches, ascending. `visit` may remove or cut
  // it; what it cuts off is not visited.
  template <class Visit>
  void ForEachIn(const VirtRange& range, Visit&& visit) const {
    const VirtAddr last = range.last();
    for (Vma* vma = FindFirstNotBelow(range.base); vma != nullptr && vma->range.base <= last;) {
      Vma* const next = vma->above;
      visit(*vma);
      vma = next;
    }
  }
  template <class Visit>
  void ForEach(Visit&& visit) const {
    for (Vma* vma = first_; vma != nullptr;) {
      Vma* const next = vma->above;
      visit(*vma);
      vma = next;
    }
  }

  // Whether the next area begins where this one ends.
  [[nodiscard]] static bool IsFollowed(const Vma& vma) {
    return vma.above != nullptr && vma.above->range.base - vma.range.base == vma.range.size_bytes;
  }

  // Whether anything lies in `range`.
  [[nodiscard]] bool IsFree(const VirtRange& range) const {
    const Vma* const next = FindFirstNotBelow(range.base);
    return next == nullptr || next->range.base > range.last();
  }

  // An area where none is, joined with its neighbours where they continue exactly. Errors:
  // kOverlap, kOutOfMemory, and those of VmaIndex::Insert().
  [[nodiscard]] base::Result<> Add(const VirtRange& range, const VmaTraits& traits);

  // An area that is like one of another set, as it is. Errors: as Add().
  [[nodiscard]] base::Result<> AddApart(const VirtRange& range, const VmaTraits& traits);

  // Fills this empty set with areas like those of `other`, none of which is dead or locked. Error:
  // kOutOfMemory; the set is empty then.
  [[nodiscard]] base::Result<> CopyFrom(const VmaSet& other);

  // Cuts the areas that reach over the ends of `range`; returns the first one in it, null when
  // there is none. Error: kOutOfMemory.
  [[nodiscard]] base::Result<Vma*> Isolate(const VirtRange& range);

  // Joins what continues exactly, at both ends of `range` and in it. Never fails.
  void JoinAround(const VirtRange& range);

  // One area in place of all in `range`, which is isolated. Error: kOutOfMemory.
  [[nodiscard]] base::Result<> ReplaceAll(const VirtRange& range, const VmaTraits& traits);

  // Takes a part away that has one of its ends, or both: less work than to cut it off first. Error:
  // kOutOfMemory, never for all of it.
  [[nodiscard]] base::Result<> CutOff(Vma& vma, const VirtRange& range);

  void Remove(Vma& vma);
  // All in `range`, which is isolated.
  void RemoveAll(const VirtRange& range) {
    ForEachIn(range, [this](Vma& vma) { Remove(vma); });
  }
  void Clear();

  // Grows or shrinks it at either end, between the same neighbours. What its bytes show moves with
  // its base. Errors: those of VmaIndex::Resize(); none when the base stays.
  [[nodiscard]] base::Result<> Resize(Vma& vma, const VirtRange& range);

  // Changes that are counted.
  void SetAccess(Vma& vma, Access access) {
    if (Has(vma.access, Access::kExecute) == Has(access, Access::kExecute)) [[likely]] {
      vma.access = access;
    } else {
      Change(vma, [&] { vma.access = access; });
    }
  }
  // Of all areas in `range`, which is isolated.
  void SetLockedIn(const VirtRange& range, Locked locked);
  void SetDeadIn(const VirtRange& range);

  // Error: kOutOfMemory (no room).
  [[nodiscard]] base::Result<VirtAddr> FindGap(const PageGap& gap) const {
    return index_.FindGap(gap);
  }

  [[nodiscard]] size_t size() const { return index_.size(); }
  // Dead ones among them.
  [[nodiscard]] size_t dead() const { return dead_; }
  [[nodiscard]] const VmaCounters& counters() const { return counters_; }
  // The most that `counters().total` has been.
  [[nodiscard]] PageCount peak() const { return std::max(peak_, counters_.total); }
  // What the areas take.
  [[nodiscard]] size_t bytes() const { return index_.bytes() + index_.size() * sizeof(Vma); }

  // Ranges agree with the index, traits are possible, counts are right, and no neighbours are left
  // that are to be one. Error: kCorrupt. O(n).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  enum class Side : uint8_t { kAdd, kRemove };

  [[nodiscard]] static bool IsIn(const Vma* vma, VirtAddr va) {
    return vma != nullptr && va.value - vma->range.base.value < vma->range.size_bytes;
  }
  // The area after `below`, or the first.
  [[nodiscard]] Vma* AboveOf(const Vma* below) const {
    return below == nullptr ? first_ : below->above;
  }
  // Before anything gets less.
  void NotePeak() { peak_ = peak(); }
  static void Count(VmaCounters& counters, const Vma& vma, Side side);
  template <class Set>
  void Change(Vma& vma, Set&& set) {
    NotePeak();
    Count(counters_, vma, Side::kRemove);
    std::forward<Set>(set)();
    Count(counters_, vma, Side::kAdd);
  }

  [[nodiscard]] base::Result<Vma*> Make(const VirtRange& range, const VmaTraits& traits);
  void Destroy(Vma& vma);
  [[nodiscard]] base::Result<> AddBetween(Vma* below, const VirtRange& range,
                                          const VmaTraits& traits);
  void Link(Vma& vma, Vma* below);
  void Unlink(Vma& vma);
  [[nodiscard]] base::Result<Vma*> Cut(Vma& lower, VirtAddr at);
  [[nodiscard]] bool JoinWithNext(Vma& lower);

  SlabCache& vmas_;
  ObjectViewer& viewer_;
  // Finding notes where: neither changes what there is.
  mutable VmaIndex<Vma*> index_;
  mutable Vma* found_last_ = nullptr;
  Vma* first_ = nullptr;
  VmaCounters counters_;
  PageCount peak_;
  size_t dead_ = 0;
};

}  // namespace mm
