// Windows: which frames need one, that all slots can be used, and whole-frame operations.
#include "kernel/mm/regions/frame_window.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/regions/frame_window_fake.h"
#include "kernel/sync/cpu.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

constexpr FrameNumber kDirect = FakeFrameWindows::kFirst;
constexpr FrameNumber kHigh = kDirect + PageCount{FakeFrameWindows::kDirect};

constinit std::optional<FakeFrameWindows> g_windows;

FakeFrameWindows& FreshWindows() { return g_windows.emplace(); }

TEST(FrameWindow, ShowsTheFrame) {
  FakeFrameWindows& windows = FreshWindows();
  const locking::CpuPin pin;
  for (const FrameNumber frame : {kDirect, kDirect + PageCount{1}, kHigh, kHigh + PageCount{7}}) {
    const FrameWindow window = windows.Open(pin, frame);
    EXPECT_EQ(window.data(), static_cast<void*>(windows.Bytes(frame).data())) << frame.value;
    EXPECT_EQ(static_cast<void*>(window.bytes().data()), window.data());
    EXPECT_EQ(window.bytes().size(), kPageSize);
    EXPECT_EQ(windows.open_slots(), frame < kHigh ? 0U : 1U) << frame.value;
  }
  EXPECT_EQ(windows.open_slots(), 0U);
}

TEST(FrameWindow, IsMovedAndClosedOnce) {
  FakeFrameWindows& windows = FreshWindows();
  const locking::CpuPin pin;
  {
    FrameWindow first = windows.Open(pin, kHigh);
    FrameWindow second = std::move(first);
    EXPECT_EQ(windows.open_slots(), 1U);
    FrameWindow third = windows.Open(pin, kHigh + PageCount{1});
    EXPECT_EQ(windows.open_slots(), 2U);
    second = std::move(third);
    EXPECT_EQ(second.data(), static_cast<void*>(windows.Bytes(kHigh + PageCount{1}).data()));
  }
  EXPECT_EQ(windows.open_slots(), 0U);
}

TEST(FrameWindow, AllSlotsOfAProcessorCanBeOpen) {
  FakeFrameWindows& windows = FreshWindows();
  const locking::CpuPin pin;
  std::array<std::optional<FrameWindow>, FrameWindows::kSlotsPerCpu> open;
  for (size_t i = 0; i < open.size(); ++i) open[i].emplace(windows.Open(pin, kHigh));
  EXPECT_EQ(windows.open_slots(), FrameWindows::kSlotsPerCpu);
  // One from the middle comes back and is used again.
  open[3].reset();
  EXPECT_FALSE(windows.IsMapped(pin.index() * FrameWindows::kSlotsPerCpu + 3));
  open[3].emplace(windows.Open(pin, kHigh));
  EXPECT_TRUE(windows.IsMapped(pin.index() * FrameWindows::kSlotsPerCpu + 3));
  for (auto& window : open) window.reset();
  EXPECT_EQ(windows.open_slots(), 0U);
}

TEST(FrameWindow, FillsAndCopiesFrames) {
  FakeFrameWindows& windows = FreshWindows();
  const auto holds = [&](FrameNumber frame, std::byte value) {
    return std::ranges::all_of(windows.Bytes(frame),
                               [value](std::byte byte) { return byte == value; });
  };
  constexpr std::byte kPoison{0x5A};
  windows.Fill(kHigh, kPoison);
  EXPECT_TRUE(holds(kHigh, kPoison));
  EXPECT_TRUE(holds(kHigh + PageCount{1}, std::byte{0})) << "and no other";
  windows.Copy(kHigh + PageCount{1}, kHigh);
  EXPECT_TRUE(holds(kHigh + PageCount{1}, kPoison));
  windows.Copy(kDirect, kHigh);
  EXPECT_TRUE(holds(kDirect, kPoison));
  windows.Zero(kHigh);
  EXPECT_TRUE(holds(kHigh, std::byte{0}));
  EXPECT_TRUE(holds(kHigh + PageCount{1}, kPoison));
  EXPECT_EQ(windows.open_slots(), 0U);
}

}  // namespace
}  // namespace mm
