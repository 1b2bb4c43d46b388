// Who hands out ranges of a space: the range allocator, and what a program would write with the
// standard library. Both place by best fit, the lowest of equals, and check what is freed.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/ranges/range_allocator.h"
#include "testing/bench/range_allocator/pages.h"

namespace bench {

// Counted in pages; page 0 is not part of any space.
struct PageRun {
  uint32_t first;
  uint32_t pages;
};

class OurSpace {
 public:
  explicit OurSpace(uint32_t pages) : allocator_(pages_, mm::kPageSize) {
    CHECK(allocator_.Start(RangeOf({1, pages})).has_value());
  }

  std::optional<PageRun> Allocate(uint32_t pages) {
    const auto range = allocator_.Allocate(mm::PageCount{pages}.bytes());
    if (!range) return std::nullopt;
    return PageRun{static_cast<uint32_t>(range->base.value >> mm::kPageShift), pages};
  }
  bool Free(const PageRun& run) { return allocator_.Free(RangeOf(run)).has_value(); }
  [[nodiscard]] bool IsAllocated(uint32_t page) const {
    return allocator_.FindAllocated({mm::PageCount{page}.bytes()}).has_value();
  }
  [[nodiscard]] bool IsSound() const { return allocator_.CheckInvariants().has_value(); }
  [[nodiscard]] double bytes() const {
    return static_cast<double>(allocator_.statistics().node_bytes);
  }

 private:
  static mm::VirtRange RangeOf(const PageRun& run) {
    return {{mm::PageCount{run.first}.bytes()}, mm::PageCount{run.pages}.bytes()};
  }

  LargePages pages_;
  mm::RangeAllocator allocator_;
};

// Three red-black trees.
class StandardSpace {
 public:
  explicit StandardSpace(uint32_t pages) { AddFree(1, pages); }

  std::optional<PageRun> Allocate(uint32_t pages) {
    const auto best = by_size_.lower_bound({pages, 0});
    if (best == by_size_.end()) return std::nullopt;
    const auto [free_pages, first] = *best;
    by_size_.erase(best);
    free_.erase(first);
    if (free_pages > pages) AddFree(first + pages, free_pages - pages);
    allocated_.emplace(first, pages);
    return PageRun{first, pages};
  }

  bool Free(const PageRun& run) {
    const auto found = allocated_.find(run.first);
    if (found == allocated_.end() || found->second != run.pages) return false;
    allocated_.erase(found);
    PageRun whole = run;
    auto after = free_.lower_bound(run.first);
    if (after != free_.end() && after->first == run.first + run.pages) {
      whole.pages += after->second;
      after = RemoveFree(after);
    }
    if (after != free_.begin()) {
      const auto before = std::prev(after);
      if (before->first + before->second == run.first) {
        whole = {before->first, before->second + whole.pages};
        RemoveFree(before);
      }
    }
    AddFree(whole.first, whole.pages);
    return true;
  }
  [[nodiscard]] bool IsAllocated(uint32_t page) const {
    const auto above = allocated_.upper_bound(page);
    if (above == allocated_.begin()) return false;
    const auto& [first, pages] = *std::prev(above);
    return page - first < pages;
  }
  [[nodiscard]] bool IsSound() const { return free_.size() == by_size_.size(); }
  // libc++'s node: three pointers, a colour, the value; and what malloc puts before it.
  [[nodiscard]] double bytes() const {
    constexpr double kNodeBytes = 48;
    return kNodeBytes * static_cast<double>(free_.size() + by_size_.size() + allocated_.size());
  }

 private:
  using Runs = std::map<uint32_t, uint32_t>;

  void AddFree(uint32_t first, uint32_t pages) {
    free_.emplace(first, pages);
    by_size_.emplace(pages, first);
  }
  Runs::iterator RemoveFree(Runs::iterator run) {
    by_size_.erase({run->second, run->first});
    return free_.erase(run);
  }

  Runs allocated_;  // first page to pages
  Runs free_;
  std::set<std::pair<uint32_t, uint32_t>> by_size_;  // pages and first page
};

}  // namespace bench
