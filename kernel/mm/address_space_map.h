// Making areas and taking them away: part of address_space.h.
#pragma once

#include "kernel/mm/address_space.h"

namespace mm {

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::CheckRange(const VirtRange& range) const {
  if (range.IsEmpty() || range.Wraps()) return std::unexpected(base::Error::kInvalidArgument);
  if (!range.IsAligned(kPageSize)) return std::unexpected(base::Error::kNotAligned);
  if (!bounds().Contains(range)) return std::unexpected(base::Error::kOutOfRange);
  return {};
}

template <SpaceTable Table>
base::Result<VmaTraits> AddressSpace<Table>::TraitsOf(const MapRequest& request) const {
  const Access access = CompletedAccess(request.access);
  const Access may = CompletedAccess(request.may);
  if (IsRefusedAccess(access) || !Has(may, access)) {
    return std::unexpected(base::Error::kNotPermitted);
  }
  const bool is_device = request.kind == VmaKind::kDevice;
  const bool is_devices_object = request.object && request.object->kind() == ObjectKind::kDevice;
  const bool is_shared = request.sharing == Sharing::kShared;
  const bool has_limit = request.limit_bytes != kNoLimit;
  if (request.size_bytes == 0 || is_device != is_devices_object || (is_device && !is_shared) ||
      (is_shared && (!request.object || has_limit)) || (has_limit && !request.object) ||
      (request.kind == VmaKind::kStack && request.object)) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  if (!base::IsAligned(request.size_bytes, kPageSize) ||
      !base::IsAligned(request.offset_bytes, kPageSize)) {
    return std::unexpected(base::Error::kNotAligned);
  }
  // The last byte's offset is a number, too.
  if (request.offset_bytes > kNoLimit - request.size_bytes) {
    return std::unexpected(base::Error::kOutOfRange);
  }
  return VmaTraits{.access = access,
                   .may = may,
                   .kind = request.kind,
                   .sharing = request.sharing,
                   .locked = request.locked,
                   .object = request.object,
                   .offset_bytes = request.object ? request.offset_bytes : 0,
                   .limit_bytes = request.limit_bytes};
}

// Whether such an area may be there.
template <SpaceTable Table>
base::Result<> AddressSpace<Table>::CheckPlace(const VirtRange& range,
                                               const VmaTraits& traits) const {
  if (range.Wraps()) return std::unexpected(base::Error::kOutOfRange);
  TRY(CheckRange(range));
  const Region* const region = pool_.placement().RegionOf(range);
  if (region == nullptr) return std::unexpected(base::Error::kOutOfRange);
  if (!Placement::Admits(*region, traits.access, traits.kind)) {
    return std::unexpected(base::Error::kNotPermitted);
  }
  return {};
}

// What pages there may become, as far as the region admits it. CheckPlace() found it possible.
template <SpaceTable Table>
Access AddressSpace<Table>::MayOf(const VirtRange& range, const VmaTraits& traits) const {
  const Region* const region = pool_.placement().RegionOf(range);
  CHECK(region != nullptr);
  return Has(region->user, Access::kImage) ? traits.may : traits.may & region->user;
}

template <SpaceTable Table>
bool AddressSpace<Table>::IsFreeOfLive(const VirtRange& range) const {
  bool is_free = true;
  areas_.ForEachIn(range, [&](const Vma& vma) { is_free &= vma.liveness == Liveness::kDead; });
  return is_free;
}

template <SpaceTable Table>
base::Result<VirtAddr> AddressSpace<Table>::FindPlace(const MapRequest& request,
                                                      const VmaTraits& traits) {
  if (request.place != Place::kAnywhere) {
    const VirtRange range{request.va, request.size_bytes};
    const base::Result<> checked = CheckPlace(range, traits);
    if (request.place == Place::kHint) {
      if (checked && IsFreeOfLive(range)) return request.va;
    } else {
      TRY(checked);
      if (request.place == Place::kExactly || IsFreeOfLive(range)) return request.va;
      return std::unexpected(base::Error::kOverlap);
    }
  }
  for (;;) {
    for (const PlacementWindow& window : pool_.placement().WindowsFor(traits.kind, traits.access)) {
      const auto found = areas_.FindGap(
          {.size_bytes = request.size_bytes, .within = window.range, .side = window.side});
      if (found) return *found;
    }
    if (areas_.dead() == 0) return std::unexpected(base::Error::kOutOfMemory);
    SweepIn(bounds());
  }
}

template <SpaceTable Table>
base::Result<VirtAddr> AddressSpace<Table>::Map(const MapRequest& request) {
  VmaTraits traits = TRY(TraitsOf(request));
  const locking::SpinLockHolder holder(lock_);
  const VirtRange range{TRY(FindPlace(request, traits)), request.size_bytes};
  traits.may = MayOf(range, traits);
  traits.locked = std::max(traits.locked, future_locked_);
  TRY(MapAt(range, traits));
  PopulateIfLocked(range, traits);
  return range.base;
}

// In place of what is there.
template <SpaceTable Table>
base::Result<> AddressSpace<Table>::MapAt(const VirtRange& range, const VmaTraits& traits) {
  const base::Result<> added = areas_.Add(range, traits);
  if (added || added.error() != base::Error::kOverlap) [[likely]]
    return added;
  TRY(areas_.Isolate(range));
  const base::Result<> replaced = areas_.ReplaceAll(range, traits);
  if (!replaced) {
    areas_.JoinAround(range);
    return replaced;
  }
  ReleasePages(range);
  return {};
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::Unmap(const VirtRange& range) {
  TRY(CheckRange(range));
  const locking::SpinLockHolder holder(lock_);
  return UnmapLocked(range);
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::UnmapLocked(const VirtRange& range) {
  Vma* const vma = areas_.Find(range.base);
  if (vma != nullptr && vma->range.Contains(range) &&
      (vma->range.base == range.base || vma->range.last() == range.last())) {
    TRY(areas_.CutOff(*vma, range));
    ReleasePages(range);
    return {};
  }
  if (vma == nullptr && areas_.IsFree(range)) return {};
  TRY(areas_.Isolate(range));
  ReleasePages(range);
  areas_.RemoveAll(range);
  return {};
}

// Takes all pages out of the table; what nobody else shows is freed.
template <SpaceTable Table>
void AddressSpace<Table>::ReleasePages(const VirtRange& range) {
  uint64_t pages = 0;
  table_.UnmapPages(range, [&](VirtAddr, const UserPage& page) {
    if (page.note != kOfDevice) frames_.Drop(page.frame);
    ++pages;
  });
  resident_ -= PageCount{pages};
}

template <SpaceTable Table>
template <class IsRight>
auto AddressSpace<Table>::FindFilled(const VirtRange& range, IsRight&& is_right) const -> Filled {
  Filled filled{{range.base, 0}, {}};
  VirtAddr next = range.base;
  for (;;) {
    const Vma* const vma = areas_.Find(next);
    if (vma == nullptr || vma->liveness == Liveness::kDead) {
      filled.result = std::unexpected(base::Error::kNotFound);
      return filled;
    }
    if (!is_right(*vma)) {
      filled.result = std::unexpected(base::Error::kNotPermitted);
      return filled;
    }
    const VirtAddr last = std::min(vma->range.last(), range.last());
    filled.range = FromFirstToLast(range.base, last);
    if (last == range.last()) return filled;
    next = last + 1;
  }
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::MarkDead(const VirtRange& range) {
  TRY(CheckRange(range));
  const locking::SpinLockHolder holder(lock_);
  TRY(areas_.Isolate(range));
  areas_.SetDeadIn(range);
  TlbBatch batch = table_.NewBatch();
  table_.ProtectPages(range, batch, [](VirtAddr, const UserPage&) { return Access::kNone; });
  table_.Flush(batch);
  return {};
}

template <SpaceTable Table>
void AddressSpace<Table>::SweepIn(const VirtRange& range) {
  Vma* vma = areas_.FindFirstNotBelow(range.base);
  while (vma != nullptr && vma->range.base <= range.last()) {
    const VirtAddr last = vma->range.last();
    if (vma->liveness == Liveness::kDead) {
      ReleasePages(vma->range);
      areas_.Remove(*vma);
    }
    vma = areas_.FindFirstNotBelow(last + 1);
  }
}

template <SpaceTable Table>
PageCount AddressSpace<Table>::Sweep() {
  const locking::SpinLockHolder holder(lock_);
  const PageCount before = resident_;
  if (areas_.dead() > 0) SweepIn(bounds());
  return before - resident_;
}

}  // namespace mm
