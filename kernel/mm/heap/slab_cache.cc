#include "kernel/mm/heap/slab_cache.h"

#include <algorithm>
#include <cstring>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/mm/heap/object_guard.h"

namespace mm {
namespace {

// Room for a burst of 64 and as many more, unless that is too much memory to keep at hand.
constexpr size_t kMaxMagazineObjects = 126;
constexpr size_t kMinMagazineObjects = 4;
constexpr size_t kMagazineObjectBytes = size_t{64} << 10;

size_t MagazineCapacity(const SlabOptions& options) {
  if (options.magazine_objects != 0) return options.magazine_objects;
  return std::clamp(kMagazineObjectBytes / options.object_bytes, kMinMagazineObjects,
                    kMaxMagazineObjects);
}

size_t StrideOf(const SlabOptions& options) {
  CHECK(options.object_bytes > 0 && options.object_bytes <= SlabCache::kMaxObjectBytes);
  CHECK(options.alignment >= sizeof(void*) && options.alignment <= kPageSize);
  return static_cast<size_t>(
      base::AlignUp(options.object_bytes + guard::kExtraBytes, options.alignment));
}

}  // namespace

SlabCache::SlabCache(SlabDepot& depot, const SlabOptions& options)
    : depot_(depot),
      name_(options.name),
      construct_(options.construct),
      geometry_(StrideOf(options), options.slab_objects),
      object_bytes_(static_cast<uint32_t>(options.object_bytes)),
      magazine_capacity_(static_cast<uint16_t>(MagazineCapacity(options))),
      size_class_(static_cast<uint8_t>(options.size_class)) {
  CHECK(magazine_capacity_ >= 2 && magazine_capacity_ <= kMaxMagazineObjects);
  for (auto& magazine : magazines_) magazine.store(&no_magazine, std::memory_order_relaxed);
  depot_.Enlist(*this);
}

SlabCache::~SlabCache() {
  depot_.Strike(*this);
  for (auto& slot : magazines_) {
    Magazine* const magazine = slot.load(std::memory_order_acquire);
    if (magazine == &no_magazine) continue;
    DrainMagazine(*magazine);
    depot_.DropMagazine(*magazine);
  }
  DropEmptySlabs();
  const locking::SpinLockHolder hold(lock_);
  CHECK(slabs_ == 0);
}

base::Result<void*> SlabCache::AllocateSlow(Growth growth) {
  const locking::CpuPin pin;
  Magazine* const magazine = MagazineOf(pin.index());
  if (magazine == nullptr) {
    void* object = nullptr;
    TRY(TakeObjects(&object, 1, growth));
    return object;
  }
  // An interrupt in between may have filled it.
  if (void* const object = magazine->TryPop()) return object;
  const size_t taken = TRY(TakeObjects(magazine->objects(), magazine_capacity_ / 2, growth));
  magazine->set_count(static_cast<uint32_t>(taken));
  return magazine->TryPop();
}

void SlabCache::FreeSlow(void* object) {
  const locking::CpuPin pin;
  Magazine* const magazine = MagazineOf(pin.index());
  if (magazine == nullptr) return ReturnObjects(&object, 1);
  if (magazine->TryPush(object)) return;
  // The older half goes: what was freed last is the most likely to be in the processor's cache.
  const size_t older = magazine->count() / 2;
  const size_t kept = magazine->count() - older;
  ReturnObjects(magazine->objects(), older);
  std::memmove(magazine->objects(), magazine->objects() + older, kept * sizeof(void*));
  magazine->objects()[kept] = object;
  magazine->set_count(static_cast<uint32_t>(kept + 1));
}

Magazine* SlabCache::MagazineOf(unsigned cpu) {
  std::atomic<Magazine*>& slot = magazines_[cpu];
  Magazine* const magazine = slot.load(std::memory_order_relaxed);
  if (magazine != &no_magazine) return magazine;
  const base::Result<Magazine*> made = depot_.MakeMagazine(magazine_capacity_);
  if (!made) return nullptr;
  // Statistics of other processors look at it.
  slot.store(*made, std::memory_order_release);
  return *made;
}

void SlabCache::DrainMagazine(Magazine& magazine) {
  ReturnObjects(magazine.objects(), magazine.count());
  magazine.set_count(0);
}

size_t SlabCache::Shrink() {
  {
    const locking::CpuPin pin;
    Magazine* const magazine = magazines_[pin.index()].load(std::memory_order_relaxed);
    if (magazine != &no_magazine) DrainMagazine(*magazine);
  }
  return DropEmptySlabs();
}

SlabStatistics SlabCache::Statistics() const {
  const locking::SpinLockHolder hold(lock_);
  const size_t in_magazines = CountInMagazines();
  const size_t taken = objects_ - free_objects_;
  return {.object_bytes = object_bytes_,
          .stride_bytes = geometry_.stride(),
          .slabs = slabs_,
          .pages = pages_,
          .objects = objects_,
          .allocated = taken - std::min(taken, in_magazines),
          .in_magazines = in_magazines,
          .refills = refills_,
          .flushes = flushes_};
}

size_t SlabCache::CountInMagazines() const {
  size_t count = 0;
  for (const auto& slot : magazines_) count += slot.load(std::memory_order_acquire)->count();
  return count;
}

}  // namespace mm
