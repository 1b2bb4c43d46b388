// Whether a contender of the range workloads is right: random operations beside a sorted vector.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <format>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "testing/bench/ranges/range_sets.h"

namespace bench {

class SortedRanges {
 public:
  bool Insert(const PageRange& range) {
    const auto above = FirstNotBelow(range.first);
    if (above != ranges_.end() && above->first <= range.last) return false;
    ranges_.insert(above, range);
    return true;
  }
  void Erase(uint64_t first) { ranges_.erase(FirstNotBelow(first)); }
  [[nodiscard]] uint64_t Find(uint64_t page) {
    const auto above = FirstNotBelow(page);
    return above != ranges_.end() && above->first <= page ? above->first : kNothing;
  }
  [[nodiscard]] uint64_t FindGap(uint64_t pages, uint64_t lowest) {
    uint64_t start = lowest;
    for (auto above = FirstNotBelow(lowest); above != ranges_.end(); ++above) {
      if (above->first > start && above->first - start >= pages) return start;
      start = above->last + 1;
    }
    return kNothing;
  }
  [[nodiscard]] const std::vector<PageRange>& ranges() const { return ranges_; }

 private:
  std::vector<PageRange>::iterator FirstNotBelow(uint64_t page) {
    return std::ranges::lower_bound(ranges_, page, {}, &PageRange::last);
  }

  std::vector<PageRange> ranges_;
};

// What is wrong, or nothing.
template <class Ranges>
std::optional<std::string> VerifyRanges() {
  constexpr uint64_t kPages = 40'000;
  constexpr size_t kSteps = 60'000;
  constexpr size_t kSoundEvery = 1'000;
  constexpr uint64_t kLongest = 12;
  constexpr uint64_t kSeed = 20261120;
  std::mt19937_64 random(kSeed);
  SortedRanges model;
  Ranges ranges;
  for (size_t step = 0; step < kSteps; ++step) {
    // A top range stays, for gaps above it are not asked for.
    const uint64_t first = step == 0 ? kPages + kLongest : random() % kPages;
    const PageRange range{first, first + random() % kLongest};
    const bool inserted = model.Insert(range);
    if (ranges.Insert(range) != inserted) return std::format("step {}: insert", step);
    if (step % 3 == 2 && model.ranges().size() > 1) {
      const uint64_t victim = model.ranges()[random() % (model.ranges().size() - 1)].first;
      model.Erase(victim);
      ranges.Erase(victim);
    }
    const uint64_t page = random() % kPages;
    if (ranges.Find(page) != model.Find(page)) return std::format("step {}: find", step);
    const uint64_t pages = 1 + random() % (2 * kLongest);
    const uint64_t gap = ranges.FindGap(pages, page);
    if (const uint64_t right = model.FindGap(pages, page); right != kNothing && gap != right) {
      return std::format("step {}: gap at {} instead of {}", step, gap, right);
    }
    if (step % kSoundEvery == 0 && !ranges.IsSound()) {
      return std::format("step {}: invariants", step);
    }
  }
  return std::nullopt;
}

}  // namespace bench
