// Runs of a region's pages: slabs, and blocks too large for a size class.
//
// What is known of a run is in the descriptors of its pages, beside what slabs have there: a free
// run says its length at both ends, so that neighbours that become free make one run, and is linked
// with others of about its size. It costs no memory more, and a page that is free is not touched.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/sync/thread_annotations.h"
#include "userspace/libatlas/memory_region.h"
#include "userspace/libatlas/mutex.h"

namespace libatlas {

class PageHeap final : public mm::PageSource {
 public:
  // What is in pages that were not used since the system gave them is known.
  enum class Contents : uint8_t { kZero, kArbitrary };

  struct Block {
    void* base;
    Contents contents;
  };

  // `region` is nobody else's, and of no pages yet.
  explicit PageHeap(MemoryRegion& region);
  PageHeap(const PageHeap&) = delete;
  PageHeap& operator=(const PageHeap&) = delete;

  // For slabs and their records; see mm::PageSource. Pages that are freed have no notes any more.
  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override;
  void FreePages(void* pages, unsigned order) override;

  // A large block: at least one page, at an address that is a multiple of `alignment` pages, which
  // is a power of two. Error: kOutOfMemory.
  [[nodiscard]] base::Result<Block> AllocateBlock(mm::PageCount pages, mm::PageCount alignment);
  // Errors of the others: kNotFound, when no large block begins there, and nothing has changed.
  [[nodiscard]] base::Result<> FreeBlock(void* block);
  [[nodiscard]] base::Result<mm::PageCount> PagesOf(const void* block) const;
  // In place, or kOutOfMemory.
  [[nodiscard]] base::Result<> ResizeBlock(void* block, mm::PageCount wanted);

  // Pages of runs that somebody has; and those that are free, but the system does not know.
  [[nodiscard]] mm::PageCount pages_in_use() const;
  [[nodiscard]] mm::PageCount pages_kept() const;
  // From the region's first page to the last that somebody has.
  [[nodiscard]] mm::PageCount extent() const;
  // Gives back what is kept.
  void Purge();

  // Around a fork, so that no other thread is in here.
  void AcquireForFork() ACQUIRE(mutex_) { mutex_.Acquire(); }
  void ReleaseAfterFork() RELEASE(mutex_) { mutex_.Release(); }

  // Error: kCorrupt. O(free runs).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  // A page of the region, by its number there.
  using Page = uint32_t;

  // Free runs are listed by length: each length below kExactBins has a list, then there are
  // kBinsPerDoubling for each doubling.
  static constexpr unsigned kPageBits = 24;
  static constexpr size_t kExactBins = 16;
  static constexpr size_t kBinsPerDoubling = 4;
  static constexpr size_t kBins =
      kExactBins + (kPageBits - std::countr_zero(kExactBins)) * kBinsPerDoubling;
  static constexpr size_t kBinsPerWord = 64;
  static constexpr Page kMostPages = (Page{1} << kPageBits) - 1;

  // The links of a list: the next run's first page plus one, and above it that of the one before.
  static constexpr unsigned kLinkShift = 32;

  // Marks of descriptors, with the run's length. Slabs' marks are none of these.
  static constexpr unsigned kKindShift = 28;
  static constexpr uint32_t kKindMask = 7;
  enum Kind : uint32_t {
    kClean = 1,  // free; zero
    kDirty = 2,  // free; not known to the system
    kLarge = 3,  // a block's first page
  };
  struct Run {
    Page first;
    Page pages;
    Kind kind;
    [[nodiscard]] Page last() const { return first + pages - 1; }
  };

  [[nodiscard]] mm::FrameDescriptor& At(Page page) const { return descriptors_[page]; }
  [[nodiscard]] Page PageOf(const void* pointer) const;
  [[nodiscard]] void* PointerTo(Page page) const;

  static uint32_t KindIn(uint32_t mark) { return (mark >> kKindShift) & kKindMask; }
  static Page PagesIn(uint32_t mark) { return mark & kMostPages; }
  static size_t BinOf(Page pages);
  // The free run that a descriptor speaks of, whose first page, or last, `page` is. Slabs' marks
  // change at any time, without the lock, but none of them is a free run's.
  [[nodiscard]] std::optional<Run> FreeRunFrom(Page page) const REQUIRES(mutex_);
  [[nodiscard]] std::optional<Run> FreeRunUpTo(Page page) const REQUIRES(mutex_);
  [[nodiscard]] base::Result<Run> LargeRunAt(const void* block) const REQUIRES(mutex_);
  static void Mark(mm::FrameDescriptor& page, Kind kind, Page pages);
  static void Unmark(mm::FrameDescriptor& page);

  void Link(const Run& run) REQUIRES(mutex_);
  void Unlink(const Run& run) REQUIRES(mutex_);

  [[nodiscard]] base::Result<Run> Take(Page pages, Page alignment) REQUIRES(mutex_);
  [[nodiscard]] std::optional<Run> TakeFree(Page pages, Page alignment) REQUIRES(mutex_);
  [[nodiscard]] std::optional<Run> TakeLonger(Page pages, Page alignment) REQUIRES(mutex_);
  [[nodiscard]] size_t NextFilled(size_t bin) const REQUIRES(mutex_);
  [[nodiscard]] base::Result<Run> TakeNew(Page pages, Page alignment) REQUIRES(mutex_);
  [[nodiscard]] bool IsSound(const Run& run, size_t bin, Page previous) const REQUIRES(mutex_);
  // Of a free run that holds it; the rest stays free.
  [[nodiscard]] Run Cut(const Run& run, Page first, Page pages) REQUIRES(mutex_);
  // Joins it with free neighbours.
  void Give(Run run) REQUIRES(mutex_);
  void Free(Page first, Page pages) REQUIRES(mutex_);
  void PurgeAll() REQUIRES(mutex_);
  [[nodiscard]] base::Result<> Grow(Page pages) REQUIRES(mutex_);
  [[nodiscard]] base::Result<> GoOnElsewhere(Page pages) REQUIRES(mutex_);
  [[nodiscard]] base::Result<Run> TakeBehind(Page pages, Page alignment) REQUIRES(mutex_);
  [[nodiscard]] Page FirstAligned(Page page, Page alignment) const;

  MemoryRegion& region_;
  std::byte* const base_;
  mm::FrameDescriptor* const descriptors_;
  PageNote* const notes_;
  const Page most_pages_;
  mutable Mutex mutex_;
  Page end_ GUARDED_BY(mutex_) = 0;      // pages from here on were never used, or were given back
  Page resized_ GUARDED_BY(mutex_) = 0;  // what the region has
  Page skipped_ GUARDED_BY(mutex_) = 0;  // of those below end_, which are not the region's
  Page in_use_ GUARDED_BY(mutex_) = 0;
  Page dirty_ GUARDED_BY(mutex_) = 0;
  std::array<uint64_t, (kBins + kBinsPerWord - 1) / kBinsPerWord> filled_
      GUARDED_BY(mutex_) = {};                             // bins with runs
  std::array<Page, kBins> heads_ GUARDED_BY(mutex_) = {};  // plus one; 0: none
};

}  // namespace libatlas
