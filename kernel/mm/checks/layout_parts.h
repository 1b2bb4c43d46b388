// Pieces of the layout verifier that deal with ascending ranges: splitting one by others, finding
// what is left uncovered, merging neighbours.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/base/function_ref.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/range.h"

namespace mm::layout_parts {

// Cuts `whole` at the borders of `items`, whose ranges (given by `range_of`) are ascending and
// disjoint. Calls `use(part, item)` for each part in order; `item` is nullptr between two items.
template <class Item, class RangeOf, class Use>
constexpr void SplitBy(const VirtRange& whole, std::span<const Item> items, RangeOf range_of,
                       Use use) {
  const auto last_of = [&](const Item& item) { return range_of(item).last(); };
  auto item = std::ranges::lower_bound(items, whole.base, {}, last_of);
  VirtAddr at = whole.base;
  while (true) {
    const bool outside = item == items.end() || at < range_of(*item).base;
    VirtAddr last = whole.last();
    if (!outside) {
      last = std::min(last, last_of(*item));
    } else if (item != items.end() && range_of(*item).base <= last) {
      last = range_of(*item).base - 1;
    }
    use(FromFirstToLast(at, last), outside ? nullptr : &*item);
    if (last == whole.last()) return;
    if (!outside) ++item;
    at = last + 1;
  }
}

// The part of a mapping inside `part`, which the mapping's range contains.
[[nodiscard]] constexpr Mapping Cut(const Mapping& mapping, const VirtRange& part) {
  Mapping piece = mapping;
  piece.range = part;
  piece.target = mapping.target + mapping.range.OffsetOf(part.base);
  return piece;
}

// Follows an ascending series of ranges inside `whole` and tells what they leave out.
class Coverage {
 public:
  constexpr Coverage() = default;
  constexpr explicit Coverage(const VirtRange& whole) : rest_(whole) {}

  // Calls `on_gap(range)` for what was skipped before `part`.
  template <class OnGap>
  constexpr void Cover(const VirtRange& part, OnGap on_gap) {
    if (!rest_.Contains(part)) return;
    if (rest_.base < part.base) on_gap(FromFirstToLast(rest_.base, part.base - 1));
    const uint64_t left = rest_.last() - part.last();
    rest_ = left == 0 ? VirtRange{rest_.base, 0} : VirtRange{part.last() + 1, left};
  }

  // The same for what comes after the last part.
  template <class OnGap>
  constexpr void Finish(OnGap on_gap) const {
    if (!rest_.IsEmpty()) on_gap(rest_);
  }

 private:
  VirtRange rest_;
};

// A stretch of mappings that continue each other in both spaces, with equal attributes.
struct Run {
  Mapping mapping;
  uint64_t entries;  // table entries it was merged from
};

// Merges an ascending series of mappings.
class RunMerger {
 public:
  // `use` is called for each run, and must outlive the merger.
  explicit RunMerger(base::FunctionRef<void(const Run&)> use) : use_(use) {}

  void Add(const Mapping& mapping) {
    // A page table gives its mappings page by page; a 32-bit machine divides 64 bits slowly.
    uint64_t entries = 1;
    if (mapping.range.size_bytes > mapping.page_bytes) {
      entries = mapping.range.size_bytes / mapping.page_bytes;
    }
    if (run_ && Continues(run_->mapping, mapping)) {
      run_->mapping.range.size_bytes += mapping.range.size_bytes;
      run_->entries += entries;
      return;
    }
    Finish();
    run_ = Run{mapping, entries};
  }

  void Finish() {
    if (run_) use_(*run_);
    run_.reset();
  }

 private:
  static bool Continues(const Mapping& run, const Mapping& next) {
    return run.attributes == next.attributes && IsFollowedBy(run.range, next.range) &&
           run.target + run.range.size_bytes == next.target;
  }

  base::FunctionRef<void(const Run&)> use_;
  std::optional<Run> run_;
};

}  // namespace mm::layout_parts
