// A program's use of malloc: objects of many sizes that come and go.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <random>
#include <vector>

#include "testing/bench/objects/object_jobs.h"
#include "testing/bench/timing.h"
#include "testing/bench/workload.h"

namespace bench {

// 100,000 blocks of 16 to 4096 bytes, the logarithm evenly spread, are live; a random one is freed
// and another, of another size, allocated and its first word written.
//
// Memory is looked at before the first round, in ten times as many replacements as there are
// blocks, with every page of every block written to; and in the rounds. "peak/live" is the most
// memory at any time over the most that the live blocks asked for.
template <class Objects>
class TraceJob {
 public:
  explicit TraceJob(size_t) : held_(kLive), steps_(kSteps) {
    objects_.emplace(0);
    for (Block& block : held_) {
      const size_t bytes = RandomBytes();
      block = {objects_->Allocate(bytes), 0};
      Resize(block, bytes);
      WriteAll(block);
    }
    for (size_t left = kLive * kReplacementsBefore; left > 0; left -= kSteps) {
      DrawSteps();
      for (const Step& step : steps_) {
        Block& block = held_[step.index];
        Replace(block, step);
        Resize(block, step.bytes);
        WriteAll(block);
      }
      LookAtMemory();
    }
  }
  TraceJob(const TraceJob&) = delete;
  TraceJob& operator=(const TraceJob&) = delete;

  Sample Round() {
    DrawSteps();
    const Stopwatch watch;
    for (const Step& step : steps_) Replace(held_[step.index], step);
    const double nanoseconds = watch.nanoseconds() / kSteps;
    for (const Step& step : steps_) Resize(held_[step.index], step.bytes);
    LookAtMemory();
    return {.nanoseconds = nanoseconds, .extra = {{"peak/live", most_bytes_ / most_live_}}};
  }

 private:
  static constexpr size_t kLive = 100'000;
  static constexpr size_t kReplacementsBefore = 10;
  static constexpr size_t kSteps = 200'000;
  static constexpr size_t kPage = 4096;
  static constexpr double kSmallest = 16;
  static constexpr double kLargest = 4096;

  struct Block {
    void* base;
    size_t bytes;
  };
  struct Step {
    uint32_t index;
    uint32_t bytes;
  };

  uint32_t RandomBytes() {
    std::uniform_real_distribution<double> exponent(std::log(kSmallest), std::log(kLargest));
    return static_cast<uint32_t>(std::exp(exponent(random_)));
  }
  void DrawSteps() {
    for (Step& step : steps_) step = {static_cast<uint32_t>(random_() % kLive), RandomBytes()};
  }
  void Replace(Block& block, const Step& step) {
    objects_->Free(block.base);
    block.base = objects_->Allocate(step.bytes);
    *static_cast<uint64_t*>(block.base) = step.bytes;
  }
  // Counts what is live.
  void Resize(Block& block, size_t bytes) {
    live_ += static_cast<double>(bytes) - static_cast<double>(block.bytes);
    most_live_ = std::max(most_live_, live_);
    block.bytes = bytes;
  }
  static void WriteAll(const Block& block) {
    auto* const bytes = static_cast<volatile unsigned char*>(block.base);
    for (size_t i = 0; i < block.bytes; i += kPage) bytes[i] = 1;
    bytes[block.bytes - 1] = 1;
  }
  void LookAtMemory() {
    const size_t own = held_.size() * sizeof(Block) + steps_.size() * sizeof(Step);
    most_bytes_ = std::max(most_bytes_, objects_->bytes(own));
  }

  std::mt19937_64 random_{kObjectSeed};
  std::vector<Block> held_;
  std::vector<Step> steps_;
  std::optional<Objects> objects_;
  double live_ = 0;
  double most_live_ = 0;
  double most_bytes_ = 0;
};

}  // namespace bench
