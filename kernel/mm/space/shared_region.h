// Global shared memory: blocks of pages at addresses that mean the same in every process, so that a
// pointer can travel.
//
// A block is an object with a place. Nobody but its references owns it: each area that shows it is
// one, so that it ends with the last process that has it, whoever made it and however that process
// ends. Places are given out from the bottom up, and again only after all others: a pointer to a
// block that has ended mostly faults.
//
// Its lock is taken inside an address space's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/ranges/vma_index.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

class SharedRegion {
 public:
  // A block's base is a multiple of its size, rounded up to a power of two, as far as this.
  static constexpr uint64_t kMostAlignment = uint64_t{64} << 10;

  struct Block {
    VirtRange range;
    ObjectReference object;  // of the range's size
    int32_t maker;           // a process's number, as it was given to Make()
  };

  // `range` may be empty. `nodes` are pages for the index. All outlive this, and this all blocks.
  SharedRegion(SlabDepot& depot, PageSource& nodes, PagedObjectPool& objects,
               const VirtRange& range);
  SharedRegion(const SharedRegion&) = delete;
  SharedRegion& operator=(const SharedRegion&) = delete;
  // CHECKed: no block is left.
  ~SharedRegion();

  // A block of zeroes, which ends with the result unless somebody shows it. Errors:
  // kInvalidArgument (no bytes), kNotAligned (no whole pages), kOutOfMemory (no room, too).
  // O(log n).
  [[nodiscard]] base::Result<Block> Make(uint64_t size_bytes, int32_t maker) EXCLUDES(lock_);

  // The block that contains `va`, unless its end has begun. O(log n).
  [[nodiscard]] std::optional<Block> Find(VirtAddr va) const EXCLUDES(lock_);

  // What shows all of a block where it is, in an address space.
  [[nodiscard]] static MapRequest Showing(const Block& block);

  struct Counters {
    size_t blocks = 0;
    PageCount pages;  // of all blocks, whether they are there or not

    friend constexpr bool operator==(const Counters&, const Counters&) = default;
  };
  [[nodiscard]] Counters counters() const EXCLUDES(lock_);
  [[nodiscard]] const VirtRange& range() const { return range_; }

  // The index is sound, and each block where it says. Error: kCorrupt. O(n).
  [[nodiscard]] base::Result<> CheckInvariants() const EXCLUDES(lock_);

 private:
  // Knows when its object's last reference is gone.
  class Place final : public PageFiller {
   public:
    Place(SharedRegion& region, uint64_t size_bytes, int32_t maker)
        : region_(region), size_bytes_(size_bytes), maker_(maker) {}

    base::Result<> FillPage(uint64_t, std::span<std::byte, kPageSize>) override { return {}; }
    void ObjectEnded() override { region_.Forget(*this); }

   private:
    friend class SharedRegion;

    SharedRegion& region_;
    uint64_t size_bytes_;
    int32_t maker_;
    PagedObject* object_ = nullptr;
    VirtRange range_ = {};  // empty: not in the index
  };

  [[nodiscard]] base::Result<VirtAddr> FindRoom(uint64_t size_bytes) const REQUIRES(lock_);
  [[nodiscard]] base::Result<> Insert(Place& place) EXCLUDES(lock_);
  void Forget(Place& place) EXCLUDES(lock_);

  PagedObjectPool& objects_;
  SlabCache places_;
  const VirtRange range_;
  mutable locking::SpinLock lock_;
  VmaIndex<Place*> index_ GUARDED_BY(lock_);
  VirtAddr next_ GUARDED_BY(lock_);  // where to look first
  PageCount pages_ GUARDED_BY(lock_);
};

}  // namespace mm
