#include "kernel/mm/space/placement.h"

#include <array>
#include <cstdint>
#include <string_view>

#include "kernel/base/units.h"
#include "layouts/apcpu.h"
#include "layouts/kora.h"
#include "layouts/lfos.h"
#include "layouts/osz.h"
#include "layouts/sos.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using namespace base::literals;  // NOLINT(google-build-using-namespace): units of tables

constexpr const Layout* kLayouts[] = {
    &layouts::osz::kFourLevelLayout, &layouts::osz::kFiveLevelLayout, &layouts::lfos::kLayout,
    &layouts::x86_64_kora::kLayout,  &layouts::arm_kora::kLayout,     &layouts::sos::kLayout,
    &layouts::apcpu::kLayout,
};

constexpr VmaKind kKinds[] = {VmaKind::kProgram,   VmaKind::kStack,  VmaKind::kFile,
                              VmaKind::kAnonymous, VmaKind::kShared, VmaKind::kDevice};

TEST(Placement, WindowsLieInRegionsThatAdmitIt) {
  for (const Layout* layout : kLayouts) {
    const Placement placement(*layout);
    for (const VmaKind kind : kKinds) {
      for (const Access access : {Access::kReadWrite, Access::kReadExecute}) {
        for (const PlacementWindow& window : placement.WindowsFor(kind, access)) {
          const Region* const region = placement.RegionOf(window.range);
          ASSERT_TRUE(region != nullptr) << layout->name;
          EXPECT_TRUE(Placement::Admits(*region, access, kind)) << layout->name;
          EXPECT_TRUE(region->scope != Scope::kGlobal) << layout->name;
          EXPECT_TRUE(placement.bounds().Contains(window.range)) << layout->name;
        }
      }
    }
  }
}

TEST(Placement, EveryLayoutHasPlacesForPrograms) {
  for (const Layout* layout : kLayouts) {
    const Placement placement(*layout);
    for (const Access access : {Access::kReadWrite, Access::kReadExecute}) {
      EXPECT_FALSE(placement.WindowsFor(VmaKind::kProgram, access).empty()) << layout->name;
      EXPECT_FALSE(placement.WindowsFor(VmaKind::kFile, access).empty()) << layout->name;
      EXPECT_FALSE(placement.WindowsFor(VmaKind::kAnonymous, access).empty()) << layout->name;
    }
    EXPECT_FALSE(placement.WindowsFor(VmaKind::kStack, Access::kReadWrite).empty());
  }
}

struct ThreadRow {
  const Layout* layout;
  uint64_t control;
  uint64_t queue_last;
  uint64_t stack;
  uint64_t stack_last;
};

constexpr ThreadRow kThreadRows[] = {
    {&layouts::osz::kFourLevelLayout, 0, 2_MiB - 1, 64_TiB, 128_TiB - 1},
    {&layouts::lfos::kLayout, 127_TiB, 127_TiB + 512_GiB - 1, 127_TiB + 512_GiB,
     128_TiB - 4_KiB - 1},
    {&layouts::x86_64_kora::kLayout, 2_MiB, 4_MiB - 1, 3_GiB - 8_MiB, 3_GiB - 1},
    {&layouts::sos::kLayout, 2_GiB - 2_MiB, 2_GiB - 1, 2_GiB - 10_MiB, 2_GiB - 2_MiB - 1},
    {&layouts::apcpu::kLayout, 28_MiB, 30_MiB - 1, 56_MiB, 64_MiB - 1},
};

// The queue right above the control block, and the stack where a process has its first one.
TEST(Placement, PlacesOfThreads) {
  for (const ThreadRow& row : kThreadRows) {
    const Placement placement(*row.layout);
    const auto& places = placement.thread_places();
    ASSERT_TRUE(places.has_value()) << row.layout->name;
    EXPECT_EQ(places->control.base.value, row.control) << row.layout->name;
    EXPECT_EQ(places->control.size_bytes, kPageSize) << row.layout->name;
    EXPECT_TRUE(IsFollowedBy(places->control, places->queue)) << row.layout->name;
    EXPECT_EQ(places->queue.last().value, row.queue_last) << row.layout->name;
    EXPECT_EQ(places->stack.base.value, row.stack) << row.layout->name;
    EXPECT_EQ(places->stack.last().value, row.stack_last) << row.layout->name;
    EXPECT_EQ(placement.RegionOf(places->queue), nullptr) << row.layout->name;
  }
}

