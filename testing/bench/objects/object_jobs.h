// What the contenders do with objects of one size. Objects are not written to: it is the allocator
// that is timed, and not the misses of who uses the memory. The trace (object_trace.h) writes.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <random>
#include <vector>

#include "testing/bench/timing.h"
#include "testing/bench/workload.h"

namespace bench {

inline constexpr uint64_t kObjectSeed = 20261120;

// One object allocated and freed.
template <class Objects>
class PairJob {
 public:
  explicit PairJob(size_t bytes) : objects_(bytes) {}

  Sample Round() {
    constexpr int kPairs = 4'000'000;
    const Stopwatch watch;
    for (int i = 0; i < kPairs; ++i) {
      void* const object = objects_.Allocate();
      Keep(object);
      objects_.Free(object);
    }
    return {.nanoseconds = watch.nanoseconds() / kPairs};
  }

 private:
  Objects objects_;
};

// 64 objects allocated, then freed in the same order. Per object.
template <class Objects>
class BurstJob {
 public:
  explicit BurstJob(size_t bytes) : objects_(bytes) {}

  Sample Round() {
    constexpr int kBursts = 50'000;
    std::array<void*, 64> held{};
    const Stopwatch watch;
    for (int i = 0; i < kBursts; ++i) {
      for (void*& object : held) {
        object = objects_.Allocate();
        Keep(object);
      }
      for (void* const object : held) objects_.Free(object);
    }
    return {.nanoseconds = watch.nanoseconds() / kBursts / held.size()};
  }

 private:
  Objects objects_;
};

// 64 MiB of objects. Before each part that is timed, and after it, everything has been freed in
// random order.
template <class Objects>
class FillJob {
 public:
  explicit FillJob(size_t bytes) : objects_(bytes), held_(kBytes / bytes) {
    Objects::KeepMemory();
    Fill();
    FreeAtRandom();
  }

 protected:
  // Nanoseconds for each object.
  double Fill() {
    const Stopwatch watch;
    for (void*& object : held_) object = objects_.Allocate();
    return watch.nanoseconds() / static_cast<double>(held_.size());
  }
  double FreeAtRandom() {
    std::ranges::shuffle(held_, random_);
    const Stopwatch watch;
    for (void* const object : held_) objects_.Free(object);
    return watch.nanoseconds() / static_cast<double>(held_.size());
  }

 private:
  static constexpr size_t kBytes = size_t{64} << 20;

  std::mt19937_64 random_{kObjectSeed};
  Objects objects_;
  std::vector<void*> held_;
};

template <class Objects>
class AllocateJob : FillJob<Objects> {
 public:
  using FillJob<Objects>::FillJob;
  Sample Round() {
    const double nanoseconds = this->Fill();
    this->FreeAtRandom();
    return {.nanoseconds = nanoseconds};
  }
};

template <class Objects>
class FreeJob : FillJob<Objects> {
 public:
  using FillJob<Objects>::FillJob;
  Sample Round() {
    this->Fill();
    return {.nanoseconds = this->FreeAtRandom()};
  }
};

// 100,000 objects live; a random one is freed and another allocated.
template <class Objects>
class ReplaceJob {
 public:
  explicit ReplaceJob(size_t bytes) : objects_(bytes), held_(kLive) {
    for (void*& object : held_) object = objects_.Allocate();
    Round();
  }

  Sample Round() {
    constexpr size_t kOperations = 1'000'000;
    std::vector<uint32_t> order(kOperations);
    for (uint32_t& index : order) index = static_cast<uint32_t>(random_() % kLive);
    const Stopwatch watch;
    for (const uint32_t index : order) {
      objects_.Free(held_[index]);
      held_[index] = objects_.Allocate();
    }
    return {.nanoseconds = watch.nanoseconds() / kOperations};
  }

 private:
  static constexpr size_t kLive = 100'000;

  std::mt19937_64 random_{kObjectSeed};
  Objects objects_;
  std::vector<void*> held_;
};

}  // namespace bench
