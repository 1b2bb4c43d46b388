// 10,000 mapped pages, in page tables and in lists.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <random>
#include <utility>
#include <vector>

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/tlb_work.h"
#include "testing/bench/timing.h"

namespace bench {

inline constexpr size_t kMappedPages = 10'000;
inline constexpr uint64_t kSeed = 1962;

// Where the pages lie: side by side; in runs of 1 to 16 with gaps as long; each in a block of 2 MiB
// of its own.
enum class Spread { kDense, kRuns, kSparse };

struct PageAt {
  uint64_t va;
  uint64_t pa;
};

// Ascending. The frames are scattered: no large page fits, and no two pages continue each other.
inline std::vector<PageAt> MakePages(Spread spread) {
  std::mt19937_64 random(kSeed);
  std::vector<uint64_t> frames(kMappedPages);
  for (size_t i = 0; i < kMappedPages; ++i) frames[i] = 2 * i * mm::kPageSize;
  std::ranges::shuffle(frames, random);
  std::vector<PageAt> pages;
  uint64_t va = uint64_t{1} << 40;
  uint64_t run = 0;
  for (const uint64_t frame : frames) {
    if (spread == Spread::kSparse) {
      va = base::AlignUp(va, uint64_t{2} << 20) + random() % 512 * mm::kPageSize;
    } else if (spread == Spread::kRuns && run-- == 0) {
      va += (1 + random() % 16) * mm::kPageSize;
      run = random() % 16;
    }
    pages.push_back({va, frame});
    va += mm::kPageSize;
  }
  return pages;
}

// Tables in memory of this program; physical addresses are its pointers.
class ProgramTables {
 public:
  base::Result<mm::PhysAddr> AllocateTable(uint64_t bytes, uint64_t alignment) {
    void* const table = std::aligned_alloc(alignment, bytes);
    CHECK(table != nullptr);
    std::memset(table, 0, bytes);
    bytes_ += bytes;
    return mm::PhysAddr{reinterpret_cast<uintptr_t>(table)};
  }
  void FreeTable(mm::PhysAddr pa, uint64_t bytes) {
    bytes_ -= bytes;
    std::free(Pointer(pa));
  }
  void FreeZeroedTable(mm::PhysAddr pa, uint64_t bytes) { FreeTable(pa, bytes); }
  void* Pointer(mm::PhysAddr pa) const { return reinterpret_cast<void*>(pa.value); }
  void Publish(const mm::VirtRange&) {}
  void Invalidate(const mm::TlbWork& work) { Keep(work); }

  [[nodiscard]] uint64_t bytes() const { return bytes_; }

 private:
  uint64_t bytes_ = 0;
};

inline constexpr mm::PageAttributes kPageRights{.user = mm::Access::kReadWrite,
                                                .kernel = mm::Access::kReadWrite,
                                                .caching = mm::Caching::kNormal,
                                                .scope = mm::Scope::kProcess};

// The pages in tables of `Policy`.
template <class Policy>
class TablePages {
 public:
  using Table = mm::PageTable<Policy, ProgramTables>;

  explicit TablePages(const std::vector<PageAt>& pages)
      : table_(*Table::Create(Policy::kFourLevelRoot, {}, memory_)) {
    for (const PageAt& page : pages) Map(page);
  }
  TablePages(const TablePages&) = delete;
  TablePages& operator=(const TablePages&) = delete;
  ~TablePages() { table_.Release(); }

  void Map(const PageAt& page) {
    CHECK(table_.Map(RangeOf(page), mm::PhysAddr{page.pa}, kPageRights).has_value());
  }
  void Unmap(const PageAt& page) { CHECK(table_.Unmap(RangeOf(page)).has_value()); }

  [[nodiscard]] uint64_t Find(uint64_t va) const {
    const auto found = table_.Query(mm::VirtAddr{va});
    return found ? found->target.value : ~uint64_t{0};
  }
  template <class Use>
  void ForEach(Use use) const {
    table_.ForEachMapping([&](const mm::Mapping& mapping) { use(mapping.target.value); });
  }
  [[nodiscard]] double bytes() const { return static_cast<double>(memory_.bytes()); }

 private:
  static mm::VirtRange RangeOf(const PageAt& page) {
    return {mm::VirtAddr{page.va}, mm::kPageSize};
  }

  ProgramTables memory_;
  Table table_;
};

// The tables as the kernel has them.
using OurPages = TablePages<arch::x86_64::PagingPolicy>;

// The same without a count of entries in each table: an empty one is found by looking at its
// entries, the nearest first, as on ARM.
struct ScanningPolicy : arch::x86_64::PagingPolicy {
  static constexpr bool kCountsEntries = false;
};
using ScanningPages = TablePages<ScanningPolicy>;

// An extra list beside the tables: a sorted array of pages, which is as small and as quick to read
// as a list gets, and slow to change.
class ListedPages {
 public:
  explicit ListedPages(const std::vector<PageAt>& pages) : pages_(pages) {}

  [[nodiscard]] uint64_t Find(uint64_t va) const {
    const auto above = std::ranges::upper_bound(pages_, va, {}, &PageAt::va);
    if (above == pages_.begin()) return ~uint64_t{0};
    const PageAt& page = *std::prev(above);
    return va - page.va < mm::kPageSize ? page.pa : ~uint64_t{0};
  }
  template <class Use>
  void ForEach(Use use) const {
    for (const PageAt& page : pages_) use(page.pa);
  }
  [[nodiscard]] double bytes() const { return static_cast<double>(pages_.size() * sizeof(PageAt)); }

 private:
  std::vector<PageAt> pages_;
};

// Another: a balanced tree.
class TreePages {
 public:
  explicit TreePages(const std::vector<PageAt>& pages) {
    for (const PageAt& page : pages) tree_[page.va] = page.pa;
  }

  [[nodiscard]] uint64_t Find(uint64_t va) const {
    const auto above = tree_.upper_bound(va);
    if (above == tree_.begin()) return ~uint64_t{0};
    const auto& [first, pa] = *std::prev(above);
    return va - first < mm::kPageSize ? pa : ~uint64_t{0};
  }
  template <class Use>
  void ForEach(Use use) const {
    for (const auto& [va, pa] : tree_) use(pa);
  }
  // Of a node: two words of ours, three pointers and a colour, and the allocator's own.
  [[nodiscard]] double bytes() const {
    constexpr size_t kNodeBytes = 64;
    return static_cast<double>(tree_.size() * kNodeBytes);
  }

 private:
  std::map<uint64_t, uint64_t> tree_;
};

}  // namespace bench
