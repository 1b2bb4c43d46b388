// Finding mistakes: the caller's, and our own.
#include "kernel/base/check.h"
#include "kernel/mm/heap/object_guard.h"
#include "kernel/mm/heap/slab_cache.h"

namespace mm {

std::optional<ObjectFault> SlabCache::FindFault(const void* object) const {
  if (!depot_.Covers(object)) return ObjectFault::kForeign;
  Slab* const slab = depot_.SlabOf(object);
  if (const auto fault = FindPlaceFault(slab, object)) return fault;
  const unsigned index = IndexIn(*slab, object);
  if constexpr (kDebug) {
    if (!slab->IsLive(index)) return ObjectFault::kDoubleFree;
    return std::nullopt;
  }
  const locking::SpinLockHolder hold(lock_);
  if (slab->IsFree(index)) return ObjectFault::kDoubleFree;
  return std::nullopt;
}

base::Result<void*> SlabCache::AllocateGuarded(size_t requested, Growth growth) {
  void* const object = TRY(AllocateRaw(growth));
  GuardAllocated(object, requested);
  return object;
}

void SlabCache::GuardAllocated(void* object, size_t requested) {
  Slab& slab = *depot_.SlabOf(object);
  CHECK(!slab.SetLive(IndexIn(slab, object)));
  const guard::Slot slot = SlotOf(object);
  const bool untouched = construct_ != nullptr ? slot.IsArmed() : slot.IsPoisonedFree();
  if (!untouched) depot_.Report(ObjectFault::kWrittenAfterFree, name_, object);
  if (construct_ != nullptr) {
    slot.Arm(requested);
  } else {
    slot.PoisonNew(requested);
  }
}

void SlabCache::FreeGuarded(void* object) {
  if (const auto fault = FindFault(object)) return depot_.Report(*fault, name_, object);
  const guard::Slot slot = SlotOf(object);
  if (!slot.IsArmed()) depot_.Report(ObjectFault::kOverrun, name_, object);
  Slab& slab = *depot_.SlabOf(object);
  // Of two processors that free it at once, one comes too late.
  if (!slab.ClearLive(IndexIn(slab, object))) {
    return depot_.Report(ObjectFault::kDoubleFree, name_, object);
  }
  if (construct_ != nullptr) {
    slot.Arm(object_bytes_);
  } else {
    slot.PoisonFree();
  }
  FreeRaw(object);
}

void SlabCache::PrepareObject(const Slab& slab, unsigned index) const {
  std::byte* const object = slab.objects + index * size_t{geometry_.stride()};
  if (construct_ != nullptr) construct_(object);
  if constexpr (kDebug) {
    const guard::Slot slot = SlotOf(object);
    if (construct_ != nullptr) {
      slot.Arm(object_bytes_);
    } else {
      slot.PoisonFree();
    }
  }
}

size_t SlabCache::UsableBytes(void* object) const {
  if constexpr (!kDebug) return object_bytes_;
  return SlotOf(object).requested();
}

void SlabCache::ChangeRequested(void* object, size_t requested) {
  if constexpr (!kDebug) return;
  const guard::Slot slot = SlotOf(object);
  if (!slot.IsArmed()) depot_.Report(ObjectFault::kOverrun, name_, object);
  slot.Arm(requested);
}

base::Result<> SlabCache::CheckInvariants() const {
  const locking::SpinLockHolder hold(lock_);
  size_t free_objects = 0;
  size_t slabs = 0;
  TRY(lists_.Check(free_objects, slabs));
  const bool sound = free_objects == free_objects_ && slabs <= slabs_ &&
                     objects_ >= free_objects_ + CountInMagazines();
  if (!sound) return std::unexpected(base::Error::kCorrupt);
  for (const auto& slot : magazines_) {
    Magazine& magazine = *slot.load(std::memory_order_acquire);
    if (magazine.count() > magazine.capacity()) return std::unexpected(base::Error::kCorrupt);
    for (uint32_t i = 0; i < magazine.count(); ++i) {
      const void* const object = magazine.objects()[i];
      const Slab* const slab = depot_.SlabOf(object);
      if (FindPlaceFault(slab, object) || slab->IsFree(IndexIn(*slab, object))) {
        return std::unexpected(base::Error::kCorrupt);
      }
    }
  }
  return {};
}

}  // namespace mm
