// A VmaIndex beside a sorted array that does the same in the simplest way: for random tests and for
// fuzzing, on the host and in the kernels. Every operation is done by both, and their answers
// compared.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/ranges/vma_index.h"
#include "kernel/mm/ranges/vma_tree.h"

namespace mm {

struct ModelVma {
  PageIndex first;
  PageIndex last;
  uint32_t value;
};

// Sorted ranges in storage that somebody brings. Errors are VmaIndex's.
class VmaModel {
 public:
  explicit VmaModel(std::span<ModelVma> storage) : storage_(storage) {}

  [[nodiscard]] std::span<const ModelVma> ranges() const { return storage_.first(count_); }
  [[nodiscard]] bool IsFull() const { return count_ + 1 >= storage_.size(); }

  // The lowest range that ends at `page` or above; its place, or the number of ranges.
  [[nodiscard]] size_t NotBelow(PageIndex page) const {
    const auto all = ranges();
    return static_cast<size_t>(std::ranges::lower_bound(all, page, {}, &ModelVma::last) -
                               all.begin());
  }
  [[nodiscard]] bool Contains(size_t place, PageIndex page) const {
    return place < count_ && storage_[place].first <= page;
  }
  [[nodiscard]] bool StartsAt(size_t place, PageIndex page) const {
    return place < count_ && storage_[place].first == page;
  }

  base::Result<> Insert(const ModelVma& added) {
    const size_t place = NotBelow(added.first);
    if (Contains(place, added.last)) return std::unexpected(base::Error::kOverlap);
    Put(place, added);
    return {};
  }

  base::Result<uint32_t> Erase(PageIndex first) {
    const size_t place = NotBelow(first);
    if (!StartsAt(place, first)) return std::unexpected(base::Error::kNotFound);
    const uint32_t value = storage_[place].value;
    Remove(place);
    return value;
  }

  base::Result<> Resize(PageIndex first, const PageSpan& span) {
    const size_t place = NotBelow(first);
    if (!StartsAt(place, first)) return std::unexpected(base::Error::kNotFound);
    const bool is_free_below = place == 0 || storage_[place - 1].last < span.first;
    const bool is_free_above = place + 1 == count_ || storage_[place + 1].first > span.last;
    if (!is_free_below || !is_free_above) return std::unexpected(base::Error::kOverlap);
    storage_[place].first = span.first;
    storage_[place].last = span.last;
    return {};
  }

  base::Result<> Split(PageIndex at, uint32_t upper) {
    const size_t place = NotBelow(at);
    if (!Contains(place, at) || StartsAt(place, at)) {
      return std::unexpected(base::Error::kNotFound);
    }
    Put(place + 1, {at, storage_[place].last, upper});
    storage_[place].last = at - 1;
    return {};
  }

  base::Result<uint32_t> MergeWithNext(PageIndex first) {
    const size_t place = NotBelow(first);
    if (!StartsAt(place, first) || place + 1 == count_) {
      return std::unexpected(base::Error::kNotFound);
    }
    const ModelVma next = storage_[place + 1];
    if (storage_[place].last + 1 != next.first) {
      return std::unexpected(base::Error::kInvalidArgument);
    }
    storage_[place].last = next.last;
    Remove(place + 1);
    return next.value;
  }

  base::Result<uint32_t> Replace(PageIndex first, uint32_t value) {
    const size_t place = NotBelow(first);
    if (!StartsAt(place, first)) return std::unexpected(base::Error::kNotFound);
    return std::exchange(storage_[place].value, value);
  }

  struct Gap {
    std::optional<PageIndex> first;
    unsigned misfits = 0;  // large enough but badly aligned, before it
  };
  [[nodiscard]] Gap FindGap(const PageGap& wanted) const {
    Gap gap;
    for (size_t step = 0; step <= count_ && !gap.first; ++step) {
      const size_t above = wanted.side == GapSide::kLow ? step : count_ - step;
      const PageIndex start = above == 0 ? 0 : storage_[above - 1].last + 1;
      const PageIndex end = above == count_ ? kPageLimit : storage_[above].first;
      TryGap(wanted, start, end, gap);
    }
    return gap;
  }

  void Clear() { count_ = 0; }

 private:
  void Put(size_t place, const ModelVma& added) {
    ++count_;
    std::shift_right(storage_.begin() + place, storage_.begin() + count_, 1);
    storage_[place] = added;
  }
  void Remove(size_t place) {
    std::shift_left(storage_.begin() + place, storage_.begin() + count_, 1);
    --count_;
  }

  static void TryGap(const PageGap& wanted, PageIndex start, PageIndex end, Gap& gap) {
    const PageIndex low = std::max(start, wanted.within.first);
    const PageIndex last = std::min(end - 1, wanted.within.last);
    if (start == end || low > last || last - low + 1 < wanted.pages) return;
    const PageIndex top = last - wanted.pages + 1;
    const PageIndex lowest = (low + wanted.alignment - 1) / wanted.alignment * wanted.alignment;
    const PageIndex highest = top / wanted.alignment * wanted.alignment;
    if (highest < low) {
      ++gap.misfits;
    } else {
      gap.first = wanted.side == GapSide::kLow ? lowest : highest;
    }
  }

