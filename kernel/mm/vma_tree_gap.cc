// The search for room: down from the root, only into parts whose largest gap is large enough.
#include <algorithm>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/vma_tree.h"

namespace mm {

// One descent. Of the nodes it visits only those that the window's edge cuts can disappoint it, one
// on each level, and gaps that are large enough but badly aligned, which it counts.
class VmaTree::GapSearch {
 public:
  // Skips gaps of less than `needed` pages; gives up after `misfits` badly aligned ones.
  GapSearch(const PageGap& wanted, PageIndex needed, unsigned misfits)
      : wanted_(wanted), needed_(needed), misfits_left_(misfits) {}

  // The first page of the first gap in the part of the address space that `node` has.
  std::optional<PageIndex> Run(const void* node, unsigned levels) {
    if (node == nullptr) {
      Try(0, kPageLimit);
    } else if (wanted_.side == GapSide::kLow) {
      FromLow(node, levels, 0, kPageLimit);
    } else {
      FromHigh(node, levels, 0, kPageLimit);
    }
    return found_;
  }

  [[nodiscard]] bool gave_up() const { return misfits_left_ == 0; }

 private:
  void FromLow(const void* node, unsigned levels, PageIndex lower, PageIndex upper) {
    if (levels == 0) return FromLow(*static_cast<const VmaLeaf*>(node), lower, upper);
    const auto& inner = *static_cast<const VmaInner*>(node);
    unsigned slot = wanted_.within.first <= lower ? 0 : inner.SlotOf(wanted_.within.first);
    while (!is_done_) {
      slot = inner.FindGapNotBelow(slot, needed_);
      if (slot == inner.count()) return;
      const PageIndex first = inner.first(slot);
      if (first > wanted_.within.last) {
        is_done_ = true;
      } else {
        FromLow(inner.child(slot), levels - 1, first, inner.Upper(slot, upper));
        ++slot;
      }
    }
  }

  void FromLow(const VmaLeaf& leaf, PageIndex lower, PageIndex upper) {
    unsigned slot = wanted_.within.first <= lower ? 0 : leaf.CountNotAbove(wanted_.within.first);
    if (slot == 0) {
      Try(lower, leaf.first());
      ++slot;
    }
    while (!is_done_) {
      slot = leaf.FindGapNotBelow(slot, needed_);
      if (slot >= leaf.count()) break;
      Try(leaf.Last(slot - 1) + 1, leaf.First(slot));
      ++slot;
    }
    if (!is_done_) Try(leaf.last() + 1, upper);
  }

  void FromHigh(const void* node, unsigned levels, PageIndex lower, PageIndex upper) {
    if (levels == 0) return FromHigh(*static_cast<const VmaLeaf*>(node), lower, upper);
    const auto& inner = *static_cast<const VmaInner*>(node);
    unsigned slots =
        wanted_.within.last >= upper ? inner.count() : inner.SlotOf(wanted_.within.last) + 1;
    while (!is_done_) {
      const unsigned slot = inner.FindGapBelow(slots, needed_);
      if (slot == VmaInner::kSlots) return;
      const PageIndex end = inner.Upper(slot, upper);
      if (end <= wanted_.within.first) {
        is_done_ = true;
      } else {
        FromHigh(inner.child(slot), levels - 1, inner.first(slot), end);
        slots = slot;
      }
    }
  }

  void FromHigh(const VmaLeaf& leaf, PageIndex lower, PageIndex upper) {
    unsigned slot =
        wanted_.within.last >= upper ? leaf.count() : leaf.CountNotAbove(wanted_.within.last);
    if (slot == leaf.count()) {
      Try(leaf.last() + 1, upper);
      --slot;
    }
    while (!is_done_) {
      slot = leaf.FindGapNotAbove(slot, needed_);
      if (slot == 0) break;
      Try(leaf.Last(slot - 1) + 1, leaf.First(slot));
      --slot;
    }
    if (!is_done_) Try(lower, leaf.first());
  }

  // Free pages from `start` to before `end`.
  void Try(PageIndex start, PageIndex end) {
    if (end - start < needed_) return;
    const PageIndex low = std::max(start, wanted_.within.first);
    const PageIndex high = std::min(end - 1, wanted_.within.last);
    if (low > high || high - low + 1 < wanted_.pages) return;
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
  if (exact.gave_up()) {
    found = GapSearch(wanted, wanted.pages + wanted.alignment - 1, kAll).Run(root_, levels_);
    if (!found) found = GapSearch(wanted, wanted.pages, kAll).Run(root_, levels_);
  }
  if (!found) return std::unexpected(base::Error::kOutOfMemory);
  return *found;
}

}  // namespace mm
