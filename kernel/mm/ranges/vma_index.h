// The ranges of an address space, by address: which range contains this page, where is room for
// this many, what comes next.
//
// Ranges are whole pages and disjoint, and each has a value: what the index is for keeps there,
// say, a pointer to its description. Any page of the machine can be used, the first and the last
// included. Ranges that touch stay two until somebody merges them.
//
// Nothing here locks. const functions may run at the same time as each other; the others run alone.
// A function that fails leaves everything as it was. Times are for n ranges. Only Insert(), Split()
// and, where a range's first page moves by more than 16 TiB, Resize() take memory, from the
// PageSource; erasing gives pages back at once, but for one node while there are others.
#pragma once

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <expected>
#include <optional>
#include <type_traits>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/ranges/vma_tree.h"

namespace mm {

// What an index keeps with each range: small, and copied as it is.
template <class T>
concept VmaValue = std::is_trivially_copyable_v<T> && std::default_initializable<T> &&
                   sizeof(T) <= sizeof(uintptr_t);

// Room that somebody looks for: the first that fits, seen from one end.
struct VmaGap {
  uint64_t size_bytes;             // whole pages
  uint64_t alignment = kPageSize;  // of the first byte: a power of two, a page or more
  VirtRange within;                // where it has to lie
  GapSide side = GapSide::kLow;
};

template <VmaValue Value>
class VmaIndex {
 public:
  struct Entry {
    VirtRange range;
    Value value;
  };

  class Cursor;

  explicit VmaIndex(PageSource& source) : tree_(source) {}

  // The range that contains `va`. O(log n); less for the range found last.
  [[nodiscard]] std::optional<Entry> Find(VirtAddr va) const {
    return EntryAt(IsOnMachine(va) ? tree_.Find(PageOf(va)) : VmaPosition{});
  }

  // The range that contains `va`, or the first above it. O(log n).
  [[nodiscard]] std::optional<Entry> FindFirstNotBelow(VirtAddr va) const {
    return EntryAt(IsOnMachine(va) ? tree_.FindFirstNotBelow(PageOf(va)) : VmaPosition{});
  }

  // The range that contains `va`, or the last below it. O(log n).
  [[nodiscard]] std::optional<Entry> FindLastNotAbove(VirtAddr va) const {
    return EntryAt(tree_.FindLastNotAbove(IsOnMachine(va) ? PageOf(va) : kPageLimit - 1));
  }

  // The value alone of what FindLastNotAbove() finds; one of zeroes when there is none. After the
  // second, a change there need not search again.
  [[nodiscard]] Value ValueNotAbove(VirtAddr va) const {
    return FromWord(tree_.ValueNotAbove(IsOnMachine(va) ? PageOf(va) : kPageLimit - 1));
  }
  [[nodiscard]] Value FindToChange(VirtAddr va) {
    const VmaPosition found = tree_.FindToChange(IsOnMachine(va) ? PageOf(va) : kPageLimit - 1);
    return FromWord(found.leaf == nullptr ? 0 : found.leaf->value(found.slot));
  }

  // Where a range of that size fits. With an alignment of a page: the very first place seen from
  // that end, O(log n). With a larger one: also the very first, unless VmaTree::kMisfits gaps
  // before it are large enough but cannot hold it aligned; then the first gap that is large enough
  // for any alignment, if there is one. Errors: kInvalidArgument (size or alignment), kOutOfMemory
  // (no room).
  [[nodiscard]] base::Result<VirtAddr> FindGap(const VmaGap& gap) const;
  // The same for what has been checked: `gap` has pages, and its window is on this machine.
  [[nodiscard]] base::Result<VirtAddr> FindGap(const PageGap& gap) const {
    return AddressOf(TRY(tree_.FindGap(gap)));
  }

  // Errors: kInvalidArgument (empty, wraps), kNotAligned, kOutOfRange (not on this machine),
  // kOverlap, kOutOfMemory. O(log n).
  [[nodiscard]] base::Result<> Insert(const VirtRange& range, Value value) {
    return tree_.Insert(TRY(SpanOf(range)), ToWord(value));
  }

  // Forgets the range that starts at `base`, and returns its value. Error: kNotFound. O(log n).
  base::Result<Value> Erase(VirtAddr base) {
    if (!IsFirst(base)) return std::unexpected(base::Error::kNotFound);
    return FromWord(TRY(tree_.Erase(PageOf(base))));
  }

