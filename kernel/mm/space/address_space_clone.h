// The beginning and the end of address spaces, and pages that an object loses: part of
// address_space.h.
#pragma once

#include "kernel/mm/space/address_space.h"

namespace mm {

template <SpaceTable Table>
auto AddressSpace<Table>::Create(SpacePool<Table>& pool, Table table) -> base::Result<Reference> {
  void* const memory = TRY(pool.spaces_.Allocate());
  return Reference(*new (memory) AddressSpace(pool, std::move(table)));
}

template <SpaceTable Table>
auto AddressSpace<Table>::Clone() -> base::Result<Reference> {
  Reference child = TRY(Create(pool_, TRY(table_.CreateEmpty())));
  const locking::SpinLockHolder holder(lock_);
  TRY(CopyTo(*child));
  return child;
}

// Nobody else knows the child yet.
template <SpaceTable Table>
base::Result<> AddressSpace<Table>::CopyTo(AddressSpace& child) {
  const locking::SpinLockHolder holder(child.lock_);
  child.heap_base_ = heap_base_;
  child.break_ = break_;
  child.stack_limit_bytes_ = stack_limit_bytes_;
  TRY(CopyAreasTo(child));
  TlbBatch batch = table_.NewBatch();
  base::Result<> result;
  const Vma* vma = areas_.FindFirstNotBelow(bounds().base);
  for (; result && vma != nullptr; vma = vma->above) {
    // What an object shows to all is found again when it is used. Area by area: a walk over all of
    // them would look at every entry of the tables between.
    const bool is_copied = vma->liveness == Liveness::kLive && vma->sharing == Sharing::kPrivate;
    if (is_copied) result = SharePages(vma->range, child, batch);
  }
  table_.Flush(batch);
  return result;
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::CopyAreasTo(AddressSpace& child) {
  if (areas_.dead() == 0 && areas_.counters().locked == PageCount{0}) [[likely]] {
    return child.areas_.CopyFrom(areas_);
  }
  // Areas that only a lock kept apart are one in the child.
  const Vma* vma = areas_.FindFirstNotBelow(bounds().base);
  for (; vma != nullptr; vma = vma->above) {
    if (vma->liveness == Liveness::kDead) continue;
    VmaTraits traits = *vma;
    traits.locked = Locked::kNo;
    TRY(child.areas_.Add(vma->range, traits));
  }
  return {};
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::SharePages(const VirtRange& range, AddressSpace& child,
                                               TlbBatch& batch) {
  size_t pages = 0;
  const auto share = [&] [[gnu::always_inline]] (FrameNumber frame) -> base::Result<> {
    TRY(frames_.AddOwner(frame));
    ++pages;
    return {};
  };
  const base::Result<> shared = table_.SharePages(range, child.table_, batch, share);
  child.resident_ += PageCount{pages};
  return shared;
}

template <SpaceTable Table>
bool AddressSpace<Table>::TryUse() {
  uint32_t uses = uses_.load(std::memory_order_relaxed);
  do {
    if (uses == 0) return false;
  } while (!uses_.compare_exchange_weak(uses, uses + 1, std::memory_order_relaxed));
  return true;
}

template <SpaceTable Table>
void AddressSpace<Table>::EndUse() {
  if (uses_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  TakeDown();
  SlabCache& spaces = pool_.spaces_;
  this->~AddressSpace();
  spaces.Free(this);
}

template <SpaceTable Table>
void AddressSpace<Table>::TakeDown() {
  const locking::SpinLockHolder holder(lock_);
  table_.Retire();
  size_t pages = 0;
  const auto drop = [&] [[gnu::always_inline]] (VirtAddr, const UserPage& page) {
    if (page.note != kOfDevice) frames_.Drop(page.frame);
    ++pages;
  };
  // Area by area, as in CopyTo().
  const Vma* vma = areas_.FindFirstNotBelow(bounds().base);
  while (vma != nullptr) {
    const Vma* const above = vma->above;
    const auto next = above == nullptr ? std::nullopt : std::optional(above->range.base);
    table_.UnmapRetired(vma->range, next, drop);
    vma = above;
  }
  CHECK(resident_ == PageCount{pages});
  resident_ = {};
  areas_.Clear();
}

template <SpaceTable Table>
void AddressSpace<Table>::UnmapObject(MemoryObject& object, uint64_t first) {
  const locking::SpinLockHolder holder(lock_);
  Vma* vma = areas_.FindFirstNotBelow(bounds().base);
  for (; vma != nullptr; vma = areas_.FindFirstNotBelow(vma->range.last() + 1)) {
    if (vma->object.get() != &object) continue;
    object.MarkSeen(vma->view);
    const uint64_t first_byte = PageCount{first}.bytes();
    const uint64_t kept = first_byte > vma->offset_bytes ? first_byte - vma->offset_bytes : 0;
    const uint64_t shown = PagesFor(std::min(vma->range.size_bytes, vma->limit_bytes)).bytes();
    if (kept < shown) ReleasePages({vma->range.base + kept, shown - kept});
  }
}

}  // namespace mm
