// What the slab caches of a system share: where pages come from, the memory of slab records and
// magazines, the way from an object to its slab, and the list of all caches.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "kernel/base/function_ref.h"
#include "kernel/base/result.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/node_pool.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/heap/magazine.h"
#include "kernel/mm/heap/object_fault.h"
#include "kernel/mm/heap/slab.h"
#include "kernel/mm/heap/slab_geometry.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

// Of an object that belongs to a cache of its own, not to a size class.
inline constexpr uint32_t kNoSizeClass = 255;

// Where slabs lie. In a direct map their pages' descriptors are the frames'; in a region of their
// own, descriptors of that region's.
struct SlabPlace {
  PageSource& pages;
  PageDescriptors descriptors;  // of all addresses that `pages` may give
};

// Outlives its caches. Locks: page sources are called with the own lock held, or with none; never
// its own inside that of a cache, since the visitor of ForEachCache() may take those.
class SlabDepot {
 public:
  // Slabs in `place`, their records and the magazines in pages of `records`.
  SlabDepot(const SlabPlace& place, PageSource& records, ObjectFaultHandler on_fault = StopOnFault);
  // All in `pages`, which lie in the memory that `frames` describes.
  SlabDepot(PageSource& pages, const FrameTable& frames, ObjectFaultHandler on_fault = StopOnFault)
      : SlabDepot({pages, frames.direct_map()}, pages, on_fault) {}
  SlabDepot(const SlabDepot&) = delete;
  SlabDepot& operator=(const SlabDepot&) = delete;
  ~SlabDepot();

  // A slab of 2^order pages and `objects` objects, all free, for `cache`. `size_class` is found
  // again by SizeClassOf(). Error: kOutOfMemory.
  [[nodiscard]] base::Result<Slab*> MakeSlab(SlabCache& cache, unsigned order, unsigned objects,
                                             uint32_t size_class);
  void DropSlab(Slab& slab);

  // Error: kOutOfMemory.
  [[nodiscard]] base::Result<Magazine*> MakeMagazine(size_t capacity);
  void DropMagazine(Magazine& magazine);

  // Whether `object` lies where there have been slabs; if not, there is nothing more to ask about
  // it.
  [[nodiscard]] bool Covers(const void* object) const {
    return descriptors_.IndexOf(object) < covered_pages_.load(std::memory_order_relaxed);
  }

  // The slab of the page that holds `object`; null when it is no slab.
  [[nodiscard]] Slab* SlabOf(const void* object) const {
    const FrameDescriptor& page = descriptors_.Of(object);
    if (page.mark() - kSlabMark > kNoSizeClass) [[unlikely]]
      return nullptr;
    return reinterpret_cast<Slab*>(static_cast<uintptr_t>(page.owner()) & ~kPlaceMask);
  }
  // Asks the processor for the record of the page's slab; harmless when it is no slab.
  void PrefetchSlabOf(const void* object) const {
    const auto record = static_cast<uintptr_t>(descriptors_.Of(object).owner());
    __builtin_prefetch(reinterpret_cast<const void*>(record));
    __builtin_prefetch(reinterpret_cast<const void*>(record + kSmallSlabRecordBytes));
  }
  // The size class of its slab; kNoSizeClass or more when it has none, or is in no slab. One load:
  // the record is not looked at.
  [[nodiscard]] uint32_t SizeClassOf(const void* object) const {
    return SizeClassOf(descriptors_.Of(object));
  }
  [[nodiscard]] static uint32_t SizeClassOf(const FrameDescriptor& page) {
    return page.mark() - kSlabMark;
  }
  // How many pages of its slab lie before a page that is a slab's.
  [[nodiscard]] static unsigned PlaceInSlab(const FrameDescriptor& page) {
    return static_cast<unsigned>(page.owner() & kPlaceMask);
  }

  // Every cache of the depot, oldest first, with the list locked: no cache may be made or
  // destroyed.
  void ForEachCache(base::FunctionRef<void(const SlabCache&)> visit) const;

  // What records and magazines take.
  [[nodiscard]] size_t RecordBytes() const;

  void Report(ObjectFault fault, std::string_view cache, const void* object) const {
    on_fault_(fault, cache, object);
  }

 private:
  friend class SlabCache;

  // The pages of a slab have its record's address in their descriptors' owner word, in whose lowest
  // bits is the page's place in the slab, and this plus the size class as their mark.
  static constexpr uint32_t kSlabMark = FrameDescriptor::kMarked | 0x5AB5'1A00;

  static constexpr uintptr_t kPlaceMask = (uintptr_t{1} << kMaxSlabOrder) - 1;
  static_assert(kSmallSlabRecordBytes > kPlaceMask && NodePool::kHeaderBytes > kPlaceMask);

  // Magazines come in four sizes, from 128 bytes.
  static constexpr size_t kSmallestMagazineBytes = 128;
  static constexpr size_t kMagazineSizes = 4;

  static size_t MagazineSizeOf(size_t capacity);

  [[nodiscard]] NodePool& RecordsFor(unsigned objects) REQUIRES(lock_);
  [[nodiscard]] base::Result<Slab*> MakeRecord(unsigned objects);
  void Cover(const Slab& slab);
  void Enlist(SlabCache& cache);
  void Strike(SlabCache& cache);

  PageSource& pages_;
  const PageDescriptors descriptors_;  // a copy: each free would follow a pointer more
  // Up to the last one that was ever a slab's. Descriptors behind it need not be mapped.
  std::atomic<uintptr_t> covered_pages_ = 0;
  ObjectFaultHandler on_fault_;
  mutable locking::SpinLock lock_;
  NodePool small_records_ GUARDED_BY(lock_);
  NodePool large_records_ GUARDED_BY(lock_);
  std::array<NodePool, kMagazineSizes> magazines_ GUARDED_BY(lock_);
  SlabCache* first_cache_ GUARDED_BY(lock_) = nullptr;
  SlabCache* last_cache_ GUARDED_BY(lock_) = nullptr;
};

}  // namespace mm
