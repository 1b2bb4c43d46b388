// Between magazines and slabs, and between slabs and pages.
#include <algorithm>
#include <bit>
#include <cstring>

#include "kernel/base/bits.h"
#include "kernel/mm/heap/object_guard.h"
#include "kernel/mm/heap/slab_cache.h"

namespace mm {
namespace {

// How many objects ahead slab records are fetched: about as many as a processor fetches at once.
constexpr size_t kAhead = 16;

}  // namespace

base::Result<size_t> SlabCache::TakeObjects(void** objects, size_t wanted, Growth growth) {
  while (true) {
    size_t pages = 0;
    {
      const locking::SpinLockHolder hold(lock_);
      ++refills_;
      const size_t taken = TakeFromSlabs(objects, wanted);
      if (taken > 0) return taken;
      pages = pages_;
    }
    if (growth == Growth::kForbidden) return std::unexpected(base::Error::kOutOfMemory);
    // Pages and constructors without the lock. Another processor may then be faster to take all
    // objects of the new slab.
    Slab* const slab = TRY(MakeSlab(pages));
    const locking::SpinLockHolder hold(lock_);
    Adopt(*slab);
  }
}

base::Result<void*> SlabCache::TakeSpareObject(size_t kept) {
  const locking::SpinLockHolder hold(lock_);
  if (free_objects_ <= kept) {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  void* object = nullptr;
  static_cast<void>(TakeFromSlabs(&object, 1));
  return object;
}

base::Result<void*> SlabCache::Lend(size_t requested) {
  void* const object = TRY(TakeSpareObject(geometry_.ObjectsIn(geometry_.max_order())));
  if constexpr (kDebug) GuardAllocated(object, requested);
  return object;
}

// A magazine gives out what lies highest, so it is filled downwards.
size_t SlabCache::TakeFromSlabs(void** objects, size_t wanted) {
  void** const limit = objects + wanted;
  void** lowest = limit;
  while (lowest != objects) {
    Slab* const slab = lists_.Fullest();
    if (slab == nullptr) break;
    lowest = TakeFromSlab(*slab, objects, lowest);
  }
  const auto taken = static_cast<size_t>(limit - lowest);
  if (lowest != objects) std::memmove(objects, lowest, taken * sizeof(void*));
  free_objects_ -= taken;
  return taken;
}

void** SlabCache::TakeFromSlab(Slab& slab, void** objects, void** lowest) {
  void** const before = lowest;
  const size_t stride = geometry_.stride();
  std::byte* row_base = slab.objects;
  for (uint64_t& row : slab.free_rows()) {
    uint64_t bits = row;
    while (bits != 0 && lowest != objects) {
      *--lowest = row_base + static_cast<unsigned>(std::countr_zero(bits)) * stride;
      bits &= bits - 1;
    }
    row = bits;
    if (lowest == objects) break;
    row_base += kSlabRowBits * stride;
  }
  slab.free_count = static_cast<uint16_t>(slab.free_count - (before - lowest));
  lists_.Update(slab);
  return lowest;
}

Slab* SlabCache::ReturnObject(void* object) {
  Slab* const slab = depot_.SlabOf(object);
  if (const auto fault = FindPlaceFault(slab, object)) [[unlikely]] {
    depot_.Report(*fault, name_, object);
    return nullptr;
  }
  const unsigned index = IndexIn(*slab, object);
  uint64_t& row = slab->rows()[Slab::RowOf(index)];
  const uint64_t bit = Slab::MaskOf(index);
  if ((row & bit) != 0) [[unlikely]] {
    depot_.Report(ObjectFault::kDoubleFree, name_, object);
    return nullptr;
  }
  row |= bit;
  ++slab->free_count;
  ++free_objects_;
  return slab;
}

void SlabCache::ReturnObjects(void* const* objects, size_t count) {
  // The records of objects freed at random are all over the place: the processor fetches the next
  // ones while it works on those that have come.
  for (size_t i = 0; i < std::min(count, kAhead); ++i) depot_.PrefetchSlabOf(objects[i]);
  Slab* dropped = nullptr;
  {
    const locking::SpinLockHolder hold(lock_);
    ++flushes_;
    for (size_t i = 0; i < count; ++i) {
      if (i + kAhead < count) depot_.PrefetchSlabOf(objects[i + kAhead]);
      Slab* const slab = ReturnObject(objects[i]);
      if (slab == nullptr || slab->free_count != slab->rises_at) [[likely]]
        continue;
      lists_.Update(*slab);
      if (!IsSpare(*slab)) continue;
      Abandon(*slab);
      slab->next = dropped;
      dropped = slab;
    }
  }
  DropAll(dropped);
}

// An empty slab goes, unless its objects are what the next refill would miss.
bool SlabCache::IsSpare(const Slab& slab) const {
  return slab.list == SlabLists::kEmpty && free_objects_ - slab.object_count >= magazine_capacity_;
}

std::optional<ObjectFault> SlabCache::FindPlaceFault(const Slab* slab, const void* object) const {
  if (slab == nullptr) [[unlikely]]
    return ObjectFault::kForeign;
  if (slab->cache != this) [[unlikely]]
    return ObjectFault::kWrongCache;
  const auto offset = static_cast<size_t>(static_cast<const std::byte*>(object) - slab->objects);
  const unsigned index = geometry_.IndexOf(offset);
  if (index * geometry_.stride() != offset || index >= slab->object_count) [[unlikely]] {
    return ObjectFault::kInterior;
  }
  return std::nullopt;
}

void SlabCache::Adopt(Slab& slab) {
  lists_.Add(slab);
  ++slabs_;
  pages_ += size_t{1} << slab.order;
  objects_ += slab.object_count;
  free_objects_ += slab.object_count;
}

void SlabCache::Abandon(Slab& slab) {
  lists_.Remove(slab);
  --slabs_;
  pages_ -= size_t{1} << slab.order;
  objects_ -= slab.object_count;
  free_objects_ -= slab.object_count;
}

base::Result<Slab*> SlabCache::MakeSlab(size_t pages_held) {
  unsigned order = geometry_.OrderAfter(pages_held);
  base::Result<Slab*> made = TryMakeSlab(order);
  // Large runs end before memory does.
  while (!made && order > 0 && geometry_.ObjectsIn(order - 1) > 0) {
    made = TryMakeSlab(--order);
  }
  Slab& slab = *TRY(made);
  for (unsigned index = 0; index < slab.object_count; ++index) PrepareObject(slab, index);
  return &slab;
}

base::Result<Slab*> SlabCache::TryMakeSlab(unsigned order) {
  return depot_.MakeSlab(*this, order, geometry_.ObjectsIn(order), size_class_);
}

void SlabCache::DropAll(Slab* slabs) {
  while (slabs != nullptr) {
    Slab& slab = *slabs;
    slabs = slab.next;
    depot_.DropSlab(slab);
  }
}

size_t SlabCache::DropEmptySlabs() {
  Slab* dropped = nullptr;
  size_t pages = 0;
  {
    const locking::SpinLockHolder hold(lock_);
    while (Slab* const slab = lists_.first_empty()) {
      Abandon(*slab);
      pages += size_t{1} << slab->order;
      slab->next = dropped;
      dropped = slab;
    }
  }
  DropAll(dropped);
  return pages;
}

}  // namespace mm