// Room for a stack, and a guard below it, that nothing else is given.
TEST(Placement, KeepsRoomForTheStack) {
  for (const Layout* layout : kLayouts) {
    const Placement placement(*layout);
    const VirtRange stack = placement.WindowsFor(VmaKind::kStack, Access::kReadWrite)[0].range;
    constexpr uint64_t kKept = Placement::kStackRoomBytes + Placement::kGuardBytes;
    const VirtRange room{stack.last() - (kKept - 1), kKept};
    for (const VmaKind kind : kKinds) {
      if (kind == VmaKind::kStack) continue;
      for (const PlacementWindow& window : placement.WindowsFor(kind, Access::kReadWrite)) {
        EXPECT_FALSE(window.range.Overlaps(room)) << layout->name;
      }
    }
  }
}

TEST(Placement, FirstChoices) {
  struct Row {
    const Layout* layout;
    VmaKind kind;
    Access access;
    uint64_t first;
    uint64_t last;
    GapSide side;
  };
  using enum Access;
  constexpr Row kRows[] = {
      {&layouts::osz::kFourLevelLayout, VmaKind::kProgram, kReadExecute, 2_MiB, 4_GiB - 1,
       GapSide::kLow},
      {&layouts::osz::kFourLevelLayout, VmaKind::kFile, kReadExecute, 4_GiB, 16_GiB - 1,
       GapSide::kLow},
      {&layouts::osz::kFourLevelLayout, VmaKind::kAnonymous, kReadWrite, 16_GiB, 64_TiB - 1,
       GapSide::kHigh},
      {&layouts::osz::kFourLevelLayout, VmaKind::kAnonymous, kReadExecute, 4_GiB, 16_GiB - 1,
       GapSide::kHigh},
      {&layouts::osz::kFourLevelLayout, VmaKind::kStack, kReadWrite, 64_TiB, 128_TiB - 1,
       GapSide::kHigh},
      {&layouts::lfos::kLayout, VmaKind::kShared, kReadWrite, 16_TiB, 127_TiB - 1, GapSide::kHigh},
      {&layouts::x86_64_kora::kLayout, VmaKind::kProgram, kReadExecute, 4_MiB, 3_GiB - 392_MiB - 1,
       GapSide::kLow},
      {&layouts::sos::kLayout, VmaKind::kFile, kReadWrite, 1_GiB, 2_GiB - 138_MiB - 1,
       GapSide::kHigh},
      {&layouts::apcpu::kLayout, VmaKind::kStack, kReadWrite, 30_MiB, 64_MiB - 1, GapSide::kHigh},
  };
  for (const Row& row : kRows) {
    const Placement placement(*row.layout);
    const auto windows = placement.WindowsFor(row.kind, row.access);
    ASSERT_FALSE(windows.empty()) << row.layout->name;
    EXPECT_EQ(windows[0].range.base.value, row.first) << row.layout->name;
    EXPECT_EQ(windows[0].range.last().value, row.last) << row.layout->name;
    EXPECT_TRUE(windows[0].side == row.side) << row.layout->name;
  }
}

