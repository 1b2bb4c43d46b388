// The layers of the memory manager over one small memory that ends: what a test in an
// architecture's facts calls. Runs in a kernel, too.
//
// Frames, page tables, vmalloc, slab caches, the heap and a VMA index take from the same frames.
// Each does without, in the middle of what it does, and nothing may be lost.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/exhaustion_memory.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/ranges/vma_index.h"
#include "kernel/mm/regions/vmalloc.h"
#include "kernel/mm/tables/locked_table.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/test_failures.h"

namespace mm {

template <PagingPolicy P>
class ExhaustionTrial {
 public:
  using Table = PageTable<P, TrialTables>;

  // `region` is for vmalloc, `user` for everything that is mapped otherwise; the root translates
  // both. One at a time: they share their frames.
  ExhaustionTrial(RootShape root, typename P::Features features, const VirtRange& region,
                  const VirtRange& user)
      : memory_(trial_storage),
        tables_(memory_),
        table_(*Table::Create(root, features, tables_)),
        locked_(table_, tables_),
        vmalloc_(locked_, tables_, memory_, memory_),
        depot_(memory_, memory_.table()),
        heap_(depot_, large_),
        cache_(depot_, {.name = "trial", .object_bytes = 200}),
        ranges_(memory_),
        user_(user) {
    CHECK(vmalloc_.Start(region).has_value());
    WarmUp();
    free_at_first_ = memory_.memory().FreePages();
  }

  // Does a little of everything, with each single allocation failing in turn. Says what was wrong.
  [[nodiscard]] FailureRun FailsEachAllocation() {
    return FailEachAllocation(
        memory_.failure,
        [&]() -> base::Result<> {
          const base::Result<> result = DoSomeOfEverything();
          if (!IsSound()) return std::unexpected(base::Error::kCorrupt);
          UndoEverything();
          return result;
        },
        [&] { return IsAsAtFirst(); }, [] { return true; });
  }

  // Takes whatever there is, in an order that `seed` decides, until nobody gets anything more; then
  // gives it all back.
  [[nodiscard]] bool EndsAndRecovers(uint64_t seed) {
    random_ = seed;
    unsigned in_vain = 0;
    while (in_vain < kInVain) {
      const bool got_it = TakeOne(Random() % kKinds).has_value();
      in_vain = got_it ? 0 : in_vain + 1;
      if (!IsSound()) return false;
    }
    UndoEverything();
    return IsAsAtFirst();
  }

  [[nodiscard]] bool IsAsAtFirst() {
    TidyUp();
    return IsSound() && memory_.memory().FreePages() == free_at_first_;
  }

 private:
  static constexpr unsigned kKinds = 6;
  static constexpr unsigned kInVain = 60;
  static constexpr size_t kMost = 512;

  // As many of each kind as fit; what is taken is at the front.
  template <class T>
  class Stock {
   public:
    [[nodiscard]] bool IsFull() const { return count_ == kMost; }
    void Add(T one) { taken_[count_++] = one; }
    [[nodiscard]] std::optional<T> Remove() {
      if (count_ == 0) return std::nullopt;
      return taken_[--count_];
    }
    [[nodiscard]] size_t count() const { return count_; }

   private:
    std::array<T, kMost> taken_;
    size_t count_ = 0;
  };

  [[nodiscard]] base::Result<> TakeOne(unsigned kind) {
    switch (kind) {
      case 0:
        return TakeFrames();
      case 1:
        return TakeArea();
      case 2:
        return TakeBlock();
      case 3:
        return TakeObject();
      case 4:
        return MapPages();
      default:
        return AddRange();
    }
  }

