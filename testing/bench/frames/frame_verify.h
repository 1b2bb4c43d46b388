// Does an allocator of frames do its job: nothing is given out twice, runs are aligned, everything
// comes back?
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "testing/bench/frames/frame_contenders.h"

namespace bench {

template <class Allocator>
std::optional<std::string> VerifyFrames() {
  constexpr unsigned kOrders = 10;
  constexpr int kSteps = 200'000;
  const auto allocator = std::make_unique<Allocator>();
  std::vector<bool> taken(kFrames);
  std::vector<std::pair<uint32_t, unsigned>> live;
  std::mt19937_64 random(1);
  // Marks a run, unless some of it is in this state already.
  const auto mark = [&taken](uint32_t run, unsigned order, bool state) {
    for (uint32_t frame = run; frame < run + (1U << order); ++frame) {
      if (taken[frame] == state) return false;
      taken[frame] = state;
    }
    return true;
  };
  for (int step = 0; step < kSteps; ++step) {
    const unsigned order = random() % 2 == 0 ? 0 : static_cast<unsigned>(random() % kOrders);
    const uint32_t run = random() % 16 < 9 ? allocator->Allocate(order) : kNoRun;
    if (run != kNoRun) {
      if (run >= kFrames || kFrames - run < 1U << order) return "a run outside memory";
      if (run % (1U << order) != 0) return "a run that is not aligned to its size";
      if (!mark(run, order, true)) return "a frame given out twice";
      live.emplace_back(run, order);
    } else if (!live.empty()) {
      std::swap(live[random() % live.size()], live.back());
      const auto [first, its_order] = live.back();
      live.pop_back();
      if (!mark(first, its_order, false)) return "a frame in two runs";
      if (!allocator->Free(first, its_order)) return "a refused free";
    }
  }
  for (const auto& [run, order] : live) {
    if (!allocator->Free(run, order)) return "a refused free";
  }
  for (uint32_t frames = 0; frames < kFrames; ++frames) {
    if (allocator->AllocateFrame() == kNoRun) return "frames that did not come back";
  }
  if (allocator->AllocateFrame() != kNoRun) return "more frames than there are";
  return std::nullopt;
}

}  // namespace bench
