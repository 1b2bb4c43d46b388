#include "kernel/mm/frames/protected_frames.h"

#include <array>
#include <cstdint>
#include <optional>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "testing/unit/test.h"

namespace {

using mm::PhysAddr;
using mm::PhysRange;
using mm::ProtectedFrames;

constexpr PhysRange Pages(uint64_t first, uint64_t count) {
  return {{first * mm::kPageSize}, count * mm::kPageSize};
}

struct OverlapRow {
  const char* name;
  PhysRange range;
  std::optional<PhysAddr> found;
};

TEST(ProtectedFrames, FindOverlap) {
  std::array<PhysRange, 8> storage;
  ProtectedFrames frames(storage);
  for (const PhysRange& range : {Pages(20, 2), Pages(10, 2), Pages(12, 1), Pages(11, 1)}) {
    ASSERT_TRUE(frames.Add(range));
  }
  frames.Seal();
  constexpr OverlapRow kRows[] = {
      {"below", Pages(5, 5), std::nullopt},
      {"one page reaches in", Pages(5, 6), PhysAddr{0xA000}},
      {"inside", Pages(11, 1), PhysAddr{0xB000}},
      {"merged end", Pages(12, 1), PhysAddr{0xC000}},
      {"between", Pages(13, 7), std::nullopt},
      {"over all", Pages(0, 100), PhysAddr{0xA000}},
      {"second", Pages(21, 9), PhysAddr{0x15000}},
      {"above", Pages(22, 9), std::nullopt},
  };
  for (const OverlapRow& row : kRows) {
    const std::optional<PhysAddr> found = frames.FindOverlap(row.range);
    EXPECT_EQ(found.has_value(), row.found.has_value()) << row.name;
    EXPECT_EQ(found.value_or(PhysAddr{0}), row.found.value_or(PhysAddr{0})) << row.name;
  }
}

TEST(ProtectedFrames, MergesWhenFull) {
  std::array<PhysRange, 4> storage;
  ProtectedFrames frames(storage);
  // In falling order, so that only sorting shows that they touch.
  for (uint64_t page = 100; page != 0; --page) ASSERT_TRUE(frames.Add(Pages(page, 1)));
  frames.Seal();
  EXPECT_EQ(frames.FindOverlap(Pages(0, 200)), PhysAddr{0x1000});
  EXPECT_EQ(frames.FindOverlap(Pages(100, 200)), PhysAddr{0x64000});
}

TEST(ProtectedFrames, SaysWhenItIsFull) {
  std::array<PhysRange, 4> storage;
  ProtectedFrames frames(storage);
  for (uint64_t page = 0; page < 4; ++page) EXPECT_TRUE(frames.Add(Pages(page * 2, 1)));
  EXPECT_FALSE(frames.Add(Pages(50, 1)));
}

TEST(ProtectedFrames, Empty) {
  ProtectedFrames frames({});
  EXPECT_TRUE(frames.Add(Pages(0, 0)));
  EXPECT_FALSE(frames.Add(Pages(0, 1)));
  frames.Seal();
  EXPECT_FALSE(frames.FindOverlap(Pages(0, 1)).has_value());
}

}  // namespace