  // Makes the range that starts at `base` a different one between the same neighbours: grown or
  // shrunk at either end. Errors: as Insert(), and kNotFound. O(log n).
  [[nodiscard]] base::Result<> Resize(VirtAddr base, const VirtRange& range) {
    const PageSpan span = TRY(SpanOf(range));
    if (!IsFirst(base)) return std::unexpected(base::Error::kNotFound);
    return tree_.Resize(PageOf(base), span);
  }

  // Cuts the range that contains `at` in two: the lower part keeps its value, the one from `at`
  // gets `upper`. Errors: kNotAligned, kNotFound (no range contains both `at` and the byte before
  // it), kOutOfMemory. O(log n).
  [[nodiscard]] base::Result<> Split(VirtAddr at, Value upper) {
    if (!IsAligned(at, kPageSize)) return std::unexpected(base::Error::kNotAligned);
    if (!IsOnMachine(at)) return std::unexpected(base::Error::kNotFound);
    return tree_.Split(PageOf(at), ToWord(upper));
  }

  // Joins the range that starts at `base` with the next, whose value it returns: it is forgotten.
  // Errors: kNotFound (no such range, or none after it), kInvalidArgument (they do not touch).
  // O(log n).
  base::Result<Value> MergeWithNext(VirtAddr base) {
    if (!IsFirst(base)) return std::unexpected(base::Error::kNotFound);
    return FromWord(TRY(tree_.MergeWithNext(PageOf(base))));
  }

  // Gives the range that starts at `base` another value, and returns the one it had. Error:
  // kNotFound. O(log n).
  base::Result<Value> Replace(VirtAddr base, Value value) {
    if (!IsFirst(base)) return std::unexpected(base::Error::kNotFound);
    return FromWord(TRY(tree_.Replace(PageOf(base), ToWord(value))));
  }

  // Makes this empty index one like `other`: each value is what copy(Value), whose result is a
  // base::Result<Value>, makes of the other's, from the lowest range up. Errors: those of `copy`,
  // kOutOfMemory; nothing is in the index then. O(n), and less than so many inserts.
  template <class Copy>
  [[nodiscard]] base::Result<> CopyFrom(const VmaIndex& other, Copy&& copy) {
    return tree_.CopyFrom(other.tree_, [&](uintptr_t word) -> base::Result<uintptr_t> {
      return ToWord(TRY(copy(FromWord(word))));
    });
  }

  // Forgets all ranges and gives all memory back, in time proportional to that memory.
  void Clear() { tree_.Clear(); }

  [[nodiscard]] size_t size() const { return tree_.size(); }
  [[nodiscard]] bool IsEmpty() const { return size() == 0; }
  // What the index holds of its PageSource.
  [[nodiscard]] size_t bytes() const { return tree_.bytes(); }

  // Sorted, disjoint, gaps and links right, nodes full enough and all accounted for. O(n). Error:
  // kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const { return tree_.CheckInvariants(); }

 private:
  static uintptr_t ToWord(Value value);
  static Value FromWord(uintptr_t word);
  static bool IsOnMachine(VirtAddr va) { return va.value >> kPageShift < kPageLimit; }
  static bool IsFirst(VirtAddr base) { return IsOnMachine(base) && IsAligned(base, kPageSize); }
  static PageIndex PageOf(VirtAddr va) { return static_cast<PageIndex>(va.value >> kPageShift); }
  static VirtAddr AddressOf(PageIndex page) { return {uint64_t{page} << kPageShift}; }
  static base::Result<PageSpan> SpanOf(const VirtRange& range);
  static std::optional<Entry> EntryAt(VmaPosition position);

  VmaTree tree_;
};

// A place in the index, for going through it in either direction. It may be used after any
// operation on the index other than the end of its life: entry() stays what it was when the cursor
// came to it, and Next() and Previous() go from there to what the index now holds, whether that
// range still exists or not. O(1) while nothing changes, O(log n) after a change.
template <VmaValue Value>
class VmaIndex<Value>::Cursor {
 public:
  // On FindFirstNotBelow(from), or past the last range.
  Cursor(const VmaIndex& index, VirtAddr from) : index_(&index) {
    MoveTo(IsOnMachine(from) ? index.tree_.FindFirstNotBelow(PageOf(from)) : VmaPosition{});
  }

  // Whether it is on a range: not past the last or before the first.
  [[nodiscard]] bool IsOnRange() const { return entry_.has_value(); }
  // CHECKed: IsOnRange().
  [[nodiscard]] const Entry& entry() const {
    CHECK(entry_.has_value());
    return *entry_;
  }

