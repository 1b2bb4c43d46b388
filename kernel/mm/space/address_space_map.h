// Making areas and taking them away: part of address_space.h.
#pragma once

#include "kernel/mm/space/address_space.h"

namespace mm {

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::CheckRange(const VirtRange& range) const {
  const VirtRange& own = pool_.placement().own_bounds();
  const bool is_aligned = ((range.base.value | range.size_bytes) & (kPageSize - 1)) == 0;
  if (is_aligned && !range.IsEmpty() && range.size_bytes <= own.size_bytes &&
      range.base.value - own.base.value <= own.size_bytes - range.size_bytes) [[likely]] {
    return {};
  }
  return CheckUnusualRange(range);
}

template <SpaceTable Table>
[[gnu::noinline]] base::Result<> AddressSpace<Table>::CheckUnusualRange(
    const VirtRange& range) const {
  if (range.IsEmpty() || range.Wraps()) return std::unexpected(base::Error::kInvalidArgument);
  if (!range.IsAligned(kPageSize)) return std::unexpected(base::Error::kNotAligned);
  if (pool_.placement().shared_blocks().Contains(range)) return {};
  return std::unexpected(base::Error::kOutOfRange);
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::CheckRequest(const MapRequest& request) {
  const Access access = CompletedAccess(request.access);
  if (IsRefusedAccess(access) || !Has(CompletedAccess(request.may), access)) {
    return std::unexpected(base::Error::kNotPermitted);
  }
  const bool is_plain = request.kind == VmaKind::kAnonymous && !request.object &&
                        request.sharing == Sharing::kPrivate && request.limit_bytes == kNoLimit;
  if (request.size_bytes == 0 || (!is_plain && !GoesWithObject(request))) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  if (((request.size_bytes | request.offset_bytes) & (kPageSize - 1)) != 0) {
    return std::unexpected(base::Error::kNotAligned);
  }
  // The last byte's offset is a number, too.
  if (request.offset_bytes > kNoLimit - request.size_bytes) {
    return std::unexpected(base::Error::kOutOfRange);
  }
  return {};
}

// Whether kind, sharing and limit are possible with the request's object, or without one.
template <SpaceTable Table>
[[gnu::noinline]] bool AddressSpace<Table>::GoesWithObject(const MapRequest& request) {
  const bool is_device = request.kind == VmaKind::kDevice;
  const bool is_devices_object = request.object && request.object->kind() == ObjectKind::kDevice;
  const bool is_shared = request.sharing == Sharing::kShared;
  const bool has_limit = request.limit_bytes != kNoLimit;
  return is_device == is_devices_object && (!is_device || is_shared) &&
         (!is_shared || (request.object && !has_limit)) && (!has_limit || request.object) &&
         (request.kind != VmaKind::kStack || !request.object) &&
         (request.kind != VmaKind::kBlock || (is_shared && request.place == Place::kExactlyFree));
}

// Whether such an area may be there.
template <SpaceTable Table>
auto AddressSpace<Table>::CheckPlace(const VirtRange& range, const VmaTraits& traits) const
    -> base::Result<Site> {
  if (range.Wraps()) return std::unexpected(base::Error::kOutOfRange);
  TRY(CheckRange(range));
  const Region* const region = pool_.placement().RegionOf(range);
  if (region == nullptr || !pool_.placement().IsPlaceFor(traits.kind, range)) {
    return std::unexpected(base::Error::kOutOfRange);
  }
  if (!Placement::Admits(*region, traits.access, traits.kind)) {
    return std::unexpected(base::Error::kNotPermitted);
  }
  return Site{range.base, Placement::MostAccess(*region)};
}

template <SpaceTable Table>
bool AddressSpace<Table>::IsFreeOfLive(const VirtRange& range) const {
  bool is_free = true;
  areas_.ForEachIn(range, [&](const Vma& vma) { is_free &= vma.liveness == Liveness::kDead; });
  return is_free;
}

template <SpaceTable Table>
auto AddressSpace<Table>::FindPlace(const MapRequest& request, const VmaTraits& traits)
    -> base::Result<Site> {
  if (request.place == Place::kAnywhere) [[likely]]
    return FindGap(request.size_bytes, traits);
  const VirtRange range{request.va, request.size_bytes};
  const base::Result<Site> checked = CheckPlace(range, traits);
  if (request.place == Place::kHint) {
    if (checked && IsFreeOfLive(range)) return checked;
    return FindGap(request.size_bytes, traits);
  }
  if (!checked || request.place == Place::kExactly || IsFreeOfLive(range)) return checked;
  return std::unexpected(base::Error::kOverlap);
}

template <SpaceTable Table>
auto AddressSpace<Table>::FindGap(uint64_t size_bytes, const VmaTraits& traits)
    -> base::Result<Site> {
  const uint64_t pages = size_bytes >> kPageShift;
  for (;;) {
    for (const PlacementWindow& window : pool_.placement().WindowsFor(traits.kind, traits.access)) {
      if (pages > window.pages.pages()) continue;
      const auto found = areas_.FindGap({.pages = static_cast<PageIndex>(pages),
                                         .alignment = 1,
                                         .within = window.pages,
                                         .side = window.side});
      if (found) return Site{*found, window.may};
    }
    if (areas_.dead() == 0) return std::unexpected(base::Error::kOutOfMemory);
    SweepIn(bounds());
  }
}

template <SpaceTable Table>
base::Result<VirtAddr> AddressSpace<Table>::Map(const MapRequest& request) {
  TRY(CheckRequest(request));
  VmaTraits traits{.access = CompletedAccess(request.access),
                   .kind = request.kind,
                   .sharing = request.sharing,
                   .locked = request.locked,
                   .object = request.object,
                   .offset_bytes = request.object ? request.offset_bytes : 0,
                   .limit_bytes = request.limit_bytes};
  const locking::SpinLockHolder holder(lock_);
  const Site site = TRY(FindPlace(request, traits));
  const VirtRange range{site.va, request.size_bytes};
  traits.may = CompletedAccess(request.may) & site.may;
  if (future_locked_ != Locked::kNo) traits.locked = future_locked_;
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
  (void)TRY(areas_.Isolate(range));
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
  Vma* const vma = areas_.FindToChange(range.base);
  if (vma != nullptr) {
    const uint64_t before = range.base - vma->range.base;
    const uint64_t from_there = vma->range.size_bytes - before;
    if (range.size_bytes == from_there || (before == 0 && range.size_bytes < from_there)) {
      TRY(areas_.CutOff(*vma, range));
      ReleasePages(range);
      return {};
    }
  }
  if (vma == nullptr && areas_.IsFree(range)) return {};
  (void)TRY(areas_.Isolate(range));
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
  Vma* vma = areas_.FindToChange(range.base);
  Filled filled{{range.base, 0}, vma, {}};
  uint64_t passed_bytes = vma == nullptr ? 0 : range.base - vma->range.base;
  for (;;) {
    if (vma == nullptr || vma->liveness == Liveness::kDead) {
      filled.result = std::unexpected(base::Error::kNotFound);
      return filled;
    }
    if (!is_right(*vma)) {
      filled.result = std::unexpected(base::Error::kNotPermitted);
      return filled;
    }
    const uint64_t bytes = filled.range.size_bytes + (vma->range.size_bytes - passed_bytes);
    if (bytes >= range.size_bytes) {
      filled.range.size_bytes = range.size_bytes;
      return filled;
    }
    filled.range.size_bytes = bytes;
    passed_bytes = 0;
    vma = VmaSet::IsFollowed(*vma) ? vma->above : nullptr;
  }
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::MarkDead(const VirtRange& range) {
  TRY(CheckRange(range));
  const locking::SpinLockHolder holder(lock_);
  (void)TRY(areas_.Isolate(range));
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
