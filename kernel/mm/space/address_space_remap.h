// mremap: part of address_space.h.
#pragma once

#include "kernel/mm/space/address_space.h"

namespace mm {

template <SpaceTable Table>
base::Result<VirtAddr> AddressSpace<Table>::Remap(const VirtRange& range,
                                                  const RemapRequest& request) {
  TRY(CheckRange(range));
  if (request.size_bytes == 0) return std::unexpected(base::Error::kInvalidArgument);
  if (!base::IsAligned(request.size_bytes, kPageSize)) {
    return std::unexpected(base::Error::kNotAligned);
  }
  const locking::SpinLockHolder holder(lock_);
  const Vma* const vma = areas_.Find(range.base);
  if (vma == nullptr || vma->liveness == Liveness::kDead || !vma->range.Contains(range)) {
    return std::unexpected(base::Error::kNotFound);
  }
  // All processes have it there.
  if (vma->kind == VmaKind::kBlock) return std::unexpected(base::Error::kNotPermitted);
  if (request.move == RemapRequest::Move::kExactly) return MoveArea(range, request);
  if (request.size_bytes <= range.size_bytes) {
    const uint64_t left = range.size_bytes - request.size_bytes;
    if (left > 0) TRY(UnmapLocked({range.base + request.size_bytes, left}));
    return range.base;
  }
  const base::Result<> grown = GrowInPlace(range, request.size_bytes);
  if (grown) return range.base;
  if (request.move == RemapRequest::Move::kStay) return std::unexpected(grown.error());
  return MoveArea(range, request);
}

// The area goes on behind `range`, which is all of its upper part.
template <SpaceTable Table>
base::Result<> AddressSpace<Table>::GrowInPlace(const VirtRange& range, uint64_t size_bytes) {
  const Vma& vma = *areas_.Find(range.base);
  const uint64_t added_bytes = size_bytes - range.size_bytes;
  const VirtAddr last = range.last();
  if (vma.range.last() != last || last == bounds().last()) {
    return std::unexpected(base::Error::kOverlap);
  }
  const VirtRange added{last + 1, added_bytes};
  (void)TRY(CheckPlace(added, vma));
  if (!IsFreeOfLive(added)) return std::unexpected(base::Error::kOverlap);
  if (areas_.dead() > 0) SweepIn(added);
  return areas_.Add(added, WithoutFirst(vma, vma.range.size_bytes));
}

// To another place: first an area there, without pages, then the pages, then the old area goes.
template <SpaceTable Table>
base::Result<VirtAddr> AddressSpace<Table>::MoveArea(const VirtRange& range,
                                                     const RemapRequest& request) {
  const Vma& vma = *areas_.Find(range.base);
  VmaTraits traits = WithoutFirst(vma, range.base - vma.range.base);
  MapRequest wanted{.size_bytes = request.size_bytes};
  if (request.move == RemapRequest::Move::kExactly) {
    wanted.place = Place::kExactly;
    wanted.va = request.va;
    const VirtRange target{request.va, request.size_bytes};
    const base::Result<Site> checked = CheckPlace(target, traits);
    if (!checked && checked.error() == base::Error::kNotPermitted) {
      return std::unexpected(checked.error());
    }
    if (!checked || target.Overlaps(range)) {
      return std::unexpected(base::Error::kInvalidArgument);
    }
  }
  const Site site = TRY(FindPlace(wanted, traits));
  const VirtAddr to = site.va;
  const VirtRange target{to, request.size_bytes};
  traits.may = traits.may & site.may;
  // Cut first: what comes after the pages have moved must not need memory.
  (void)TRY(areas_.Isolate(range));
  base::Result<> result = UnmapLocked(target);
  if (result) result = areas_.AddApart(target, traits);
  if (result) {
    const uint64_t moved_bytes = std::min(range.size_bytes, request.size_bytes);
    result = table_.MovePages({range.base, moved_bytes}, to);
    if (!result) areas_.Remove(*areas_.Find(to));
  }
  if (!result) {
    areas_.JoinAround(range);
    return std::unexpected(result.error());
  }
  ReleasePages(range);
  areas_.RemoveAll(range);
  areas_.JoinAround(target);
  return to;
}

}  // namespace mm
