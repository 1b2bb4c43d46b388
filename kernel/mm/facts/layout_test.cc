#include "kernel/mm/facts/layout.h"

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "kernel/mm/facts/address.h"
#include "layouts/apcpu.h"
#include "layouts/kora.h"
#include "layouts/lfos.h"
#include "layouts/osz.h"
#include "layouts/sos.h"
#include "testing/unit/test.h"

namespace {

using mm::HardwareShape;
using mm::VirtAddr;

constexpr uint64_t kMaximum = std::numeric_limits<uint64_t>::max();

struct ShapeRow {
  const char* name;
  unsigned bits;
  HardwareShape::Extension extension;
  uint64_t va;
  bool addressable;
};

constexpr auto kSign = HardwareShape::Extension::kSign;
constexpr auto kZero = HardwareShape::Extension::kZero;

constexpr ShapeRow kShapeRows[] = {
    {"48: zero", 48, kSign, 0, true},
    {"48: last of the lower half", 48, kSign, 0x0000'7FFF'FFFF'FFFF, true},
    {"48: first of the hole", 48, kSign, 0x0000'8000'0000'0000, false},
    {"48: last of the hole", 48, kSign, 0xFFFF'7FFF'FFFF'FFFF, false},
    {"48: first of the upper half", 48, kSign, 0xFFFF'8000'0000'0000, true},
    {"48: top", 48, kSign, kMaximum, true},
    {"57: last of the lower half", 57, kSign, 0x00FF'FFFF'FFFF'FFFF, true},
    {"57: first of the hole", 57, kSign, 0x0100'0000'0000'0000, false},
    {"57: last of the hole", 57, kSign, 0xFEFF'FFFF'FFFF'FFFF, false},
    {"57: first of the upper half", 57, kSign, 0xFF00'0000'0000'0000, true},
    {"57: top", 57, kSign, kMaximum, true},
    {"32: top", 32, kZero, 0xFFFF'FFFF, true},
    {"32: one more", 32, kZero, 0x1'0000'0000, false},
    {"32: top of 64", 32, kZero, kMaximum, false},
};

TEST(Layout, IsAddressable) {
  for (const ShapeRow& row : kShapeRows) {
    const HardwareShape shape = {row.bits, row.extension, mm::kPageSize};
    EXPECT_EQ(mm::IsAddressable(shape, VirtAddr{row.va}), row.addressable) << row.name;
  }
}

struct FindRow {
  uint64_t va;
  std::string_view region;  // empty: none
};

void ExpectRegions(const mm::Layout& layout, std::span<const FindRow> rows) {
  for (const FindRow& row : rows) {
    const mm::Region* const region = mm::FindRegion(layout, VirtAddr{row.va});
    EXPECT_EQ(region == nullptr ? std::string_view() : region->name, row.region) << row.va;
  }
}

TEST(Layout, FindRegionInOszWithFourLevels) {
  constexpr FindRow kRows[] = {
      {0, "tcb"},
      {0xFFF, "tcb"},
      {0x1000, "mq"},
      {0x1F'FFFF, "mq"},
      {0x20'0000, "text"},
      {0xFFFF'FFFF, "text"},
      {0x1'0000'0000, "libs"},
      {0x3'FFFF'FFFF, "libs"},
      {0x4'0000'0000, "bss"},
      {0x0000'3FFF'FFFF'FFFF, "bss"},
      {0x0000'4000'0000'0000, "stack"},
      {0x0000'7FFF'FFFF'FFFF, "stack"},
      {0x0000'8000'0000'0000, ""},
      {0xFFFF'7FFF'FFFF'FFFF, ""},
      {0xFFFF'8000'0000'0000, "shared"},
      {0xFFFF'FFFE'FFFF'FFFF, "shared"},
      {0xFFFF'FFFF'0000'0000, "lowmem"},
      {0xFFFF'FFFF'7FFF'FFFF, "lowmem"},
      {0xFFFF'FFFF'8000'0000, "image"},
      {0xFFFF'FFFF'BFFF'FFFF, "image"},
      {0xFFFF'FFFF'C000'0000, "heap"},
      {0xFFFF'FFFF'DFFF'FFFF, "heap"},
      {0xFFFF'FFFF'E000'0000, "vmalloc"},
      {0xFFFF'FFFF'FFDF'FFFF, "vmalloc"},
      {0xFFFF'FFFF'FFE0'0000, "window"},
      {kMaximum, "window"},
  };
  ExpectRegions(layouts::osz::ForHardware(4), kRows);
}

TEST(Layout, FindRegionInOszWithFiveLevels) {
  constexpr FindRow kRows[] = {
      {0, "tcb"},
      {0x007F'FFFF'FFFF'FFFF, "bss"},
      {0x0080'0000'0000'0000, "stack"},
      {0x00FF'FFFF'FFFF'FFFF, "stack"},
      {0x0100'0000'0000'0000, ""},
      {0xFEFF'FFFF'FFFF'FFFF, ""},
      {0xFF00'0000'0000'0000, "shared"},
      {0xFFFF'FFFF'0000'0000, "lowmem"},
      {kMaximum, "window"},
  };
  ExpectRegions(layouts::osz::ForHardware(5), kRows);
}

TEST(Layout, FindRegionInKora) {
  constexpr FindRow kRows[] = {
      {0, "unused"},
      {0x001F'FFFF, "unused"},
      {0x0020'0000, "tcb"},
      {0x0020'0FFF, "tcb"},
      {0x0020'1000, "mq"},
      {0x003F'FFFF, "mq"},
      {0x0040'0000, "user"},
      {0xBFFF'FFFF, "user"},
      {0xC000'0000, "direct"},
      {0xEFFF'FFFF, "direct"},
      {0xF000'0000, "vmalloc"},
      {0xFEFF'FFFF, "vmalloc"},
      {0xFF00'0000, "unused"},
      {0xFFFF'FFFF, "unused"},
      {0x1'0000'0000, ""},
      {0xFFFF'FFFF'C000'0000, ""},
      {kMaximum, ""},
  };
  ExpectRegions(layouts::arm_kora::ForHardware(2), kRows);
  ExpectRegions(layouts::x86_64_kora::ForHardware(4), kRows);
}

TEST(Layout, FindRegionInApcpu) {
  constexpr FindRow kRows[] = {
      {0, "kernel"},
      {0x00DF'FFFF, "kernel"},
      {0x00E0'0000, "devices"},
      {0x01BF'FFFF, "devices"},
      {0x01C0'0000, "tcb"},
      {0x01C0'0FFF, "tcb"},
      {0x01C0'1000, "mq"},
      {0x01DF'FFFF, "mq"},
      {0x01E0'0000, "user"},
      {0xFFFF'EFFF, "user"},
      {0xFFFF'F000, "unused"},
      {0xFFFF'FFFF, "unused"},
      {0x1'0000'0000, ""},
  };
  ExpectRegions(layouts::apcpu::ForHardware(2), kRows);
}

TEST(Layout, FindPart) {
  const std::span<const mm::Part> parts = layouts::apcpu::kLayout.image_parts;
  const mm::Part* const copy = mm::FindPart(parts, "kernel shared");
  ASSERT_NE(copy, nullptr);
  EXPECT_EQ(copy, &parts[5]);
  EXPECT_EQ(mm::FindPart(parts, "stack"), nullptr);
}

TEST(Layout, FindRegionInLfos) {
  constexpr FindRow kRows[] = {
      {0, "unused"},
      {0x003F'FFFF, "unused"},
      {0x0040'0000, "text"},
      {0xFFFF'FFFF, "text"},
      {0x1'0000'0000, "libs"},
      {0x00FF'FFFF'FFFF, "libs"},
      {0x0100'0000'0000, "shared"},
      {0x0FFF'FFFF'FFFF, "shared"},
      {0x1000'0000'0000, "uheap"},
      {0x7EFF'FFFF'FFFF, "uheap"},
      {0x7F00'0000'0000, "tcb"},
      {0x7F00'0000'0FFF, "tcb"},
      {0x7F00'0000'1000, "mq"},
      {0x7F7F'FFFF'FFFF, "mq"},
      {0x7F80'0000'0000, "stack"},
      {0x7FFF'FFFF'EFFF, "stack"},
      {0x7FFF'FFFF'F000, ""},
      {0x8000'0000'0000, ""},
      {0xFFFF'8000'0000'0000, "scratch"},
      {0xFFFF'8000'00FF'FFFF, "scratch"},
      {0xFFFF'8000'0100'0000, "image"},
      {0xFFFF'8000'08FF'FFFF, "image"},
      {0xFFFF'8000'0900'0000, "slab4k"},
      {0xFFFF'8000'0FFF'FFFF, "slab4k"},
      {0xFFFF'8000'1000'0000, "unused"},
      {0xFFFF'8000'3FFF'FFFF, "unused"},
      {0xFFFF'8000'4000'0000, "heap"},
      {0xFFFF'8007'FFFF'FFFF, "heap"},
      {0xFFFF'8008'0000'0000, "unused"},
      {0xFFFF'83FF'FFFF'FFFF, "unused"},
      {0xFFFF'8400'0000'0000, "direct"},
      {0xFFFF'87FF'FFFF'FFFF, "direct"},
      {0xFFFF'8800'0000'0000, ""},
      {kMaximum, ""},
  };
  ExpectRegions(layouts::lfos::ForHardware(4), kRows);
}

TEST(Layout, FindRegionInSos) {
  constexpr FindRow kRows[] = {
      {0, "unused"},           {0x3FFF'FFFF, "unused"},  {0x4000'0000, "user"},
      {0x7FDF'FFFF, "user"},   {0x7FE0'0000, "tcb"},     {0x7FE0'0FFF, "tcb"},
      {0x7FE0'1000, "mq"},     {0x7FFF'FFFF, "mq"},      {0x8000'0000, "direct"},
      {0xFF7F'FFFF, "direct"}, {0xFF80'0000, "vmalloc"}, {0xFFFF'FFFF, "vmalloc"},
      {0x1'0000'0000, ""},
  };
  ExpectRegions(layouts::sos::ForHardware(2), kRows);
}

TEST(Layout, DirectMapIsArithmetic) {
  const mm::Layout& sos = layouts::sos::kLayout;
  EXPECT_EQ(mm::DirectMapTarget(sos).base, mm::PhysAddr{0x4000'0000});
  EXPECT_EQ(mm::DirectMapTarget(sos).last(), mm::PhysAddr{0xBF7F'FFFF});
  EXPECT_EQ(mm::DirectMapAddress(sos, sos.image_load_base), sos.image_link_base);
  EXPECT_EQ(mm::DirectMapTargetOf(sos, VirtAddr{0xFF7F'F000}), mm::PhysAddr{0xBF7F'F000});
  // One table, in the memory of two machines.
  const mm::Layout& arm = layouts::arm_kora::kLayout;
  EXPECT_EQ(mm::DirectMapTarget(arm).base, mm::PhysAddr{0x4000'0000});
  EXPECT_EQ(mm::DirectMapTarget(arm).last(), mm::PhysAddr{0x6FFF'FFFF});
  EXPECT_EQ(mm::DirectMapAddress(arm, mm::PhysAddr{0x4001'0000}), arm.image_link_base);
  const mm::Layout& pc = layouts::x86_64_kora::kLayout;
  EXPECT_EQ(mm::DirectMapTarget(pc).base, mm::PhysAddr{0});
  EXPECT_EQ(mm::DirectMapTarget(pc).last(), mm::PhysAddr{0x2FFF'FFFF});
  EXPECT_EQ(mm::DirectMapAddress(pc, mm::PhysAddr{0x10'0000}), pc.image_link_base);
  EXPECT_EQ(pc.regions.data(), arm.regions.data());
  const mm::Layout& lfos = layouts::lfos::kLayout;
  EXPECT_EQ(mm::DirectMapTarget(lfos).last(), mm::PhysAddr{0x3FF'FFFF'FFFF});
  EXPECT_EQ(mm::DirectMapAddress(lfos, mm::PhysAddr{0x1'8000'0000}),
            VirtAddr{0xFFFF'8401'8000'0000});
  const mm::Layout& osz = layouts::osz::kFourLevelLayout;
  EXPECT_EQ(mm::DirectMapAddress(osz, mm::PhysAddr{0x7FFF'FFFF}), VirtAddr{0xFFFF'FFFF'7FFF'FFFF});
}

TEST(Layout, FindService) {
  EXPECT_EQ(mm::FindService(layouts::sos::kLayout, mm::Service::kWindow), nullptr);
  EXPECT_EQ(mm::RegionWith(layouts::osz::kFiveLevelLayout, mm::Service::kVmalloc).name, "vmalloc");
}

TEST(Layout, AreasAreInTheHeapWhereTheyHaveNoRow) {
  EXPECT_EQ(mm::AreasRegion(layouts::osz::kFiveLevelLayout).name, "vmalloc");
  EXPECT_EQ(mm::AreasRegion(layouts::sos::kLayout).name, "vmalloc");
  EXPECT_EQ(mm::AreasRegion(layouts::lfos::kLayout).name, "heap");
}

}  // namespace
