// Looking at an address space: part of address_space.h.
#pragma once

#include "kernel/mm/space/address_space.h"

namespace mm {

template <SpaceTable Table>
template <class Visit>
void AddressSpace<Table>::ForEachVma(Visit&& visit) const {
  const locking::SpinLockHolder holder(lock_);
  areas_.ForEach([&](const Vma& vma) {
    if (vma.liveness == Liveness::kLive) visit(vma);
  });
}

template <SpaceTable Table>
std::optional<VmaReport> AddressSpace<Table>::FindFirstNotBelow(VirtAddr va) const {
  const locking::SpinLockHolder holder(lock_);
  const Vma* vma = areas_.FindFirstNotBelow(va);
  while (vma != nullptr && vma->liveness == Liveness::kDead) {
    vma = areas_.FindFirstNotBelow(vma->range.last() + 1);
  }
  if (vma == nullptr) return std::nullopt;
  return VmaReport{*vma, vma->range};
}

template <SpaceTable Table>
std::optional<VmaReport> AddressSpace<Table>::Find(VirtAddr va) const {
  std::optional<VmaReport> found = FindFirstNotBelow(va);
  if (found && !found->range.Contains(va)) found.reset();
  return found;
}

template <SpaceTable Table>
base::Result<SharedPlace> AddressSpace<Table>::FindSharedPlace(VirtAddr va) const {
  const locking::SpinLockHolder holder(lock_);
  const Vma* const vma = areas_.Find(va);
  if (vma == nullptr || vma->liveness == Liveness::kDead) [[unlikely]] {
    return std::unexpected(base::Error::kNotFound);
  }
  if (vma->sharing == Sharing::kPrivate || !vma->object) return SharedPlace{};
  return SharedPlace{.object = vma->object.get(),
                     .offset_bytes = vma->offset_bytes + (va - vma->range.base)};
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::Residency(const VirtRange& range,
                                              std::span<std::byte> pages) const {
  TRY(CheckRange(range));
  CHECK(pages.size() == PagesIn(range.size_bytes).value);
  const locking::SpinLockHolder holder(lock_);
  TRY(FindFilled(range, [](const Vma&) { return true; }).result);
  const Vma* vma = nullptr;
  for (size_t index = 0; index < pages.size(); ++index) {
    const VirtAddr va = range.base + PageCount{index};
    if (vma == nullptr || !vma->range.Contains(va)) vma = areas_.Find(va);
    const std::optional<uint64_t> number = vma->ObjectPageAt(va);
    const bool is_there =
        table_.PageAt(va).has_value() || (number && vma->object->HasPage(*number));
    pages[index] = std::byte{is_there};
  }
  return {};
}

template <SpaceTable Table>
VmaUsage AddressSpace<Table>::MeasureUsage(const VirtRange& range) const {
  constexpr PageCount kOne{1};
  VmaUsage usage;
  const locking::SpinLockHolder holder(lock_);
  table_.ForEachPage(range, [&](VirtAddr, const UserPage& page) {
    usage.resident += kOne;
    if (Has(page.access, Access::kWrite)) usage.writable += kOne;
    const uint32_t owners = frames_.Owners(page.frame);
    if (page.note == kOwn) {
      usage.own += kOne;
      if (owners > 1) usage.own_shared += kOne;
      usage.own_share_bytes += kPageSize / owners;
    } else if (page.frame == frames_.zero_frame()) {
      usage.zero += kOne;
    } else {
      // One of them is the object; a device's have none.
      const uint32_t entries = owners > 1 ? owners - 1 : 1;
      usage.object += kOne;
      if (entries > 1) usage.object_shared += kOne;
      usage.object_share_bytes += kPageSize / entries;
    }
  });
  return usage;
}

template <SpaceTable Table>
SpaceCounters AddressSpace<Table>::counters() const {
  const locking::SpinLockHolder holder(lock_);
  const VmaCounters& areas = areas_.counters();
  return {.areas = areas,
          .private_pages = areas.total - areas.shared,
          .physical_pages = resident_,
          .table_bytes = table_.table_bytes(),
          .area_bytes = areas_.bytes(),
          .area_count = areas_.size() - areas_.dead(),
          .dead_count = areas_.dead(),
          .heap_pages = PagesFor(break_ - heap_base_)};
}

template <SpaceTable Table>
PageCount AddressSpace<Table>::MostPages() const {
  const locking::SpinLockHolder holder(lock_);
  return areas_.peak();
}

// Each page belongs to an area.
template <SpaceTable Table>
base::Result<> AddressSpace<Table>::CheckInvariants() const {
  const locking::SpinLockHolder holder(lock_);
  TRY(areas_.CheckInvariants());
  TRY(table_.CheckInvariants());
  bool is_sound = true;
  uint64_t pages = 0;  // in areas
  const Vma* vma = areas_.FindFirstNotBelow(bounds().base);
  for (; vma != nullptr; vma = areas_.FindFirstNotBelow(vma->range.last() + 1)) {
    table_.ForEachPage(vma->range, [&](VirtAddr, const UserPage& page) {
      ++pages;
      is_sound &= IsPossible(*vma, page);
    });
  }
  uint64_t all_pages = 0;
  table_.ForEachPage(bounds(), [&](VirtAddr, const UserPage&) { ++all_pages; });
  is_sound &= pages == all_pages && pages == resident_.value;
  if (!is_sound) return std::unexpected(base::Error::kCorrupt);
  return {};
}

// A page grants no more than its area; what may be written without a fault is nobody else's.
template <SpaceTable Table>
bool AddressSpace<Table>::IsPossible(const Vma& vma, const UserPage& page) const {
  const bool is_dead = vma.liveness == Liveness::kDead;
  const bool is_device = vma.kind == VmaKind::kDevice;
  if (!Has(is_dead ? Access::kNone : vma.access, page.access)) return false;
  if (is_device != (page.note == kOfDevice)) return false;
  if (is_device || !Has(page.access, Access::kWrite)) return true;
  if (vma.sharing == Sharing::kShared) return page.note == kOfObject;
  return page.note == kOwn && !frames_.IsShared(page.frame);
}

}  // namespace mm
