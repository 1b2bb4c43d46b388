// Objects of one size: the slab cache.
//
// Each processor has a magazine, a small stack of free objects, so that the objects freed last,
// whose memory is still in the processor's cache, are allocated first; that path takes no lock and
// no atomic operation. A magazine that runs dry is refilled from the fullest slabs, whole rows of
// free bits at a time, in the order of addresses; one that overflows gives its older half back.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/debug.h"
#include "kernel/mm/heap/magazine.h"
#include "kernel/mm/heap/object_fault.h"
#include "kernel/mm/heap/object_guard.h"
#include "kernel/mm/heap/slab.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/heap/slab_geometry.h"
#include "kernel/mm/heap/slab_lists.h"
#include "kernel/sync/cpu.h"
#include "kernel/sync/cpu_count.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

struct SlabOptions {
  std::string_view name;  // must outlive the cache
  size_t object_bytes;
  // A power of two up to a page. Objects are at least aligned to it.
  size_t alignment = sizeof(void*);
  // Called once for each object when its slab is made; objects keep what it did while they are free
  // and must be freed in that state. Pinned: it must not block nor use this cache.
  void (*construct)(void* object) = nullptr;
  // Of each processor; 0 leaves it to the cache.
  size_t magazine_objects = 0;
  // How many objects a slab shall hold when the cache is large, if the largest slabs can. Many make
  // refills cheap; few let a slab drain, so that its pages are given back, sooner.
  size_t slab_objects = kMaxObjectsPerSlab;
  // See SlabDepot; only the kernel heap has classes.
  uint32_t size_class = kNoSizeClass;
};

struct SlabStatistics {
  size_t object_bytes;  // as asked for
  size_t stride_bytes;  // from one object to the next
  size_t slabs;
  size_t pages;
  size_t objects;    // that the slabs hold
  size_t allocated;  // of them; a snapshot while other processors work
  size_t in_magazines;
  size_t refills;  // of magazines, since the cache was made
  size_t flushes;
};

class SlabCache {
 public:
  static constexpr size_t kMaxObjectBytes = 16384;

  // Options out of range fail a CHECK. Takes no memory yet.
  SlabCache(SlabDepot& depot, const SlabOptions& options);
  SlabCache(const SlabCache&) = delete;
  SlabCache& operator=(const SlabCache&) = delete;
  // CHECKed: every object is free. Nobody uses the cache any more.
  ~SlabCache();

  // Contents are what the constructor made, or arbitrary. Error: kOutOfMemory.
  [[nodiscard]] base::Result<void*> Allocate() {
    return AllocateBytes(object_bytes_, Growth::kAllowed);
  }

  // What Allocate() gave; null is not an object. Mistakes are ObjectFaults. Debug builds find each
  // at once; others when the object leaves its magazine, and damage never.
  void Free(void* object) {
    if constexpr (kDebug) return FreeGuarded(object);
    FreeRaw(object);
  }

  // Why Free(object) would be a mistake; nothing when it would be right. Other than debug builds do
  // not know of a double free while the object is in a magazine. Takes the lock.
  [[nodiscard]] std::optional<ObjectFault> FindFault(const void* object) const;

  // Whether an allocation may take pages.
  enum class Growth : uint8_t { kAllowed, kForbidden };

  // For who keeps objects at hand elsewhere than in magazines of processors. What is taken this way
  // is returned this way, without constructor and guards of debug builds.
  //
  // Takes 1 to `wanted` objects from slabs; the first to use are at the end. Makes a slab when
  // there is none. Error: kOutOfMemory, also when growth is forbidden and no object is left.
  [[nodiscard]] base::Result<size_t> TakeObjects(void** objects, size_t wanted, Growth growth);
  // Mistakes are ObjectFaults.
  void ReturnObjects(void* const* objects, size_t count);
  // One object, if more than `kept` are free in slabs. Error: kOutOfMemory.
  [[nodiscard]] base::Result<void*> TakeSpareObject(size_t kept);

  // Gives back this processor's magazine and all pages without allocated objects. Returns the
  // pages.
  size_t Shrink();

  [[nodiscard]] SlabStatistics Statistics() const;
  [[nodiscard]] std::string_view name() const { return name_; }
  [[nodiscard]] size_t object_bytes() const { return object_bytes_; }

  // Error: kCorrupt. Only while no other processor uses the cache. O(slabs).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  friend class SlabDepot;
  friend class KernelHeap;

  // Of an object `requested` bytes are to be used, at most object_bytes(); debug builds guard the
  // rest. Error: kOutOfMemory, also when growth is forbidden and no object is left.
  [[nodiscard]] base::Result<void*> AllocateBytes(size_t requested, Growth growth) {
    if constexpr (kDebug) return AllocateGuarded(requested, growth);
    return AllocateRaw(growth);
  }

