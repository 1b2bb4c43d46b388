// An object whose pages are RAM, made when somebody needs them: files of a file system in memory
// or in the initrd, shared memory.
//
// Bytes of the last page behind the end are zero, also after the end has moved.
//
// Its lock is taken inside an address space's, and outside those of frames and slabs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/page_tree.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

// Where the contents of pages come from that were never written.
class PageFiller {
 public:
  // Fills page `number`, whose bytes are zero. Called with the object's lock held: it neither
  // blocks nor uses an object. Error: what TakePage() is to return; kNotFound where LoadPage() has
  // to bring the page.
  [[nodiscard]] virtual base::Result<> FillPage(uint64_t number,
                                                std::span<std::byte, kPageSize> page) = 0;

  // MemoryObject's.
  [[nodiscard]] virtual bool LoadsPages() const { return false; }
  [[nodiscard]] virtual PageMove LoadPage(uint64_t) { return PageMove::kFailed; }
  [[nodiscard]] virtual PageMove StorePages(uint64_t, uint64_t) { return PageMove::kDone; }

  // Nobody refers to the object any more, and its pages are gone. Called with no lock, or with that
  // of an address space: it does not use one.
  virtual void ObjectEnded() = 0;

 protected:
  PageFiller() = default;
  ~PageFiller() = default;
  PageFiller(const PageFiller&) = default;
  PageFiller& operator=(const PageFiller&) = default;
};

class PagedObject;

// What all paged objects of a system share. Outlives them.
class PagedObjectPool {
 public:
  PagedObjectPool(SlabDepot& depot, UserFrames& frames);

  [[nodiscard]] UserFrames& frames() { return frames_; }
  [[nodiscard]] SlabCache& nodes() { return nodes_; }
  // Pages that objects hold, whoever else does.
  [[nodiscard]] PageCount pages() const { return {pages_.load(std::memory_order_relaxed)}; }

 private:
  friend class PagedObject;

  UserFrames& frames_;
  SlabCache nodes_;
  SlabCache objects_;
  std::atomic<uint64_t> pages_ = 0;
};

class PagedObject final : public MemoryObject {
 public:
  // No object ends beyond it: offsets of files are positive numbers of 64 bits.
  static constexpr uint64_t kMostBytes = uint64_t{1} << 62;

  struct Handle {
    PagedObject& object;
    ObjectReference reference;
  };

  // `filler` may be null: the pages are zero; else it stays until it is told of the object's end.
  // Errors: kOutOfRange (larger than kMostBytes), kOutOfMemory.
  [[nodiscard]] static base::Result<Handle> Create(PagedObjectPool& pool, uint64_t size_bytes,
                                                   PageFiller* filler = nullptr);

  [[nodiscard]] base::Result<FrameReference> TakePage(uint64_t number) override;
  [[nodiscard]] bool HasPage(uint64_t number) const override;
  [[nodiscard]] uint64_t size_bytes() const override;
  [[nodiscard]] bool LoadsPages() const override;
  [[nodiscard]] PageMove LoadPage(uint64_t number) override;
  [[nodiscard]] PageMove StorePages(uint64_t first, uint64_t last) override;

  // The page is this frame, with what it holds. Errors: kOutOfRange, kOverlap (there is one
  // already), kOutOfMemory; the frame is dropped.
  [[nodiscard]] base::Result<> PutPage(uint64_t number, FrameReference&& frame);

  // The page, if it was made; else who reads sees zeroes, or what the filler would fill in.
  [[nodiscard]] std::optional<FrameReference> FindPage(uint64_t number) const;

  // The first page that was made, from `number` on.
  [[nodiscard]] std::optional<uint64_t> FindPageFrom(uint64_t number) const;

  // Copies bytes out, up to the end of the object; returns how many. Errors: those of the filler,
  // kOutOfMemory (only with a filler).
  [[nodiscard]] base::Result<size_t> Read(uint64_t offset, std::span<std::byte> to);

  // Copies bytes in; the end moves behind them. Returns how many, less than asked when memory ends
  // on the way. Errors: kOutOfRange, kOutOfMemory (none was copied), those of the filler.
  [[nodiscard]] base::Result<size_t> Write(uint64_t offset, std::span<const std::byte> from);

  // Moves the end. Pages beyond it are unmapped everywhere, and freed. Called without an address
  // space's lock, one call at a time for an object. Error: kOutOfRange.
  [[nodiscard]] base::Result<> Resize(uint64_t size_bytes);

  // Pages made.
  [[nodiscard]] PageCount pages() const;

  // Error: kCorrupt. O(nodes).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  PagedObject(PagedObjectPool& pool, uint64_t size_bytes, PageFiller* filler)
      : MemoryObject(ObjectKind::kPaged),
        pool_(pool),
        filler_(filler),
        tree_(pool.nodes()),
        size_bytes_(size_bytes) {}
  ~PagedObject() = default;

  void Destroy() override;
  [[nodiscard]] base::Result<FrameNumber> FrameFor(uint64_t number) REQUIRES(lock_);
  void ClearTail(uint64_t from) REQUIRES(lock_);
  void FreePagesFrom(uint64_t first) REQUIRES(lock_);
  [[nodiscard]] base::Result<> ReadPiece(uint64_t offset, std::span<std::byte> to) REQUIRES(lock_);

  PagedObjectPool& pool_;
  PageFiller* filler_;
  mutable locking::SpinLock lock_;
  PageTree tree_ GUARDED_BY(lock_);
  uint64_t size_bytes_ GUARDED_BY(lock_);
};

}  // namespace mm
