// What the contenders do with their spaces.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "kernel/base/check.h"
#include "testing/bench/range_allocator/spaces.h"
#include "testing/bench/timing.h"
#include "testing/bench/workload.h"

namespace bench {

inline constexpr uint64_t kRangeSeed = 20261120;
inline constexpr uint32_t kLongestRange = 64;  // pages: a guard and up to 252 KiB
inline constexpr uint32_t kSpacePages = uint32_t{1} << 31;

inline uint32_t RandomPages(std::mt19937_64& random) {
  return static_cast<uint32_t>(1 + random() % kLongestRange);
}

// `size` ranges are taken; a random one is freed and another, of another size, allocated. Before
// the first round each has been replaced twice on average, so that free ranges lie everywhere.
template <class Space>
class ReplaceRangeJob {
 public:
  explicit ReplaceRangeJob(size_t size) : space_(kSpacePages) {
    for (size_t i = 0; i < size; ++i) ranges_.push_back(*space_.Allocate(RandomPages(random_)));
    for (size_t i = 0; i < 2 * size; ++i) Replace({random_() % size, RandomPages(random_)});
  }

  Sample Round() {
    constexpr size_t kOperations = 200'000;
    std::vector<Step> steps(kOperations + kAhead);
    for (Step& step : steps) step = {random_() % ranges_.size(), RandomPages(random_)};
    const Stopwatch watch;
    for (size_t i = 0; i < kOperations; ++i) {
      // The list of ranges is the benchmark's: its cache misses are nobody's fault.
      __builtin_prefetch(&ranges_[steps[i + kAhead].index]);
      Replace(steps[i]);
    }
    const double nanoseconds = watch.nanoseconds() / kOperations;
    return {.nanoseconds = nanoseconds,
            .extra = {{"bytes/range", space_.bytes() / static_cast<double>(ranges_.size())}}};
  }

 private:
  static constexpr size_t kAhead = 8;

  struct Step {
    size_t index;
    uint32_t pages;
  };

  void Replace(const Step& step) {
    PageRun& range = ranges_[step.index];
    CHECK(space_.Free(range));
    range = *space_.Allocate(step.pages);
  }

  std::mt19937_64 random_{kRangeSeed};
  Space space_;
  std::vector<PageRun> ranges_;
};

// Beside an array of pages. What is wrong, or nothing.
template <class Space>
std::optional<std::string> VerifySpace() {
  constexpr uint32_t kPages = 60'000;
  constexpr size_t kSteps = 40'000;
  constexpr size_t kSoundEvery = 2'000;
  std::mt19937_64 random(kRangeSeed);
  Space space(kPages);
  std::vector<bool> taken(kPages + 1);
  std::vector<PageRun> ranges;
  const auto mark = [&](const PageRun& run, bool value) {
    for (uint32_t page = run.first; page < run.first + run.pages; ++page) {
      if (taken[page] == value) return false;
      taken[page] = value;
    }
    return true;
  };
  for (size_t step = 0; step < kSteps; ++step) {
    if (random() % 2 == 0 && !ranges.empty()) {
      std::swap(ranges[random() % ranges.size()], ranges.back());
      PageRun wrong = ranges.back();
      ++wrong.pages;
      if (space.Free(wrong)) return "frees a range of another size";
      if (!space.Free(ranges.back())) return "does not know a range it gave";
      if (!mark(ranges.back(), false)) return "freed what was free";
      ranges.pop_back();
    } else if (const auto run = space.Allocate(RandomPages(random))) {
      if (run->first == 0 || run->first + run->pages - 1 > kPages) return "leaves its space";
      if (!mark(*run, true)) return "gives the same page twice";
      ranges.push_back(*run);
    }
    const auto page = static_cast<uint32_t>(1 + random() % kPages);
    if (space.IsAllocated(page) != taken[page]) return "does not know what is allocated";
    if (step % kSoundEvery == 0 && !space.IsSound()) return "is not sound";
  }
  for (const PageRun& run : ranges) {
    if (!space.Free(run)) return "does not know a range it gave";
  }
  const auto all = space.Allocate(kPages);
  if (!all || all->first != 1) return "does not join what is freed";
  return std::nullopt;
}

}  // namespace bench
