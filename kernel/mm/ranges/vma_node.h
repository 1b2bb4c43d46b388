// The nodes of a VmaTree: leaves with ranges of pages, inner nodes with the largest gaps below
// them.
//
// A leaf keeps pages as 32-bit distances from a page of its own, so that a range with its value
// takes 16 bytes. The first pages of a leaf's ranges therefore lie within 2^32 - 1 pages (16 TiB);
// only its last range may end further away, for which the leaf has one page number in full. What
// lies behind the last slot is filled so that a search needs no count and no branch.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <utility>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/ranges/vma_largest_gaps.h"

namespace mm {

// A virtual address divided by the page size, as wide as the machine's pointers.
using PageIndex = uintptr_t;

// The first number that is no page.
inline constexpr PageIndex kPageLimit = (std::numeric_limits<PageIndex>::max() >> kPageShift) + 1;

// Both ends inclusive.
struct PageSpan {
  PageIndex first;
  PageIndex last;

  // As a number this cannot overflow: no address space has 2^64 pages.
  [[nodiscard]] constexpr PageIndex pages() const { return last - first + 1; }
};

// The largest i < kCount with key(i) <= `wanted`, where key(0) is taken to be: three keys at a
// time, which do not wait for each other, in a fixed number of steps. It adds up the comparisons'
// results, for branches would be predicted wrongly every other time.
template <unsigned kCount, class KeyAt, class Key>
[[nodiscard]] inline unsigned SlotNotAbove(const KeyAt& key_at, Key wanted) {
  // As wide as a pointer: an index that could wrap is no part of an address.
  const auto is_not_above = [&](size_t slot) {
    return static_cast<size_t>(key_at(slot) <= wanted);
  };
  size_t slot = 0;
  size_t count = kCount;
#pragma clang loop unroll(full)
  while (count > 4) {
    const size_t part = count / 4;
    slot += part * (is_not_above(slot + part) + is_not_above(slot + 2 * part) +
                    is_not_above(slot + 3 * part));
    count -= 3 * part;  // the last part is the longest
  }
  const size_t start = slot;
#pragma clang loop unroll(full)
  for (size_t step = 1; step < count; ++step) slot += is_not_above(start + step);
  return static_cast<unsigned>(slot);
}

// A range as its leaf keeps it; for Leaf's own use.
struct VmaSlot {
  uint32_t first;
  uint32_t last;
  uintptr_t value;
};

class VmaLeaf {
 public:
  static constexpr size_t kBytes = 576;  // nine cache lines
  static constexpr size_t kHeaderBytes = 4 * sizeof(uintptr_t) + 2 * sizeof(uint64_t);
  static constexpr unsigned kSlots = (kBytes - kHeaderBytes) / sizeof(VmaSlot);
  // With fewer, an erase looks whether the neighbours have room for the rest.
  static constexpr unsigned kSmall = kSlots * 5 / 8;
  // How full leaves get when they take each other's ranges: soon full again would be a waste.
  static constexpr unsigned kGathered = kSlots * 7 / 8;
  // How far the first pages of a leaf's ranges may lie apart.
  static constexpr PageIndex kReach = std::numeric_limits<uint32_t>::max() - 1;

  VmaLeaf() { Fill(0, kSlots); }

  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] bool IsFull() const { return count_ == kSlots; }
  [[nodiscard]] bool IsSmall() const { return count_ < kSmall; }
  [[nodiscard]] VmaLeaf* next() const { return next_; }
  [[nodiscard]] VmaLeaf* previous() const { return previous_; }

  // Of the slot's range.
  [[nodiscard]] PageIndex First(unsigned slot) const { return base_ + slots_[slot].first; }
  [[nodiscard]] PageIndex Last(unsigned slot) const {
    return slots_[slot].last == kFar ? last_ : base_ + slots_[slot].last;
  }
  [[nodiscard]] PageSpan Span(unsigned slot) const { return {First(slot), Last(slot)}; }
  [[nodiscard]] uintptr_t value(unsigned slot) const { return slots_[slot].value; }
  void set_value(unsigned slot, uintptr_t value) { slots_[slot].value = value; }

  // Of the whole leaf.
  [[nodiscard]] PageIndex first() const { return First(0); }
  [[nodiscard]] PageIndex last() const { return last_; }

  // Whether the range in `slot`, which may be an unused one, contains `page`. One comparison: which
  // side of the range a page lies on cannot be predicted.
  [[nodiscard]] bool Contains(unsigned slot, PageIndex page) const {
    const VmaSlot& at = slots_[slot];
    if (at.last == kFar) [[unlikely]] {
      return slot < count_ && page >= First(slot) && page <= last_;
    }
    return page - base_ - at.first <= at.last - at.first;
  }

