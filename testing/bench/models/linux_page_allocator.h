// A model of Linux's page allocator, to compare with: what mm/page_alloc.c of Linux 6.1 does for
// one zone and one processor, written anew from its description.
//
// Modelled, since it is what takes the time:
// - a descriptor of 64 bytes for each page, its list links inside;
// - a buddy of orders 0 to 10 with a list for each order, under a spin lock; a freed block goes to
// the end of its list
//   when its parent is likely to merge soon, otherwise to the front;
// - per-processor lists for orders 0 to 3 in front of it, taken and given back 63 pages at a time,
// with up to 252 pages
//   kept; the page freed last is allocated first. A kernel with transparent huge pages has a list
//   for those too, which is left out: the figures that the goals stem from are of one without;
// - when there is no block left, the lists are emptied and it is tried once more;
// - the checks of a page's fields when it is allocated and freed, and its count set to 1 and back.
//
// Left out, in Linux's favour: the per-processor list's own lock, the atomic decrement of the
// page's count, migration types, watermarks, statistics, cgroups, and the choice of a zone.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace bench {

class LinuxPageAllocator {
 public:
  static constexpr unsigned kMaxOrder = 10;
  static constexpr uint32_t kNoPage = 0xFFFF'FFFF;

  // All `pages`, a multiple of 2^kMaxOrder, are free.
  explicit LinuxPageAllocator(uint32_t pages);
  LinuxPageAllocator(const LinuxPageAllocator&) = delete;
  LinuxPageAllocator& operator=(const LinuxPageAllocator&) = delete;

  // kNoPage when there is no block of 2^order pages.
  [[nodiscard]] uint32_t Allocate(unsigned order);
  void Free(uint32_t page, unsigned order);

  // What a page costs.
  [[nodiscard]] static constexpr size_t bytes_per_page() { return sizeof(Page); }

 private:
  struct Links {
    Links* next;
    Links* previous;
  };

  // Where the fields are in struct page; those that are not used make up its size.
  struct Page {
    uint64_t flags;
    Links links;
    const void* mapping;
    uint64_t index;
    uint64_t order;  // `private`: of a free block
    int32_t map_count;
    int32_t references;
    uint64_t group;
  };
  static_assert(sizeof(Page) == 64);

  // The highest order with a list.
  static constexpr unsigned kCostlyOrder = 3;
  static constexpr unsigned kLists = kCostlyOrder + 1;
  static constexpr uint32_t kBatch = 63;
  static constexpr uint32_t kHigh = 4 * kBatch;

  struct ProcessorLists {
    uint32_t count = 0;  // pages in all lists
    std::array<Links, kLists> lists;
  };

  static void Clear(Links& list) { list.next = list.previous = &list; }
  static void AddFirst(Links& list, Links& links);
  static void AddLast(Links& list, Links& links);
  static void Remove(Links& links);
  static Page* PageOf(Links* links);

  [[nodiscard]] uint32_t NumberOf(const Page* page) const {
    return static_cast<uint32_t>(page - pages_.data());
  }

  [[nodiscard]] Page* TryAllocate(unsigned order);
  void Drain();
  [[nodiscard]] Page* TakeBlock(unsigned order) REQUIRES(lock_);
  void FreeBlock(Page* page, unsigned order) REQUIRES(lock_);
  [[nodiscard]] bool IsFreeBlock(uint32_t number, unsigned order) const;
  void Refill(Links& list, unsigned order);
  void GiveBack(uint32_t pages);
  static void Prepare(Page* page);
  static bool IsBad(const Page* page);

  std::vector<Page> pages_;
  ProcessorLists processor_;
  unsigned next_list_ = 0;  // which one gives back next
  locking::SpinLock lock_;
  std::array<Links, kMaxOrder + 1> free_ GUARDED_BY(lock_);
};

}  // namespace bench
