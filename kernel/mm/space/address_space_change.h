// Rights, advice and locked pages: part of address_space.h.
#pragma once

#include "kernel/mm/space/address_space.h"

namespace mm {

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::Protect(const VirtRange& range, Access access) {
  TRY(CheckRange(range));
  const Access completed = CompletedAccess(access);
  if (IsRefusedAccess(completed)) {
    return std::unexpected(base::Error::kNotPermitted);
  }
  const locking::SpinLockHolder holder(lock_);
  const Filled filled = FindFilled(range, [&](const Vma& vma) { return Has(vma.may, completed); });
  if (!filled.range.IsEmpty()) TRY(ProtectLocked(filled, completed));
  return filled.result;
}

// Of areas that may have it.
template <SpaceTable Table>
base::Result<> AddressSpace<Table>::ProtectLocked(const Filled& filled, Access completed) {
  const VirtRange& range = filled.range;
  const VirtRange& first = filled.first->range;
  const uint64_t before = range.base - first.base;
  const uint64_t from_there = first.size_bytes - before;
  if (from_there >= range.size_bytes && filled.first->access == completed) return {};
  // What is cut out of the middle of an area differs from it on both sides.
  const bool is_middle = before > 0 && from_there > range.size_bytes;
  uint64_t left = range.size_bytes;
  TlbBatch batch = table_.NewBatch();
  for (Vma* vma = TRY(areas_.Isolate(range));; vma = vma->above) {
    if (vma->access != completed) {
      areas_.SetAccess(*vma, completed);
      ProtectPagesOf(*vma, batch);
    }
    left -= vma->range.size_bytes;
    if (left == 0) break;
  }
  table_.Flush(batch);
  if (!is_middle) areas_.JoinAround(range);
  return {};
}

// Makes the entries of an area what its access allows. What others show too stays read-only until
// somebody writes to it.
template <SpaceTable Table>
void AddressSpace<Table>::ProtectPagesOf(const Vma& vma, TlbBatch& batch) {
  // A closed page does not know how it was cached.
  if (vma.kind == VmaKind::kDevice) return ReleasePages(vma.range);
  const bool may_write_at_once =
      vma.sharing == Sharing::kShared || !Has(vma.access, Access::kWrite);
  table_.ProtectPages(vma.range, batch, [&](VirtAddr, const UserPage& page) {
    if (may_write_at_once || !frames_.IsShared(page.frame)) return vma.access;
    return ReadOnly(vma.access);
  });
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::Populate(const VirtRange& range) {
  TRY(CheckRange(range));
  const locking::SpinLockHolder holder(lock_);
  return PopulateLocked(range);
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::PopulateLocked(const VirtRange& range) {
  TRY(FindFilled(range, [](const Vma& vma) { return Has(vma.access, Access::kRead); }).result);
  Vma* vma = nullptr;
  for (uint64_t offset = 0; offset < range.size_bytes; offset += kPageSize) {
    const VirtAddr va = range.base + offset;
    if (vma == nullptr || !vma->range.Contains(va)) vma = areas_.Find(va);
    if (table_.PageAt(va)) continue;
    // Memory that is written sooner or later is had at once; what an object shows is not copied.
    const bool is_own = !vma->ObjectPageAt(va) && Has(vma->access, Access::kWrite);
    const AccessKind kind = is_own ? AccessKind::kWrite : AccessKind::kRead;
    switch (Resolve(*vma, va, kind)) {
      case FaultOutcome::kOutOfMemory:
        return std::unexpected(base::Error::kOutOfMemory);
      case FaultOutcome::kBeyondObject:
        return std::unexpected(base::Error::kOutOfRange);
      case FaultOutcome::kNotLoaded:
        return std::unexpected(base::Error::kNotFound);
      default:
        break;
    }
  }
  return {};
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::SetLocked(const VirtRange& range, Locked locked) {
  TRY(CheckRange(range));
  const locking::SpinLockHolder holder(lock_);
  TRY(FindFilled(range, [](const Vma&) { return true; }).result);
  (void)TRY(areas_.Isolate(range));
  areas_.SetLockedIn(range, locked);
  areas_.JoinAround(range);
  if (locked != Locked::kYes) return {};
  return PopulateLocked(range);
}

template <SpaceTable Table>
void AddressSpace<Table>::SetFutureLocked(Locked locked) {
  const locking::SpinLockHolder holder(lock_);
  future_locked_ = locked;
}

// What cannot be made now is made by faults, or not.
template <SpaceTable Table>
void AddressSpace<Table>::PopulateIfLocked(const VirtRange& range, const VmaTraits& traits) {
  if (traits.locked == Locked::kYes) (void)PopulateLocked(range);
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::Advise(const VirtRange& range, Advice advice) {
  TRY(CheckRange(range));
  const locking::SpinLockHolder holder(lock_);
  const base::Result<> filled = FindFilled(range, [](const Vma&) { return true; }).result;
  if (advice == Advice::kWillNeed) return filled;
  bool is_possible = true;
  areas_.ForEachIn(range, [&](const Vma& vma) {
    is_possible &= vma.locked == Locked::kNo && vma.kind != VmaKind::kDevice;
    is_possible &= advice != Advice::kFree || !vma.object;
  });
  if (!is_possible) return std::unexpected(base::Error::kInvalidArgument);
  ReleasePages(range);
  return filled;
}

// Unmaps the pages that are none of the process's own. Looks at stretches: twice as long after one
// without own pages, half as long where there are some.
template <SpaceTable Table>
void AddressSpace<Table>::DropRefillable(const VirtRange& range) {
  constexpr uint64_t kMostBytes = uint64_t{1} << 40;
  uint64_t bytes = kPageSize;
  VirtAddr at = range.base;
  for (;;) {
    const VirtRange stretch{at, std::min(bytes, range.last() - at + 1)};
    bool has_own = false;
    table_.ForEachPage(stretch,
                       [&](VirtAddr, const UserPage& page) { has_own |= page.note == kOwn; });
    if (has_own && bytes > kPageSize) {
      bytes /= 2;
      continue;
    }
    if (!has_own) {
      ReleasePages(stretch);
      bytes = std::min(2 * bytes, kMostBytes);
    }
    if (stretch.last() == range.last()) return;
    at = stretch.last() + 1;
  }
}

template <SpaceTable Table>
PageCount AddressSpace<Table>::Scavenge() {
  const locking::SpinLockHolder holder(lock_);
  const PageCount before = resident_;
  if (areas_.dead() > 0) SweepIn(bounds());
  Vma* vma = areas_.FindFirstNotBelow(bounds().base);
  while (vma != nullptr) {
    const bool is_kept = vma->object && vma->object->kind() == ObjectKind::kPaged;
    if (is_kept && vma->locked == Locked::kNo) DropRefillable(vma->range);
    vma = areas_.FindFirstNotBelow(vma->range.last() + 1);
  }
  return before - resident_;
}

}  // namespace mm