// The same in every process, apart from all else, the stack's room included.
TEST(Placement, BlocksHaveAPlaceOfTheirOwn) {
  struct Row {
    const Layout* layout;
    uint64_t first;
    uint64_t last;
  };
  constexpr Row kRows[] = {
      {&layouts::osz::kFourLevelLayout, 0 - 128_TiB, 0 - 4_GiB - 1},
      {&layouts::osz::kFiveLevelLayout, 0 - (uint64_t{1} << 56), 0 - 4_GiB - 1},
      {&layouts::lfos::kLayout, 1_TiB, 16_TiB - 1},
      {&layouts::x86_64_kora::kLayout, 3_GiB - 392_MiB, 3_GiB - 10_MiB - 1},
      {&layouts::arm_kora::kLayout, 3_GiB - 392_MiB, 3_GiB - 10_MiB - 1},
      {&layouts::sos::kLayout, 2_GiB - 138_MiB, 2_GiB - 12_MiB - 1},
      {&layouts::apcpu::kLayout, 64_MiB, 256_MiB - 1},
  };
  for (const Row& row : kRows) {
    const Placement placement(*row.layout);
    const VirtRange& blocks = placement.shared_blocks();
    EXPECT_EQ(blocks.base.value, row.first) << row.layout->name;
    EXPECT_EQ(blocks.last().value, row.last) << row.layout->name;
    const Region* const region = placement.RegionOf(blocks);
    ASSERT_TRUE(region != nullptr) << row.layout->name;
    EXPECT_TRUE(Placement::Admits(*region, Access::kReadWrite, VmaKind::kBlock));
    EXPECT_TRUE(placement.bounds().Contains(blocks)) << row.layout->name;
    EXPECT_TRUE(placement.IsPlaceFor(VmaKind::kBlock, blocks)) << row.layout->name;
    EXPECT_FALSE(placement.IsPlaceFor(VmaKind::kBlock, {blocks.base - 4_KiB, 8_KiB}));
    for (const VmaKind kind : kKinds) {
      EXPECT_FALSE(placement.IsPlaceFor(kind, {blocks.base - 4_KiB, 8_KiB})) << row.layout->name;
      for (const PlacementWindow& window : placement.WindowsFor(kind, Access::kReadWrite)) {
        if (kind != VmaKind::kStack) {
          EXPECT_TRUE(placement.IsPlaceFor(kind, window.range)) << row.layout->name;
        }
      }
    }
  }
}

TEST(Placement, DevicesGoWhereTheLayoutHasThem) {
  for (const Layout* layout : kLayouts) {
    EXPECT_FALSE(Placement(*layout).WindowsFor(VmaKind::kDevice, Access::kReadWrite).empty())
        << layout->name;
  }
  std::array rows = layouts::sos::kRegions;
  for (Region& region : rows) region.caching = Caching::kNormal;
  Layout without_devices = layouts::sos::kLayout;
  without_devices.regions = rows;
  EXPECT_TRUE(Placement(without_devices).WindowsFor(VmaKind::kDevice, Access::kReadWrite).empty());
}

// What is between a process's own and a region for all is nobody's to unmap.
TEST(Placement, OwnBoundsEndWhereOwnRegionsDo) {
  const Placement osz(layouts::osz::kFourLevelLayout);
  EXPECT_EQ(osz.bounds().last(), osz.shared_blocks().last());
  EXPECT_FALSE(osz.own_bounds().Overlaps(osz.shared_blocks()));
  for (const Layout* layout : kLayouts) {
    const Placement placement(*layout);
    EXPECT_TRUE(placement.bounds().Contains(placement.own_bounds())) << layout->name;
    for (const VmaKind kind : kKinds) {
      for (const PlacementWindow& window : placement.WindowsFor(kind, Access::kReadWrite)) {
        EXPECT_TRUE(placement.own_bounds().Contains(window.range)) << layout->name;
      }
    }
  }
}

TEST(Placement, RegionsOfTheKernelAreNone) {
  const Placement placement(layouts::osz::kFourLevelLayout);
  EXPECT_TRUE(placement.RegionOf({{0}, 4_KiB}) == nullptr);              // control block
  EXPECT_TRUE(placement.RegionOf({{4_KiB}, 4_KiB}) == nullptr);          // message queue
  EXPECT_TRUE(placement.RegionOf({{4_GiB - 4_KiB}, 8_KiB}) == nullptr);  // two regions
  EXPECT_TRUE(placement.RegionOf({{4_GiB}, 8_KiB}) != nullptr);
  EXPECT_EQ(placement.HeapBase(VirtAddr{3_MiB}).value, 16_GiB);
  EXPECT_EQ(Placement(layouts::sos::kLayout).HeapBase(VirtAddr{0x4000'1234}).value, 0x4000'2000U);
}

}  // namespace
}  // namespace mm
