// What the range workloads time. Each job fills its contender once, in random order, and is then
// asked for rounds; nodes so lie where a long-running system would have them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "testing/bench/ranges/address_space.h"
#include "testing/bench/timing.h"
#include "testing/bench/workload.h"

namespace bench {

inline constexpr size_t kFewOperations = 20'000;
inline constexpr size_t kManyOperations = 200'000;

template <class Ranges>
class FilledRanges {
 public:
  explicit FilledRanges(size_t count) : space_(count) {
    for (const PageRange& range : space_.Shuffled()) ranges_.Insert(range);
  }

 protected:
  [[nodiscard]] double BytesPerRange() const {
    return static_cast<double>(ranges_.bytes()) / static_cast<double>(space_.ranges().size());
  }

  AddressSpace space_;
  Ranges ranges_;
};

// Looks up any page of any range.
template <class Ranges>
class FindJob : FilledRanges<Ranges> {
 public:
  explicit FindJob(size_t count) : FilledRanges<Ranges>(count) {
    pages_.reserve(kManyOperations);
    for (const PageRange& range : this->space_.Choose(kManyOperations)) {
      pages_.push_back(range.first + this->space_.random()() % (range.last - range.first + 1));
    }
  }

  Sample Round() {
    uint64_t sum = 0;
    const Stopwatch watch;
    for (const uint64_t page : pages_) sum += this->ranges_.Find(page);
    const double nanoseconds = watch.nanoseconds();
    Keep(sum);
    return {.nanoseconds = nanoseconds / static_cast<double>(pages_.size())};
  }

 private:
  std::vector<uint64_t> pages_;
};

// Looks up pages of the same range again and again, as a program that touches its new memory.
template <class Ranges>
class FindAgainJob : FilledRanges<Ranges> {
 public:
  explicit FindAgainJob(size_t count) : FilledRanges<Ranges>(count) {
    pages_.reserve(kManyOperations);
    for (const PageRange& range : this->space_.Choose(kManyOperations / kTimes)) {
      for (size_t time = 0; time < kTimes; ++time) {
        pages_.push_back(range.first + this->space_.random()() % (range.last - range.first + 1));
      }
    }
  }

  // The first of each range is not counted, so that what is timed is the range found last.
  Sample Round() {
    uint64_t sum = 0;
    double nanoseconds = 0;
    for (size_t index = 0; index < pages_.size(); index += kTimes) {
      sum += this->ranges_.Find(pages_[index]);
      const Stopwatch watch;
      for (size_t time = 1; time < kTimes; ++time) sum += this->ranges_.Find(pages_[index + time]);
      nanoseconds += watch.nanoseconds();
    }
    Keep(sum);
    return {.nanoseconds =
                nanoseconds * kTimes / (kTimes - 1) / static_cast<double>(pages_.size())};
  }

 private:
  static constexpr size_t kTimes = 2'000;

  std::vector<uint64_t> pages_;
};

// Erases any range and inserts it again.
template <class Ranges>
class ReplaceJob : FilledRanges<Ranges> {
 public:
  explicit ReplaceJob(size_t count)
      : FilledRanges<Ranges>(count), chosen_(this->space_.Choose(kManyOperations)) {}

  Sample Round() {
    const Stopwatch watch;
    for (const PageRange& range : chosen_) {
      this->ranges_.Erase(range.first);
      this->ranges_.Insert(range);
    }
    const double nanoseconds = watch.nanoseconds();
    return {.nanoseconds = nanoseconds / static_cast<double>(chosen_.size()),
            .extra = {{kBytesPerRange, this->BytesPerRange()}}};
  }

  static constexpr const char* kBytesPerRange = "bytes/range";

 private:
  std::vector<PageRange> chosen_;
};

// Looks for a gap that only one in a thousand is as large as, from anywhere.
template <class Ranges>
class FarGapJob : FilledRanges<Ranges> {
 public:
  explicit FarGapJob(size_t count) : FilledRanges<Ranges>(count) {
    lowest_.reserve(kFewOperations);
    // From the lower part, above which there is such a gap.
    const uint64_t pages = this->space_.ranges()[count - kRareGapEvery].first;
    for (size_t index = 0; index < kFewOperations; ++index) {
      lowest_.push_back(this->space_.random()() % pages);
    }
  }

  Sample Round() {
    uint64_t sum = 0;
    const Stopwatch watch;
    for (const uint64_t lowest : lowest_) sum += this->ranges_.FindGap(kRareGap / 2, lowest);
    const double nanoseconds = watch.nanoseconds();
    Keep(sum);
    return {.nanoseconds = nanoseconds / static_cast<double>(lowest_.size())};
  }

 private:
  std::vector<uint64_t> lowest_;
};

// What a program's mmap, first access and munmap ask of the index.
template <class Ranges>
class MapCycleJob : FilledRanges<Ranges> {
 public:
  explicit MapCycleJob(size_t count) : FilledRanges<Ranges>(count) {
    requests_.reserve(kManyOperations);
    const uint64_t pages = this->space_.ranges()[count - kRareGapEvery].first;
    for (size_t index = 0; index < kManyOperations; ++index) {
      requests_.push_back({.lowest = this->space_.random()() % pages,
                           .pages = 1 + this->space_.random()() % kLargestCommonGap});
    }
  }

  Sample Round() {
    uint64_t sum = 0;
    const Stopwatch watch;
    for (const Request& request : requests_) {
      const uint64_t first = this->ranges_.FindGap(request.pages, request.lowest);
      this->ranges_.Insert({first, first + request.pages - 1});
      sum += this->ranges_.Find(first + request.pages - 1);
      this->ranges_.Erase(first);
    }
    const double nanoseconds = watch.nanoseconds();
    Keep(sum);
    return {.nanoseconds = nanoseconds / static_cast<double>(requests_.size())};
  }

 private:
  struct Request {
    uint64_t lowest;
    uint64_t pages;
  };

  std::vector<Request> requests_;
};

// Inserts all ranges in one random order and erases them in another; per range.
template <class Ranges>
class FillAndDrainJob {
 public:
  explicit FillAndDrainJob(size_t count) {
    AddressSpace space(count);
    fill_ = space.Shuffled();
    drain_ = space.Shuffled();
  }

  Sample Round() {
    Ranges ranges;
    const Stopwatch watch;
    for (const PageRange& range : fill_) ranges.Insert(range);
    const auto bytes = static_cast<double>(ranges.bytes());
    for (const PageRange& range : drain_) ranges.Erase(range.first);
    const double nanoseconds = watch.nanoseconds();
    const auto count = static_cast<double>(fill_.size());
    return {.nanoseconds = nanoseconds / count, .extra = {{"bytes/range", bytes / count}}};
  }

 private:
  std::vector<PageRange> fill_;
  std::vector<PageRange> drain_;
};

}  // namespace bench
