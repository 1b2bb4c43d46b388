// Windows to frames that lie in arrays, for tests: no page table.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/regions/frame_window.h"

namespace mm {

// The first kDirect frames are the direct map's, the kHigh behind them need a window.
class FakeFrameWindows final : public FrameWindows {
 public:
  static constexpr size_t kDirect = 2;
  static constexpr size_t kHigh = 8;
  static constexpr FrameNumber kFirst{0x40};

  FakeFrameWindows() : FrameWindows(table_) {}

  // The bytes of a frame, wherever it is.
  std::array<std::byte, kPageSize>& Bytes(FrameNumber frame) {
    CHECK(frame >= kFirst && frame.value < kFirst.value + kDirect + kHigh);
    return memory_[static_cast<size_t>(frame.value - kFirst.value)];
  }
  [[nodiscard]] bool IsMapped(unsigned slot) const { return mapped_[slot]; }

 private:
  void* MapSlot(unsigned slot, FrameNumber frame) override {
    CHECK(slot < kSlots && !mapped_[slot]);
    mapped_[slot] = true;
    return Bytes(frame).data();
  }
  void UnmapSlot(unsigned slot) override {
    CHECK(mapped_[slot]);
    mapped_[slot] = false;
  }

  alignas(kPageSize) std::array<std::array<std::byte, kPageSize>, kDirect + kHigh> memory_{};
  std::array<bool, kSlots> mapped_{};
  FrameTable table_{{}, {0}, {kFirst, {kDirect}, memory_.data()}};
};

}  // namespace mm