  std::span<ModelVma> storage_;
  size_t count_ = 0;
};

// Each function returns whether the index did what the model did.
class VmaPair {
 public:
  VmaPair(PageSource& source, std::span<ModelVma> storage) : index_(source), model_(storage) {}

  [[nodiscard]] const VmaModel& model() const { return model_; }
  // For what is done by one after the other.
  [[nodiscard]] VmaModel& model() { return model_; }
  [[nodiscard]] VmaIndex<uint32_t>& index() { return index_; }
  [[nodiscard]] bool IsFull() const { return model_.IsFull(); }

  bool Insert(const PageSpan& span, uint32_t value) {
    return index_.Insert(RangeOf(span), value) == model_.Insert({span.first, span.last, value});
  }
  bool Erase(PageIndex first) { return index_.Erase(At(first)) == model_.Erase(first); }
  bool Resize(PageIndex first, const PageSpan& span) {
    return index_.Resize(At(first), RangeOf(span)) == model_.Resize(first, span);
  }
  bool Split(PageIndex at, uint32_t upper) {
    return index_.Split(At(at), upper) == model_.Split(at, upper);
  }
  bool MergeWithNext(PageIndex first) {
    return index_.MergeWithNext(At(first)) == model_.MergeWithNext(first);
  }
  bool Replace(PageIndex first, uint32_t value) {
    return index_.Replace(At(first), value) == model_.Replace(first, value);
  }

  bool Find(PageIndex page) {
    const size_t place = model_.NotBelow(page);
    const bool is_inside = model_.Contains(place, page);
    const size_t below = is_inside ? place : place - 1;  // wraps when there is none
    return Is(index_.Find(At(page)), is_inside ? place : kNowhere) &&
           Is(index_.FindFirstNotBelow(At(page)), place) &&
           Is(index_.FindLastNotAbove(At(page)), below) &&
           index_.ValueNotAbove(At(page)) == ValueOf(below) &&
           index_.FindToChange(At(page)) == ValueOf(below);
  }

  bool FindGap(const PageGap& wanted) const {
    const VmaModel::Gap right = model_.FindGap(wanted);
    const auto found = index_.FindGap({.size_bytes = uint64_t{wanted.pages} << kPageShift,
                                       .alignment = uint64_t{wanted.alignment} << kPageShift,
                                       .within = RangeOf(wanted.within),
                                       .side = wanted.side});
    if (!right.first) return !found && found.error() == base::Error::kOutOfMemory;
    if (!found) return false;
    if (right.misfits < VmaTree::kMisfits) return *found == At(*right.first);
    return IsFree(wanted, static_cast<PageIndex>(found->value >> kPageShift));
  }

  // All ranges, forwards and backwards.
  [[nodiscard]] bool IsSame() const {
    if (index_.size() != model_.ranges().size()) return false;
    VmaIndex<uint32_t>::Cursor cursor(index_, {0});
    VmaIndex<uint32_t>::Cursor last = cursor;
    for (size_t place = 0; place < index_.size(); ++place) {
      if (!cursor.IsOnRange() || !Is(cursor.entry(), place)) return false;
      last = cursor;
      cursor.Next();
    }
    if (cursor.IsOnRange()) return false;
    for (size_t place = index_.size(); place-- > 0;) {
      if (!last.IsOnRange() || !Is(last.entry(), place)) return false;
      last.Previous();
    }
    return !last.IsOnRange();
  }

  [[nodiscard]] bool IsSound() const { return index_.CheckInvariants().has_value(); }

  void Clear() {
    index_.Clear();
    model_.Clear();
  }

 private:
  using Entry = VmaIndex<uint32_t>::Entry;
  static constexpr size_t kNowhere = ~size_t{0};

  static VirtAddr At(PageIndex page) { return {uint64_t{page} << kPageShift}; }
  static VirtRange RangeOf(const PageSpan& span) {
    return {At(span.first), uint64_t{span.pages()} << kPageShift};
  }

  [[nodiscard]] bool Is(const std::optional<Entry>& entry, size_t place) const {
    if (place >= model_.ranges().size()) return !entry.has_value();
    const ModelVma& right = model_.ranges()[place];
    return entry && entry->range == RangeOf({right.first, right.last}) &&
           entry->value == right.value;
  }

  [[nodiscard]] uint32_t ValueOf(size_t place) const {
    return place < model_.ranges().size() ? model_.ranges()[place].value : 0;
  }

  [[nodiscard]] bool IsFree(const PageGap& wanted, PageIndex first) const {
    const PageIndex last = first + wanted.pages - 1;
    return first % wanted.alignment == 0 && first >= wanted.within.first &&
           last <= wanted.within.last && !model_.Contains(model_.NotBelow(first), last);
  }

  VmaIndex<uint32_t> index_;
  VmaModel model_;
};

}  // namespace mm
