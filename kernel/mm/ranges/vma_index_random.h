// Random operations on a VmaIndex beside its model, in parts of the address space that differ in
// what is hard there.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/ranges/vma_index_model.h"
#include "kernel/mm/ranges/vma_node.h"

namespace mm {

// xorshift64*, as in S. Vigna, "An experimental exploration of Marsaglia's xorshift generators".
class VmaRandom {
 public:
  explicit VmaRandom(uint64_t seed) : state_(seed) {}

  [[nodiscard]] uint64_t Next() {
    state_ ^= state_ >> 12;
    state_ ^= state_ << 25;
    state_ ^= state_ >> 27;
    return state_ * 0x2545F4914F6CDD1D >> 20;
  }
  [[nodiscard]] PageIndex Below(PageIndex bound) { return static_cast<PageIndex>(Next() % bound); }
  // As many bits as any other number of bits.
  [[nodiscard]] PageIndex Length(PageIndex most) {
    PageIndex bound = most;
    for (uint64_t halvings = Next() % 12; halvings != 0 && bound > 1; --halvings) bound /= 2;
    return 1 + Below(bound);
  }

 private:
  uint64_t state_;
};

struct VmaRandomRow {
  std::string_view name;
  PageIndex first;
  PageIndex last;
  PageIndex longest;  // of most ranges
};

inline constexpr PageIndex kTopPage = kPageLimit - 1;
inline constexpr VmaRandomRow kVmaRandomRows[] = {
    {"the lowest pages", 0, 4095, 4},       {"the highest pages", kTopPage - 4095, kTopPage, 4},
    {"everywhere, small", 0, kTopPage, 16}, {"everywhere, large", 0, kTopPage, kTopPage / 256},
    {"few pages", 1000, 1063, 2},           {"single pages", 0x400, 0x4FF, 1},
};

class VmaRandomRun {
 public:
  // It fills for four steps for each place in the storage, then drains as long, and so on.
  VmaRandomRun(const VmaRandomRow& row, uint64_t seed, PageSource& source,
               std::span<ModelVma> storage)
      : row_(row),
        phase_(4 * static_cast<unsigned>(storage.size())),
        random_(seed),
        pair_(source, storage) {}

  // Whether index and model still agree.
  bool Step(unsigned step) {
    const bool is_filling = step / phase_ % 2 == 0;
    const uint64_t what = random_.Next() % 16;
    if (what < (is_filling ? 7U : 2U)) return Insert(step);
    if (what < 8) return pair_.Erase(AnyFirst());
    switch (what) {
      case 8:
        return Resize();
      case 9:
        return pair_.IsFull() || pair_.Split(AnyInside(), step);
      case 10:
        return pair_.MergeWithNext(AnyFirst());
      case 11:
        return pair_.Replace(AnyFirst(), step);
      case 12:
      case 13:
        return pair_.Find(AnyPage()) && pair_.Find(AnyInside());
      default:
        return FindGap();
    }
  }

  bool IsSound() const { return pair_.IsSound() && pair_.IsSame(); }
  // Erases all ranges, looking at everything now and then.
  bool Drain() {
    for (unsigned step = 0; !pair_.model().ranges().empty(); ++step) {
      if (!pair_.Erase(AnyFirst())) return false;
      if (step % 32 == 0 && !pair_.IsSound()) return false;
    }
    return pair_.IsSound();
  }

 private:
  PageIndex AnyPage() { return row_.first + random_.Below(row_.last - row_.first + 1); }

  // A range that is there, when there is one.
  const ModelVma* Any() {
    const auto ranges = pair_.model().ranges();
    return ranges.empty() ? nullptr : &ranges[random_.Below(static_cast<PageIndex>(ranges.size()))];
  }
  // Now and then of none.
  PageIndex AnyFirst() {
    const ModelVma* const range = Any();
    return range == nullptr || random_.Next() % 32 == 0 ? AnyPage() : range->first;
  }
  PageIndex AnyInside() {
    const ModelVma* const range = Any();
    if (range == nullptr) return AnyPage();
    return range->first + random_.Below(range->last - range->first + 1);
  }

  bool Insert(unsigned step) {
    if (pair_.IsFull()) return true;
    const PageIndex first = AnyPage();
    const PageIndex most = std::min(row_.longest, row_.last - first + 1);
    return pair_.Insert({first, first + random_.Length(most) - 1}, step);
  }

  // To anything near, or to anything between the neighbours.
  bool Resize() {
    const ModelVma* const range = Any();
    if (range == nullptr) return true;
    const auto ranges = pair_.model().ranges();
    const bool is_lowest = range == &ranges.front();
    const bool is_highest = range == &ranges.back();
    const PageIndex low = is_lowest ? row_.first : range[-1].last + 1;
    const PageIndex high = is_highest ? row_.last : range[1].first - 1;
    const PageIndex slack = random_.Next() % 8 == 0 ? 1 : 0;
    const PageIndex first = low + random_.Below(high - low + 1);
    const PageIndex last = first + random_.Below(high - first + 1);
    const bool may_grow = slack != 0 && last < row_.last;
    if (first == 0 && last == kTopPage) return true;  // not a VirtRange
    return pair_.Resize(range->first, {first, may_grow ? last + slack : last});
  }

  bool FindGap() {
    const PageIndex first = random_.Next() % 2 == 0 ? row_.first : AnyPage();
    PageIndex last = random_.Next() % 2 == 0 ? row_.last : AnyPage();
    if (last < first) last = row_.last;
    if (first == 0 && last == kTopPage) --last;  // not a VirtRange
    const PageIndex alignment = random_.Next() % 2 == 0 ? 1 : PageIndex{1} << random_.Next() % 8;
    return pair_.FindGap({.pages = random_.Length(8 * row_.longest),
                          .alignment = alignment,
                          .within = {first, last},
                          .side = random_.Next() % 2 == 0 ? GapSide::kLow : GapSide::kHigh});
  }

  const VmaRandomRow& row_;
  unsigned phase_;
  VmaRandom random_;
  VmaPair pair_;
};

}  // namespace mm