  // One for an allocation that another cache has no object for, if more are free than one slab
  // holds. Error: kOutOfMemory.
  [[nodiscard]] base::Result<void*> Lend(size_t requested);

  // AllocateBytes() as far as this processor's magazine goes: null when it is empty.
  [[nodiscard]] void* TryAllocateBytes(size_t requested) {
    void* const object = TryPop();
    if constexpr (kDebug) {
      if (object != nullptr) GuardAllocated(object, requested);
    }
    return object;
  }

  [[nodiscard]] base::Result<void*> AllocateRaw(Growth growth) {
    if (void* const object = TryPop()) [[likely]]
      return object;
    return AllocateSlow(growth);
  }
  void FreeRaw(void* object) {
    if (!TryPush(object)) [[unlikely]]
      FreeSlow(object);
  }

  // The two fast paths: to and from the magazine of this processor. Null when it is empty, false
  // when it is full. The slow paths pin anew and look again: pinned code that calls keeps more
  // registers, in the fast path too.
  [[nodiscard]] void* TryPop() {
    const locking::CpuPin pin;
    return magazines_.data()[pin.index()].load(std::memory_order_relaxed)->TryPop();
  }
  [[nodiscard]] bool TryPush(void* object) {
    const locking::CpuPin pin;
    return magazines_.data()[pin.index()].load(std::memory_order_relaxed)->TryPush(object);
  }

  [[nodiscard]] base::Result<void*> AllocateSlow(Growth growth);
  void FreeSlow(void* object);

  // Debug builds; see object_guard.h. `requested` is at most object_bytes().
  [[nodiscard]] base::Result<void*> AllocateGuarded(size_t requested, Growth growth);
  void GuardAllocated(void* object, size_t requested);
  void FreeGuarded(void* object);
  // Of an allocated object: object_bytes(); in debug builds, what was asked for.
  [[nodiscard]] size_t UsableBytes(void* object) const;
  void ChangeRequested(void* object, size_t requested);
  // In a new slab.
  void PrepareObject(const Slab& slab, unsigned index) const;

  // The magazine of a processor; null when there is no memory for one. Pinned to `cpu`.
  [[nodiscard]] Magazine* MagazineOf(unsigned cpu);
  void DrainMagazine(Magazine& magazine);

  [[nodiscard]] size_t TakeFromSlabs(void** objects, size_t wanted) REQUIRES(lock_);
  // Fills from `lowest` down to `objects`; returns how far it came.
  [[nodiscard]] void** TakeFromSlab(Slab& slab, void** objects, void** lowest) REQUIRES(lock_);
  // Returns its slab, which may belong in another list then; null after a fault. Inline, where
  // ReturnObjects() is: the call would take longer than the work.
  [[nodiscard]] inline Slab* ReturnObject(void* object) REQUIRES(lock_);
  // Whether the slab is to be given back.
  [[nodiscard]] bool IsSpare(const Slab& slab) const REQUIRES(lock_);
  void Adopt(Slab& slab) REQUIRES(lock_);
  void Abandon(Slab& slab) REQUIRES(lock_);

  [[nodiscard]] base::Result<Slab*> MakeSlab(size_t pages_held);
  [[nodiscard]] base::Result<Slab*> TryMakeSlab(unsigned order);
  // Linked by `next`.
  void DropAll(Slab* slabs);
  size_t DropEmptySlabs();

  [[nodiscard]] unsigned IndexIn(const Slab& slab, const void* object) const {
    return geometry_.IndexOf(
        static_cast<size_t>(static_cast<const std::byte*>(object) - slab.objects));
  }
  // Whether `object` does not begin an object of this cache. Needs no lock.
  [[nodiscard]] std::optional<ObjectFault> FindPlaceFault(const Slab* slab,
                                                          const void* object) const;
  [[nodiscard]] size_t CountInMagazines() const;
  [[nodiscard]] guard::Slot SlotOf(void* object) const {
    return {static_cast<std::byte*>(object), geometry_.stride()};
  }

  std::array<std::atomic<Magazine*>, locking::kMaxCpus> magazines_;
  SlabDepot& depot_;
  std::string_view name_;
  void (*construct_)(void* object);
  SlabGeometry geometry_;
  uint32_t object_bytes_;
  uint16_t magazine_capacity_;
  uint8_t size_class_;

  SlabCache* next_cache_ = nullptr;  // the depot's
  SlabCache* previous_cache_ = nullptr;

  mutable locking::SpinLock lock_;
  SlabLists lists_ GUARDED_BY(lock_);
  size_t slabs_ GUARDED_BY(lock_) = 0;
  size_t pages_ GUARDED_BY(lock_) = 0;
  size_t objects_ GUARDED_BY(lock_) = 0;
  size_t free_objects_ GUARDED_BY(lock_) = 0;  // in slabs, not in magazines
  size_t refills_ GUARDED_BY(lock_) = 0;
  size_t flushes_ GUARDED_BY(lock_) = 0;
};

}  // namespace mm