  [[nodiscard]] base::Result<> TakeFrames() {
    if (memory_.failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    const PageCount pages{1 + Random() % 3};
    runs_.Add({TRY(memory_.memory().Allocate({.pages = pages})), pages});
    return {};
  }
  [[nodiscard]] base::Result<> TakeArea() {
    const uint64_t pages = 1 + Random() % 5;
    areas_.Add(TRY(vmalloc_.Allocate({.size_bytes = pages * kPageSize, .name = "trial"})).base);
    return {};
  }
  [[nodiscard]] base::Result<> TakeBlock() {
    if (blocks_.IsFull()) return std::unexpected(base::Error::kOutOfMemory);
    const size_t bytes = kSmallestBlock << Random() % kBlockSizes;
    const bool is_aligned = Random() % 2 == 0;
    auto* const block =
        static_cast<std::byte*>(is_aligned ? TRY(heap_.AllocateAligned(bytes, kBlockAlignment))
                                           : TRY(heap_.Allocate(bytes)));
    block[bytes - 1] = kContents;
    auto* const larger =
        static_cast<std::byte*>(heap_.Reallocate(block, 2 * bytes).value_or(block));
    CHECK(larger[bytes - 1] == kContents);
    blocks_.Add(larger);
    return {};
  }
  [[nodiscard]] base::Result<> TakeObject() {
    if (objects_.IsFull()) return std::unexpected(base::Error::kOutOfMemory);
    objects_.Add(TRY(cache_.Allocate()));
    return {};
  }
  // One page in every so many, so that most take a table.
  [[nodiscard]] base::Result<> MapPages() {
    const uint64_t step = user_.size_bytes / kMost;
    const VirtAddr va = AlignDown(user_.base + pages_mapped_ * step, kPageSize);
    if (pages_mapped_ == kMost) return std::unexpected(base::Error::kOutOfMemory);
    const PageAttributes attributes = {
        .user = Access::kReadWrite, .kernel = Access::kReadWrite, .scope = Scope::kProcess};
    TRY(table_.Map({va, kPageSize}, PhysAddr{0}, attributes));
    ++pages_mapped_;
    return {};
  }
  // Apart from each other, many to a node.
  [[nodiscard]] base::Result<> AddRange() {
    if (ranges_.size() == kMostRanges) return std::unexpected(base::Error::kOutOfMemory);
    return ranges_.Insert({VirtAddr{2 * kPageSize * ranges_.size()}, kPageSize}, 0U);
  }

  [[nodiscard]] base::Result<> DoSomeOfEverything() {
    random_ = 1;
    constexpr std::array<unsigned, kKinds> kTimes = {2, 3, 12, 30, 8, 60};
    for (unsigned kind = 0; kind < kKinds; ++kind) {
      for (unsigned time = 0; time < kTimes[kind]; ++time) TRY(TakeOne(kind));
    }
    return {};
  }

  void UndoEverything() {
    while (const auto run = runs_.Remove()) {
      CHECK(memory_.memory().Free(run->first, run->pages).has_value());
    }
    while (const auto area = areas_.Remove()) CHECK(vmalloc_.Free(*area).has_value());
    while (const auto block = blocks_.Remove()) heap_.Free(*block);
    while (const auto object = objects_.Remove()) cache_.Free(*object);
    CHECK(table_.Unmap(user_).has_value());
    pages_mapped_ = 0;
    ranges_.Clear();
  }

  // Magazines are made once, and stay; so does the first node of some trees.
  void WarmUp() {
    for (size_t bytes = kSmallestBlock; bytes <= kLargestBlock; bytes *= 2) {
      heap_.Free(heap_.Allocate(bytes).value());
    }
    CHECK(DoSomeOfEverything().has_value());
    UndoEverything();
    TidyUp();
  }

  // What caches keep goes back to the frames.
  void TidyUp() {
    vmalloc_.Purge();
    heap_.Shrink();
    cache_.Shrink();
  }

  [[nodiscard]] bool IsSound() {
    return memory_.memory().CheckInvariants() && tables_.CheckInvariants() &&
           table_.CheckInvariants() && vmalloc_.CheckInvariants() && heap_.CheckInvariants() &&
           cache_.CheckInvariants() && ranges_.CheckInvariants();
  }

  // Marsaglia, Xorshift RNGs (2003), with the shifts 13, 7 and 17.
  uint64_t Random() {
    random_ ^= random_ << 13;
    random_ ^= random_ >> 7;
    random_ ^= random_ << 17;
    return random_ >> 32;
  }

  static constexpr size_t kMostRanges = 4096;
  static constexpr size_t kSmallestBlock = 8;
  static constexpr unsigned kBlockSizes = 9;
  static constexpr size_t kLargestBlock = kSmallestBlock << kBlockSizes;
  static constexpr size_t kBlockAlignment = 128;
  static constexpr std::byte kContents{0x3c};

  struct Run {
    FrameNumber first;
    PageCount pages;
  };

  TrialMemory memory_;
  TrialTables tables_;
  Table table_;
  LockedTable<Table, TrialTables> locked_;
  Vmalloc<LockedTable<Table, TrialTables>, TrialTables, TrialMemory> vmalloc_;
  SlabDepot depot_;
  NoLargeBlocks large_;
  KernelHeap heap_;
  SlabCache cache_;
  VmaIndex<unsigned> ranges_;
  VirtRange user_;
  PageCount free_at_first_;
  uint64_t random_ = 1;

  Stock<Run> runs_;
  Stock<VirtAddr> areas_;
  Stock<void*> blocks_;
  Stock<void*> objects_;
  uint64_t pages_mapped_ = 0;
};

}  // namespace mm