  // To the first range above this one, or past the last. CHECKed: IsOnRange().
  void Next() {
    const PageIndex last = PageOf(entry().range.last());
    if (!IsStale()) return MoveTo(VmaTree::Next(position_));
    MoveTo(last + 1 < kPageLimit ? index_->tree_.FindFirstNotBelow(last + 1) : VmaPosition{});
  }

  // To the last range below this one, or before the first. CHECKed: IsOnRange().
  void Previous() {
    const PageIndex first = PageOf(entry().range.base);
    if (!IsStale()) return MoveTo(VmaTree::Previous(position_));
    MoveTo(first != 0 ? index_->tree_.FindLastNotAbove(first - 1) : VmaPosition{});
  }

 private:
  [[nodiscard]] bool IsStale() const { return changes_ != index_->tree_.changes(); }

  void MoveTo(VmaPosition position) {
    position_ = position;
    changes_ = index_->tree_.changes();
    entry_ = EntryAt(position);
  }

  const VmaIndex* index_;
  VmaPosition position_;
  uint64_t changes_ = 0;
  std::optional<Entry> entry_;
};

template <VmaValue Value>
base::Result<VirtAddr> VmaIndex<Value>::FindGap(const VmaGap& gap) const {
  const bool is_size_right = gap.size_bytes != 0 && base::IsAligned(gap.size_bytes, kPageSize);
  // Not std::has_single_bit(), which counts bits: without an instruction for it that takes longer
  // than a level of the tree.
  const bool is_alignment_right =
      gap.alignment >= kPageSize && (gap.alignment & (gap.alignment - 1)) == 0;
  if (!is_size_right || !is_alignment_right || gap.within.IsEmpty() || gap.within.Wraps()) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  // The whole pages of the window, as far as the machine has them.
  const uint64_t first = base::DivideRoundUp(gap.within.base.value, kPageSize);
  const uint64_t last_byte = gap.within.base.value + (gap.within.size_bytes - 1);
  const bool ends_in_page = (last_byte & (kPageSize - 1)) != kPageSize - 1;
  const uint64_t end =
      std::min((last_byte >> kPageShift) + (ends_in_page ? 0 : 1), uint64_t{kPageLimit});
  const uint64_t pages = gap.size_bytes >> kPageShift;
  if (end <= first || pages > end - first) return std::unexpected(base::Error::kOutOfMemory);
  const uint64_t last = end - 1;
  // No alignment beyond the machine's last page makes a difference between its pages.
  const uint64_t alignment = std::min(gap.alignment >> kPageShift, uint64_t{kPageLimit});
  return FindGap(PageGap{static_cast<PageIndex>(pages),
                         static_cast<PageIndex>(alignment),
                         {static_cast<PageIndex>(first), static_cast<PageIndex>(last)},
                         gap.side});
}

template <VmaValue Value>
base::Result<PageSpan> VmaIndex<Value>::SpanOf(const VirtRange& range) {
  if (range.IsEmpty() || range.Wraps()) return std::unexpected(base::Error::kInvalidArgument);
  if (!range.IsAligned(kPageSize)) return std::unexpected(base::Error::kNotAligned);
  if (!IsOnMachine(range.last())) return std::unexpected(base::Error::kOutOfRange);
  return PageSpan{PageOf(range.base), PageOf(range.last())};
}

template <VmaValue Value>
std::optional<typename VmaIndex<Value>::Entry> VmaIndex<Value>::EntryAt(VmaPosition position) {
  if (position.leaf == nullptr) return std::nullopt;
  const PageSpan span = position.leaf->Span(position.slot);
  return Entry{{AddressOf(span.first), uint64_t{span.pages()} << kPageShift},
               FromWord(position.leaf->value(position.slot))};
}

template <VmaValue Value>
uintptr_t VmaIndex<Value>::ToWord(Value value) {
  uintptr_t word = 0;
  // The built-in one: without a C library, std::memcpy() is a call.
  // NOLINTNEXTLINE(bugprone-sizeof-expression): a pointer is a value like others
  __builtin_memcpy(&word, &value, sizeof(Value));
  return word;
}

template <VmaValue Value>
Value VmaIndex<Value>::FromWord(uintptr_t word) {
  Value value;
  // NOLINTNEXTLINE(bugprone-sizeof-expression): a pointer is a value like others
  __builtin_memcpy(&value, &word, sizeof(Value));
  return value;
}

}  // namespace mm
