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

#include "kernel/mm/address.h"

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
  const auto is_not_above = [&](unsigned slot) {
    return static_cast<unsigned>(key_at(slot) <= wanted);
  };
  unsigned slot = 0;
  unsigned count = kCount;
#pragma clang loop unroll(full)
  while (count > 4) {
    const unsigned part = count / 4;
    slot += part * (is_not_above(slot + part) + is_not_above(slot + 2 * part) +
                    is_not_above(slot + 3 * part));
    count -= 3 * part;  // the last part is the longest
  }
  const unsigned start = slot;
#pragma clang loop unroll(full)
  for (unsigned step = 1; step < count; ++step) slot += is_not_above(start + step);
  return slot;
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
        SlotNotAbove<kSlots>([this](unsigned index) { return slots_[index].first; }, distance);
    return slot + static_cast<unsigned>(slots_[slot].first <= distance);
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
  // and the next leaf's at `upper`. O(slots).
  [[nodiscard]] PageIndex LargestGap(PageIndex lower, PageIndex upper) const;

  // The first slot from `slot` on (which is not 0) with a gap of that many pages between it and the
  // slot before; count() or more when there is none.
  [[nodiscard]] unsigned FindGapNotBelow(unsigned slot, PageIndex pages) const {
    while (slot < count_ && PageIndex{slots_[slot].first - slots_[slot - 1].last} <= pages) ++slot;
    return slot;
  }
  // The same downwards from `slot`, which is less than count(); 0 when there is none.
  [[nodiscard]] unsigned FindGapNotAbove(unsigned slot, PageIndex pages) const {
    while (slot != 0 && PageIndex{slots_[slot].first - slots_[slot - 1].last} <= pages) --slot;
    return slot;
  }

  // `slot` <= count(), the leaf is not full and reaches the span's first page.
  void Insert(unsigned slot, const PageSpan& span, uintptr_t value);
  void Erase(unsigned slot);
  // The span stays between its neighbours, and its first page within reach.
  void SetSpan(unsigned slot, const PageSpan& span);

  // Moves `count` ranges between this leaf's upper end and the lower end of `above`, the next one.
  // Together they are within reach, or one of them is empty.
  void MoveUp(VmaLeaf& above, unsigned count);
  void MoveDown(VmaLeaf& above, unsigned count);

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
  uint16_t newest_ = 0;  // the slot of the last insert
  int16_t run_ = 0;      // inserts in order: counted up from below, down from above
  // Plain arrays: moving a tail may name the place behind the last slot.
  alignas(16) VmaSlot slots_[kSlots];
};
static_assert(sizeof(VmaLeaf) <= VmaLeaf::kBytes);

// For each child: the first page of its part of the address space, which ends where the next
// child's starts; the largest gap in that part; and the node.
class VmaInner {
 public:
  static constexpr size_t kBytes = 1344;  // three to a page, with the pool's header
  static constexpr unsigned kSlots =
      (kBytes - sizeof(uintptr_t)) / (2 * sizeof(PageIndex) + sizeof(void*));

  // An erase that leaves fewer takes from a neighbour, or joins it.
  static constexpr unsigned kSmall = kSlots / 4;
  static constexpr unsigned kGathered = kSlots * 7 / 8;

  VmaInner() { Fill(0, kSlots); }

  [[nodiscard]] unsigned count() const { return count_; }
  [[nodiscard]] bool IsFull() const { return count_ == kSlots; }
  [[nodiscard]] PageIndex first(unsigned slot) const { return firsts_[slot]; }
  void set_first(unsigned slot, PageIndex page) { firsts_[slot] = page; }
  [[nodiscard]] PageIndex gap(unsigned slot) const { return gaps_[slot]; }
  void set_gap(unsigned slot, PageIndex pages) { gaps_[slot] = pages; }
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
    return SlotNotAbove<kSlots>([this](unsigned index) { return firsts_[index]; }, page);
  }

  [[nodiscard]] PageIndex LargestGap() const;

  // The first child from `slot` on with a gap of that many pages; count() when there is none.
  [[nodiscard]] unsigned FindGapNotBelow(unsigned slot, PageIndex pages) const {
    while (slot < count_ && gaps_[slot] < pages) ++slot;
    return slot;
  }
  // The same downwards from the one before `end`; kSlots when there is none.
  [[nodiscard]] unsigned FindGapBelow(unsigned end, PageIndex pages) const {
    while (end-- != 0) {
      if (gaps_[end] >= pages) return end;
    }
    return kSlots;
  }

  // Whether what lies behind the last child lets searches end before it.
  [[nodiscard]] bool IsPadded() const;

  struct Child {
    PageIndex first;
    PageIndex gap;
    void* node;
  };
  void Insert(unsigned slot, const Child& child);
  void Erase(unsigned slot);

  // Moves `count` children between this node's upper end and the lower end of `above`, the next
  // one.
  void MoveUp(VmaInner& above, unsigned count);
  void MoveDown(VmaInner& above, unsigned count);

 private:
  static constexpr PageIndex kNoPage = std::numeric_limits<PageIndex>::max();

  void Fill(unsigned first, unsigned count);
  void Shift(unsigned from, unsigned to, unsigned count);
  void CopyFrom(const VmaInner& from, unsigned from_slot, unsigned to_slot, unsigned count);

  uint32_t count_ = 0;
  PageIndex firsts_[kSlots];
  PageIndex gaps_[kSlots];
  void* children_[kSlots];
};
static_assert(sizeof(VmaInner) <= VmaInner::kBytes);

}  // namespace mm
