// The address space that the range workloads are about: ranges of 1 to 16 pages, 1 to 8 pages
// apart, and every 1024th of them after a gap of 64.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "testing/bench/ranges/range_sets.h"

namespace bench {

inline constexpr uint64_t kLongestRange = 16;
inline constexpr uint64_t kLargestCommonGap = 8;
inline constexpr uint64_t kRareGap = 64;
inline constexpr size_t kRareGapEvery = 1024;

class AddressSpace {
 public:
  explicit AddressSpace(size_t ranges) {
    uint64_t page = kFirstPage;
    ranges_.reserve(ranges);
    for (size_t index = 0; index < ranges; ++index) {
      page += (index + 1) % kRareGapEvery == 0 ? kRareGap : 1 + random_() % kLargestCommonGap;
      const uint64_t pages = 1 + random_() % kLongestRange;
      ranges_.push_back({page, page + pages - 1});
      page += pages;
    }
  }

  [[nodiscard]] const std::vector<PageRange>& ranges() const { return ranges_; }
  [[nodiscard]] uint64_t last() const { return ranges_.back().last; }

  // In any order, each of them once.
  [[nodiscard]] std::vector<PageRange> Shuffled() {
    std::vector<PageRange> shuffled = ranges_;
    std::shuffle(shuffled.begin(), shuffled.end(), random_);
    return shuffled;
  }
  // `count` of them, each as likely as the others.
  [[nodiscard]] std::vector<PageRange> Choose(size_t count) {
    std::vector<PageRange> chosen(count);
    for (PageRange& range : chosen) range = ranges_[random_() % ranges_.size()];
    return chosen;
  }

  [[nodiscard]] std::mt19937_64& random() { return random_; }

 private:
  static constexpr uint64_t kFirstPage = 0x400;  // 4 MiB
  static constexpr uint64_t kSeed = 0x41746C6173;

  std::mt19937_64 random_{kSeed};
  std::vector<PageRange> ranges_;
};

}  // namespace bench
