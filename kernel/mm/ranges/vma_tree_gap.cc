// The search for room: down from the root, only into parts whose largest gap is large enough.
#include <algorithm>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/ranges/vma_tree.h"

namespace mm {

// One descent. Of the nodes it visits only those that the window's edge cuts can disappoint it, one
// on each level, and gaps that are large enough but badly aligned, which it counts.
class VmaTree::GapSearch {
 public:
  // Skips gaps of less than `needed` pages; gives up after `misfits` badly aligned ones.
  GapSearch(const PageGap& wanted, PageIndex needed, unsigned misfits)
      : wanted_(wanted), needed_(needed), misfits_left_(misfits) {}

  // The first page of the first gap.
  std::optional<PageIndex> Run(const void* root, unsigned levels) {
    if (root == nullptr) {
      Try(0, kPageLimit);
    } else if (wanted_.side == GapSide::kLow) {
      From<GapSide::kLow>(root, levels);
    } else {
      From<GapSide::kHigh>(root, levels);
    }
    return found_;
  }

  [[nodiscard]] bool gave_up() const { return misfits_left_ == 0; }

 private:
  // Down to a leaf that has a gap of that many pages, unless the tree has none, and from a node
  // that has none in the window up to the next child that has one.
  template <GapSide kSide>
  void From(const void* node, unsigned levels) {
    const VmaInner* nodes[kMaxLevels];  // as in Path
    unsigned slots[kMaxLevels];
    unsigned level = levels;
    while (true) {
      unsigned slot = 0;
      while (level != 0) {
        const auto& inner = *static_cast<const VmaInner*>(node);
        slot = kSide == GapSide::kLow ? inner.FindGapAbove(wanted_.within.first, needed_)
                                      : inner.FindGapBelow(wanted_.within.last, needed_);
        if (slot == VmaInner::kSlots) break;
        --level;
        nodes[level] = &inner;
        slots[level] = slot;
        node = inner.child(slot);
      }
      if (level == 0) {
        const auto& leaf = *static_cast<const VmaLeaf*>(node);
        const bool is_last = levels == 0 || slots[0] + 1 == nodes[0]->count();
        TryLeaf<kSide>(leaf, is_last ? StartAfter(leaf) : nodes[0]->first(slots[0] + 1));
        if (is_done_) return;
      }
      do {
        if (level == levels) return;
        const VmaInner& inner = *nodes[level];
        slot = kSide == GapSide::kLow ? inner.FindGapAfter(slots[level], needed_)
                                      : inner.FindGapBefore(slots[level], needed_);
        ++level;
      } while (slot == VmaInner::kSlots);
      --level;
      slots[level] = slot;
      node = nodes[level]->child(slot);
    }
  }

  // Where the part of the address space after the leaf's starts.
  static PageIndex StartAfter(const VmaLeaf& leaf) {
    return leaf.next() != nullptr ? leaf.next()->first() : kPageLimit;
  }

  template <GapSide kSide>
  void TryLeaf(const VmaLeaf& leaf, PageIndex upper) {
    if constexpr (kSide == GapSide::kLow) {
      TryBelowAll(leaf);
      TryUpwards(leaf);
      if (!is_done_) Try(leaf.last() + 1, upper);
    } else {
      Try(leaf.last() + 1, upper);
      TryDownwards(leaf);
      if (!is_done_) TryBelowAll(leaf);
    }
  }

  void TryUpwards(const VmaLeaf& leaf) {
    if (leaf.HasFewGaps(needed_)) {
      const auto [lower, upper] = leaf.FewGaps(needed_);
      if (!is_done_ && lower != 0) TryBefore(leaf, lower);
      if (!is_done_ && upper != lower) TryBefore(leaf, upper);
      return;
    }
    unsigned slot = std::max(leaf.CountNotAbove(wanted_.within.first), 1U);
    while (!is_done_) {
      slot = leaf.FindGapNotBelow(slot, needed_);
      if (slot >= leaf.count()) return;
      TryBefore(leaf, slot);
      ++slot;
    }
  }

  void TryDownwards(const VmaLeaf& leaf) {
    if (leaf.HasFewGaps(needed_)) {
      const auto [lower, upper] = leaf.FewGaps(needed_);
      if (!is_done_ && upper != 0) TryBefore(leaf, upper);
      if (!is_done_ && lower != upper) TryBefore(leaf, lower);
      return;
    }
    unsigned slot = std::min(leaf.CountNotAbove(wanted_.within.last), leaf.count() - 1);
    while (!is_done_) {
      slot = leaf.FindGapNotAbove(slot, needed_);
      if (slot == 0) return;
      TryBefore(leaf, slot);
      --slot;
    }
  }

  // The gap below all ranges, which the lowest leaf has.
  void TryBelowAll(const VmaLeaf& leaf) {
    if (leaf.previous() == nullptr) Try(0, leaf.first());
  }

  // The gap before the range in `slot`. Always inline, with Try(): most searches end here.
  [[gnu::always_inline]] void TryBefore(const VmaLeaf& leaf, unsigned slot) {
    Try(leaf.Last(slot - 1) + 1, leaf.First(slot));
  }

  // Free pages from `start` to before `end`.
  void Try(PageIndex start, PageIndex end) {
    if (end - start < needed_) return;
    const PageIndex low = std::max(start, wanted_.within.first);
    const PageIndex high = std::min(end - 1, wanted_.within.last);
    if (low > high) {
      // Beyond the window, or not yet in it.
      is_done_ = wanted_.side == GapSide::kLow ? start > high : end <= low;
      return;
    }
    if (high - low + 1 < wanted_.pages) return;
    const PageIndex mask = wanted_.alignment - 1;
    const PageIndex top = high - wanted_.pages + 1;
    const PageIndex at = wanted_.side == GapSide::kLow ? (low + mask) & ~mask : top & ~mask;
    if (at >= low && at <= top) {
      found_ = at;
      is_done_ = true;
    } else if (--misfits_left_ == 0) {
      is_done_ = true;
    }
  }

  const PageGap& wanted_;
  PageIndex needed_;
  unsigned misfits_left_;
  std::optional<PageIndex> found_;
  bool is_done_ = false;
};

base::Result<PageIndex> VmaTree::FindGap(const PageGap& wanted) const {
  CHECK(wanted.pages != 0 && wanted.within.last < kPageLimit);
  constexpr unsigned kAll = std::numeric_limits<unsigned>::max();
  GapSearch exact(wanted, wanted.pages, kMisfits);
  std::optional<PageIndex> found = exact.Run(root_, levels_);
  if (exact.gave_up()) [[unlikely]] {
    found = GapSearch(wanted, wanted.pages + wanted.alignment - 1, kAll).Run(root_, levels_);
    if (!found) found = GapSearch(wanted, wanted.pages, kAll).Run(root_, levels_);
  }
  if (!found) return std::unexpected(base::Error::kOutOfMemory);
  return *found;
}

}  // namespace mm