  // How many ranges start at `page` or below.
  [[nodiscard]] unsigned CountNotAbove(PageIndex page) const {
    if (page < base_) return 0;
    const auto distance = static_cast<uint32_t>(std::min(page - base_, kReach));
    const unsigned slot =
        SlotNotAbove<kSlots>([this](size_t index) { return slots_[index].first; }, distance);
    return slot + static_cast<unsigned>(slots_[slot].first <= distance);
  }

  // The value of the last of them; 0 when there is none.
  [[nodiscard]] uintptr_t ValueNotAbove(PageIndex page) const {
    if (page < base_) return 0;
    const auto distance = static_cast<uint32_t>(std::min(page - base_, kReach));
    const VmaSlot& at = slots_[SlotNotAbove<kSlots>(
        [this](size_t index) { return slots_[index].first; }, distance)];
    return at.first <= distance ? at.value : 0;
  }

  // The same; `guess` is what it may be, at most count().
  [[nodiscard]] unsigned CountNotAbove(PageIndex page, unsigned guess) const {
    const bool is_high_enough = guess == count_ || First(guess) > page;
    const bool is_low_enough = guess == 0 || First(guess - 1) <= page;
    return is_high_enough && is_low_enough ? guess : CountNotAbove(page);
  }

  // The slot after those that lie wholly below `page`.
  [[nodiscard]] unsigned SlotNotBelow(PageIndex page) const {
    const unsigned count = CountNotAbove(page);
    return count != 0 && Last(count - 1) >= page ? count - 1 : count;
  }

  // Whether a range that starts at `page` can be kept with those that are here.
  [[nodiscard]] bool Reaches(PageIndex page) const {
    return std::max(page, First(count_ - 1)) - std::min(page, first()) <= kReach;
  }

  // The same, when the range in `slot` is the one that is to start at `page`.
  [[nodiscard]] bool ReachesWithout(unsigned slot, PageIndex page) const;

  // Whether the ranges of this leaf and of `above`, a later one, could be kept in one.
  [[nodiscard]] bool ReachesAllOf(const VmaLeaf& above) const {
    return above.First(above.count_ - 1) - first() <= kReach;
  }

  // The largest gap that belongs to this leaf, when its part of the address space starts at `lower`
  // and the next leaf's at `upper`.
  [[nodiscard]] PageIndex LargestGap(PageIndex lower, PageIndex upper) const {
    return std::max({PageIndex{GapBefore(gaps_.largest())}, first() - lower, upper - last_ - 1});
  }

  // Whether, of the gaps between two ranges, only those before FewGaps() can have that many pages.
  [[nodiscard]] bool HasFewGaps(PageIndex pages) const { return gaps_.AreFew(pages); }
  // The lower slot and the upper: two gaps of that many pages; or twice the same, of the largest
  // gap, which may have less; or twice 0, when there is no gap.
  [[nodiscard]] std::pair<unsigned, unsigned> FewGaps(PageIndex pages) const {
    return gaps_.FewSlots(pages, [this](unsigned slot) { return GapBefore(slot); });
  }

  // The first slot from `slot` on (which is not 0) with a gap of that many pages between it and the
  // slot before; count() or more when there is none.
  [[nodiscard]] unsigned FindGapNotBelow(unsigned slot, PageIndex pages) const {
    while (slot < count_ && GapBetween(slot) < pages) ++slot;
    return slot;
  }
  // The same downwards from `slot`, which is less than count(); 0 when there is none.
  [[nodiscard]] unsigned FindGapNotAbove(unsigned slot, PageIndex pages) const {
    while (slot != 0 && GapBetween(slot) < pages) --slot;
    return slot;
  }

  // `slot` <= count(), the leaf is not full and reaches the span's first page.
  void Insert(unsigned slot, const PageSpan& span, uintptr_t value);
  void Erase(unsigned slot);
  // The span stays between its neighbours, and its first page within reach.
  void SetSpan(unsigned slot, const PageSpan& span);
  // The range in `slot` becomes two; the leaf is not full and reaches `at`. And back: the next
  // range touches it. The gap between the two is none, and the others stay what they are.
  void Split(unsigned slot, PageIndex at, uintptr_t upper);
  void JoinWithNext(unsigned slot);

  // Moves `count` ranges between this leaf's upper end and the lower end of `above`, the next one.
  // Together they are within reach, or one of them is empty.
  void MoveUp(VmaLeaf& above, unsigned count);
  void MoveDown(VmaLeaf& above, unsigned count);

  // Makes a new leaf of one that has a single range and is unlinked.
  void Reset();

  // A leaf like this, in no list.
  [[nodiscard]] VmaLeaf CopyAlone() const {
    VmaLeaf copy = *this;
    copy.next_ = copy.previous_ = nullptr;
    return copy;
  }

  // Links.
  void PutAfter(VmaLeaf& leaf);
  void PutBefore(VmaLeaf& leaf);
  void Unlink();

  // Whether an insert into `slot` goes on with what the last ones did: each just above the one
  // before, or each just below.
  [[nodiscard]] bool IsFilledInOrder(unsigned slot) const {
    return slot == newest_ ? run_ <= -kRun : slot == newest_ + 1 && run_ >= kRun;
  }

  // What can be wrong in one leaf.
  [[nodiscard]] bool IsSound() const;

 private:
  // A last page that is too far from `base_`: it is `last_`. No first page has this distance.
  static constexpr uint32_t kFar = std::numeric_limits<uint32_t>::max();
  // Inserts in order that are no accident.
  static constexpr int kRun = 4;
  static constexpr VmaSlot kNoSlot = {kFar, kFar, 0};

  // How many pages lie between the ranges before `slot`, which is not 0, and in it.
  [[nodiscard]] uint32_t GapBetween(unsigned slot) const {
    return slots_[slot].first - slots_[slot - 1].last - 1;
  }
  // The same, for slot 0 none: what lies before it is not between two ranges of this leaf.
  [[nodiscard]] uint32_t GapBefore(unsigned slot) const { return slot == 0 ? 0 : GapBetween(slot); }
  void ChangeGap(unsigned slot) {
    gaps_.Change(slot, count_, [this](unsigned index) { return GapBefore(index); });
  }
  void ScanGaps() {
    gaps_.Scan(count_, [this](unsigned slot) { return GapBefore(slot); });
  }
  // SetSpan() without the gaps.
  void Place(unsigned slot, const PageSpan& span);

  // Distances are from `base` from now on, which is not above the first range.
  void Rebase(PageIndex base);
  void MakeReach(PageIndex page);
  void NoteInsert(unsigned slot);
  // After the last range has changed.
  void SetLast(PageIndex last);
  void CopyFrom(const VmaLeaf& from, unsigned from_slot, unsigned to_slot, unsigned count);
  void Fill(unsigned first, unsigned count);

  PageIndex base_ = 0;
  PageIndex last_ = 0;
  VmaLeaf* next_ = nullptr;
  VmaLeaf* previous_ = nullptr;
  uint32_t count_ = 0;
  uint16_t newest_ = 0;         // the slot of the last insert
  int16_t run_ = 0;             // inserts in order: counted up from below, down from above
  LargestGaps<uint32_t> gaps_;  // of GapBefore()
  // Plain arrays: moving a tail may name the place behind the last slot.
  alignas(16) VmaSlot slots_[kSlots];
};
static_assert(sizeof(VmaLeaf) <= VmaLeaf::kBytes);

// For each child: the first page of its part of the address space, which ends where the next
// child's starts; the largest gap in that part; and the node.
class VmaInner {
 public:
  static constexpr size_t kBytes = 1344;  // three to a page, with the pool's header
  static constexpr size_t kHeaderBytes = sizeof(uintptr_t) + sizeof(LargestGaps<PageIndex>);
  static constexpr unsigned kSlots =
      (kBytes - kHeaderBytes) / (2 * sizeof(PageIndex) + sizeof(void*));

  // An erase that leaves fewer takes from a neighbour, or joins it.
  static constexpr unsigned kSmall = kSlots / 4;
  static constexpr unsigned kGathered = kSlots * 7 / 8;

  VmaInner() { Fill(0, kSlots); }

  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] bool IsFull() const { return count_ == kSlots; }
  [[nodiscard]] PageIndex first(unsigned slot) const { return firsts_[slot]; }
  void set_first(unsigned slot, PageIndex page) { firsts_[slot] = page; }
  [[nodiscard]] PageIndex gap(unsigned slot) const { return gaps_[slot]; }
  void set_gap(unsigned slot, PageIndex pages);
  // The same, right before an Insert() or Erase(), which look at all gaps.
  void set_gap_unseen(unsigned slot, PageIndex pages) { gaps_[slot] = pages; }
  [[nodiscard]] void* child(unsigned slot) const { return children_[slot]; }
  [[nodiscard]] VmaInner* inner(unsigned slot) const {
    return static_cast<VmaInner*>(children_[slot]);
  }
  [[nodiscard]] VmaLeaf* leaf(unsigned slot) const {
    return static_cast<VmaLeaf*>(children_[slot]);
  }

  // Where the part of the address space after the child's starts, when this node's own part ends
  // before `upper`.
  [[nodiscard]] PageIndex Upper(unsigned slot, PageIndex upper) const {
    return slot + 1 < count_ ? firsts_[slot + 1] : upper;
  }

  // The child in whose part `page` lies.
  [[nodiscard]] unsigned SlotOf(PageIndex page) const {
    const auto first_of = [this](size_t slot) { return firsts_[slot]; };
    // Most roots have few children: their search takes half as long.
    return count_ <= kFew ? SlotNotAbove<kFew>(first_of, page)
                          : SlotNotAbove<kSlots>(first_of, page);
  }

  [[nodiscard]] PageIndex LargestGap() const { return gaps_[largest_.largest()]; }

  // The first child with a gap of that many pages, of those whose parts do not end at or below
  // `page`; kSlots when there is none. When no child at all has one it may be any.
  [[nodiscard]] unsigned FindGapAbove(PageIndex page, PageIndex pages) const {
    if (largest_.AreFew(pages)) {
      const auto [lower, upper] = largest_.FewSlots(pages, GapIn{gaps_});
      const unsigned slot = EndsAbove(lower, page) ? lower : upper;
      return EndsAbove(slot, page) ? slot : kSlots;
    }
    return ScanUp(page <= firsts_[0] ? 0 : SlotOf(page), pages);
  }
  // The next such child after `slot`.
  [[nodiscard]] unsigned FindGapAfter(unsigned slot, PageIndex pages) const {
    if (largest_.AreFew(pages)) {
      const auto [lower, upper] = largest_.FewSlots(pages, GapIn{gaps_});
      return lower > slot ? lower : upper > slot ? upper : kSlots;
    }
    return ScanUp(slot + 1, pages);
  }

  // The same downwards: of the children whose parts do not start above `page`, the last.
  [[nodiscard]] unsigned FindGapBelow(PageIndex page, PageIndex pages) const {
    if (largest_.AreFew(pages)) {
      const auto [lower, upper] = largest_.FewSlots(pages, GapIn{gaps_});
      return firsts_[upper] <= page ? upper : firsts_[lower] <= page ? lower : kSlots;
    }
    return firsts_[0] <= page ? ScanDown(SlotOf(page) + 1, pages) : kSlots;
  }
  [[nodiscard]] unsigned FindGapBefore(unsigned slot, PageIndex pages) const {
    if (largest_.AreFew(pages)) {
      const auto [lower, upper] = largest_.FewSlots(pages, GapIn{gaps_});
      return upper < slot ? upper : lower < slot ? lower : kSlots;
    }
    return ScanDown(slot, pages);
  }

  // What can be wrong in one node.
  [[nodiscard]] bool IsSound() const;

  struct Child {
    PageIndex first;
    PageIndex gap;
    void* node;
  };
  void Insert(unsigned slot, const Child& child);
  void Erase(unsigned slot);
  void set_child(unsigned slot, void* node) { children_[slot] = node; }

  // Moves `count` children between this node's upper end and the lower end of `above`, the next
  // one.
  void MoveUp(VmaInner& above, unsigned count);
  void MoveDown(VmaInner& above, unsigned count);

 private:
  static constexpr PageIndex kNoPage = std::numeric_limits<PageIndex>::max();
  static constexpr unsigned kFew = 8;
  // When a gap falls below this part of what the others have at most, it may have been what that
  // limit stands for: searches are worth a new one.
  static constexpr PageIndex kMuchLess = 4;

  struct GapIn {
    const PageIndex* gaps;
    PageIndex operator()(unsigned slot) const { return gaps[slot]; }
  };

  // Whether the child's part does, when this node's does.
  [[nodiscard]] bool EndsAbove(unsigned slot, PageIndex page) const {
    const PageIndex end = firsts_[std::min(slot + 1, kSlots - 1)];
    const auto is_last = static_cast<unsigned>(slot + 1 == count_);
    return (is_last | static_cast<unsigned>(end > page)) != 0;  // no branch
  }
  [[nodiscard]] unsigned ScanUp(unsigned slot, PageIndex pages) const {
    for (; slot < count_; ++slot) {
      if (gaps_[slot] >= pages) return slot;
    }
    return kSlots;
  }
  [[nodiscard]] unsigned ScanDown(unsigned end, PageIndex pages) const {
    while (end-- != 0) {
      if (gaps_[end] >= pages) return end;
    }
    return kSlots;
  }
  void ScanGaps();
  void Fill(unsigned first, unsigned count);
  void Shift(unsigned from, unsigned to, unsigned count);
  void CopyFrom(const VmaInner& from, unsigned from_slot, unsigned to_slot, unsigned count);

  uint32_t count_ = 0;
  LargestGaps<PageIndex> largest_;
  PageIndex firsts_[kSlots];
  PageIndex gaps_[kSlots];
  void* children_[kSlots];
};
static_assert(sizeof(VmaInner) <= VmaInner::kBytes);

}  // namespace mm
