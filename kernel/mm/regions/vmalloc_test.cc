// vmalloc, vfree, device mappings and reserved addresses over a table that notices stale ones.
#include "kernel/mm/regions/vmalloc.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/regions/ioremap.h"
#include "kernel/mm/regions/vmalloc_areas.h"
#include "kernel/mm/regions/vmalloc_blocks.h"
#include "kernel/mm/regions/vmalloc_fakes.h"
#include "kernel/mm/test_failures.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using base::Error;

constexpr size_t kRegionPages = 1024;
constexpr size_t kFrames = 1200;  // of which 800 can be had
// The last bytes of all addresses: nothing may be computed beyond them.
constexpr VirtRange kRegion{{uint64_t{0} - kRegionPages * kPageSize}, kRegionPages* kPageSize};

using Table = FakeVmallocTable<kRegionPages>;
using Frames = FakeVmallocFrames<kFrames, Table>;
using TestVmalloc = Vmalloc<Table, Table, Frames>;

TestArena<32> arena;

// A region with nothing in it.
struct World {
  World() { CHECK(vmalloc.Start(kRegion).has_value()); }

  [[nodiscard]] bool IsSound() const { return vmalloc.CheckInvariants().has_value(); }
  // Nothing is taken and nothing is left behind.
  [[nodiscard]] bool IsEmpty() const {
    const auto statistics = vmalloc.statistics();
    return IsSound() && frames.in_use() == 0 && table.mapped_pages() == 0 &&
           statistics.areas == 0 && statistics.parked_areas == 0 &&
           statistics.addresses.largest_free_bytes == kRegion.size_bytes - kPageSize;
  }

  TestPages pages{arena.bytes};
  Table table{kRegion.base};
  Frames frames{table};
  TestVmalloc vmalloc{table, table, frames, pages};
};

using FreshWorld = Fresh<World>;

TEST(Vmalloc, MapsScatteredFramesBetweenGuards) {
  const FreshWorld fresh;
  World& world = *fresh;
  const auto first = world.vmalloc.Allocate({.size_bytes = 5 * kPageSize, .name = "first"});
  const auto second = world.vmalloc.Allocate({.size_bytes = 1, .name = "second"});
  ASSERT_TRUE(first.has_value() && second.has_value());
  EXPECT_EQ(first->size_bytes, 5 * kPageSize);
  EXPECT_EQ(second->size_bytes, kPageSize) << "whole pages";
  EXPECT_TRUE(first->base == kRegion.base + kPageSize) << "behind the region's first guard";
  EXPECT_TRUE(second->base == first->last() + 1 + kPageSize) << "and the first one's own";
  EXPECT_EQ(world.table.mapped_pages(), 6U);
  EXPECT_FALSE(world.table.Translate(first->base - 1).has_value());
  EXPECT_FALSE(world.table.Translate(first->last() + 1).has_value());
  EXPECT_TRUE(world.table.Translate(first->last()).has_value());
  const PageAttributes attributes = world.table.AttributesAt(first->base);
  EXPECT_EQ(attributes.user, Access::kNone);
  EXPECT_EQ(attributes.kernel, Access::kReadWrite);
  EXPECT_EQ(attributes.caching, Caching::kNormal);
  EXPECT_EQ(attributes.scope, Scope::kGlobal);
  EXPECT_TRUE(world.IsSound());
  EXPECT_TRUE(world.vmalloc.Free(first->base).has_value());
  EXPECT_TRUE(world.vmalloc.Free(second->base).has_value());
  world.vmalloc.Purge();
  EXPECT_TRUE(world.IsEmpty());
}

TEST(Vmalloc, AlignsAndProtectsAsAsked) {
  const FreshWorld fresh;
  World& world = *fresh;
  const auto aligned = world.vmalloc.Allocate({.size_bytes = 2 * kPageSize,
                                               .name = "aligned",
                                               .access = Access::kRead,
                                               .alignment = 16 * kPageSize});
  ASSERT_TRUE(aligned.has_value());
  EXPECT_TRUE(IsAligned(aligned->base, 16 * kPageSize));
  EXPECT_EQ(world.table.AttributesAt(aligned->base).kernel, Access::kRead);
  // Less than a page is a page.
  EXPECT_TRUE(
      world.vmalloc.Allocate({.size_bytes = 1, .name = "small", .alignment = 8}).has_value());
}

TEST(Vmalloc, FreedAreasComeBackAfterOneFlushForMany) {
  const FreshWorld fresh;
  World& world = *fresh;
  std::array<VirtRange, 10> areas{};
  for (VirtRange& area : areas) {
    area = *world.vmalloc.Allocate({.size_bytes = 3 * kPageSize, .name = "one of ten"});
  }
  for (const VirtRange& area : areas) {
    EXPECT_TRUE(world.vmalloc.Free(area.base).has_value());
    EXPECT_FALSE(world.table.Translate(area.base).has_value()) << "unmapped at once";
  }
  EXPECT_EQ(world.table.invalidations, 0U);
  EXPECT_EQ(world.frames.in_use(), 30U) << "still parked";
  EXPECT_EQ(world.vmalloc.statistics().parked_areas, 10U);
  EXPECT_TRUE(world.IsSound());
  const auto other = world.vmalloc.Allocate({.size_bytes = kPageSize, .name = "another"});
  ASSERT_TRUE(other.has_value());
  for (const VirtRange& area : areas) EXPECT_FALSE(area.Overlaps(*other));
  EXPECT_TRUE(world.vmalloc.Free(other->base).has_value());
  world.vmalloc.Purge();
  EXPECT_EQ(world.table.invalidations, 1U);
  EXPECT_TRUE(world.IsEmpty());
}

TEST(Vmalloc, PurgesWhenMuchIsParked) {
  const FreshWorld fresh;
  World& world = *fresh;
  uint64_t freed_pages = 0;
  while (world.table.invalidations == 0) {
    const auto area = world.vmalloc.Allocate({.size_bytes = 16 * kPageSize, .name = "much"});
    ASSERT_TRUE(area.has_value());
    ASSERT_TRUE(world.vmalloc.Free(area->base).has_value());
    freed_pages += 16;
    ASSERT_LE(freed_pages, TestVmalloc::kMostParkedPages.value + 16);
  }
  EXPECT_GT(freed_pages, TestVmalloc::kMostParkedPages.value);
  EXPECT_TRUE(world.IsEmpty());
}

TEST(Vmalloc, PurgesWhenFramesOrAddressesEnd) {
  const FreshWorld fresh;
  World& world = *fresh;
  // 400 pages of 800 that there are; then 600 more can only come out of what is parked.
  const auto first = world.vmalloc.Allocate({.size_bytes = 400 * kPageSize, .name = "frames"});
  ASSERT_TRUE(first.has_value());
  ASSERT_TRUE(world.vmalloc.Free(first->base).has_value());
  EXPECT_EQ(world.table.invalidations, 0U);
  const auto second = world.vmalloc.Allocate({.size_bytes = 600 * kPageSize, .name = "more"});
  ASSERT_TRUE(second.has_value());
  EXPECT_EQ(world.table.invalidations, 1U);
  ASSERT_TRUE(world.vmalloc.Free(second->base).has_value());
  EXPECT_EQ(world.table.invalidations, 2U) << "so many that they are not kept";
  // Addresses.
  const auto most = world.vmalloc.Reserve(PageCount{500}, "addresses");
  ASSERT_TRUE(most.has_value());
  ASSERT_TRUE(world.vmalloc.Allocate({.size_bytes = 400 * kPageSize, .name = "a"}).has_value());
  ASSERT_FALSE(world.vmalloc.Reserve(PageCount{200}, "too many").has_value());
  const auto device = world.vmalloc.MapDevice({{0xFE00'0000}, 100 * kPageSize}, "device");
  ASSERT_TRUE(device.has_value());
  ASSERT_TRUE(world.vmalloc.UnmapDevice(*device).has_value());
  EXPECT_TRUE(world.vmalloc.Reserve(PageCount{100}, "the same").has_value());
  EXPECT_TRUE(world.IsSound());
}

// Nothing was mapped, so that nothing is to be flushed.
TEST(Vmalloc, ReleasedAddressesComeBackWhenAddressesEnd) {
  const FreshWorld fresh;
  World& world = *fresh;
  // With their guards, and the region's first one, these are all.
  constexpr PageCount kLow{400};
  const auto low = world.vmalloc.Reserve(kLow, "low");
  const auto high = world.vmalloc.Reserve(PageCount{kRegionPages - kLow.value - 3}, "high");
  ASSERT_TRUE(low.has_value() && high.has_value());
  EXPECT_EQ(world.vmalloc.Reserve(PageCount{1}, "none").error(), Error::kOutOfMemory);
  ASSERT_TRUE(world.vmalloc.Release(low->base).has_value());
  EXPECT_EQ(world.vmalloc.Release(low->base).error(), AreaFault::kDoubleFree);
  EXPECT_TRUE(world.vmalloc.Reserve(kLow, "again") == *low);
  EXPECT_EQ(world.table.invalidations, 0U);
}

TEST(Vmalloc, RefusesWrongRequests) {
  struct Row {
    std::string_view name;
    VmallocRequest request;
    Error error;
  };
  const Row rows[] = {
      {"nothing", {.size_bytes = 0}, Error::kInvalidArgument},
      {"a wrong alignment", {.size_bytes = 1, .alignment = 3 * kPageSize}, Error::kInvalidArgument},
      {"no alignment", {.size_bytes = 1, .alignment = 0}, Error::kInvalidArgument},
      {"the whole region", {.size_bytes = kRegion.size_bytes}, Error::kOutOfMemory},
      {"all but one guard", {.size_bytes = kRegion.size_bytes - kPageSize}, Error::kOutOfMemory},
      {"more frames than there are", {.size_bytes = 801 * kPageSize}, Error::kOutOfMemory},
      {"everything", {.size_bytes = UINT64_MAX}, Error::kOutOfMemory},
      {"writable code",
       {.size_bytes = 1, .access = Access::kReadWrite | Access::kExecute},
       Error::kUnsupported},
  };
  for (const Row& row : rows) {
    const FreshWorld fresh;
    World& world = *fresh;
    const auto area = world.vmalloc.Allocate(row.request);
    ASSERT_FALSE(area.has_value()) << row.name;
    EXPECT_EQ(area.error(), row.error) << row.name;
    EXPECT_TRUE(world.IsEmpty()) << row.name;
  }
}

TEST(Vmalloc, NamesWrongFrees) {
  const FreshWorld fresh;
  World& world = *fresh;
  const VirtRange memory = *world.vmalloc.Allocate({.size_bytes = 3 * kPageSize, .name = "m"});
  const VirtRange freed = *world.vmalloc.Allocate({.size_bytes = 3 * kPageSize, .name = "f"});
  const VirtAddr device = *world.vmalloc.MapDevice({{0x9000'0010}, 0x20}, "d");
  ASSERT_TRUE(world.vmalloc.Free(freed.base).has_value());
  struct Row {
    std::string_view name;
    VirtAddr va;
    AreaFault fault;
  };
  const Row memory_rows[] = {
      {"below the region", {0x1000}, AreaFault::kNeverAllocated},
      {"the first guard", kRegion.base, AreaFault::kNeverAllocated},
      {"its guard", memory.last() + 1, AreaFault::kNeverAllocated},
      {"the top", {UINT64_MAX}, AreaFault::kNeverAllocated},
      {"its second byte", memory.base + 1, AreaFault::kInteriorAddress},
      {"its second page", memory.base + kPageSize, AreaFault::kInteriorAddress},
      {"freed before", freed.base, AreaFault::kDoubleFree},
      {"inside what was freed before", freed.base + 5, AreaFault::kDoubleFree},
      {"a device", AlignDown(device, kPageSize), AreaFault::kWrongKind},
  };
  for (const Row& row : memory_rows) {
    const auto result = world.vmalloc.Free(row.va);
    ASSERT_FALSE(result.has_value()) << row.name;
    EXPECT_EQ(result.error(), row.fault) << row.name;
  }
  const Row device_rows[] = {
      {"memory", memory.base, AreaFault::kWrongKind},
      {"the start of its page", AlignDown(device, kPageSize), AreaFault::kInteriorAddress},
      {"the next byte", device + 1, AreaFault::kInteriorAddress},
  };
  for (const Row& row : device_rows) {
    const auto result = world.vmalloc.UnmapDevice(row.va);
    ASSERT_FALSE(result.has_value()) << row.name;
    EXPECT_EQ(result.error(), row.fault) << row.name;
  }
  EXPECT_TRUE(world.IsSound());
  EXPECT_TRUE(world.vmalloc.Free(memory.base).has_value());
  EXPECT_TRUE(world.vmalloc.UnmapDevice(device).has_value());
  world.vmalloc.Purge();
  EXPECT_TRUE(world.IsEmpty());
  EXPECT_EQ(world.vmalloc.Free(freed.base).error(), AreaFault::kNeverAllocated)
      << "after the purge nobody remembers it";
}

TEST(Vmalloc, SaysWhatLiesWhere) {
  using Where = AreaPlace::Where;
  const FreshWorld fresh;
  World& world = *fresh;
  const VirtRange low = *world.vmalloc.Allocate({.size_bytes = 2 * kPageSize, .name = "low"});
  const VirtRange high = *world.vmalloc.Allocate({.size_bytes = kPageSize, .name = "high"});
  struct Row {
    std::string_view name;
    VirtAddr va;
    std::optional<Where> where;
    std::string_view area;
  };
  const Row rows[] = {
      {"the guard before all", kRegion.base, Where::kGuardBefore, "low"},
      {"the byte before", low.base - 1, Where::kGuardBefore, "low"},
      {"the first byte", low.base, Where::kInside, "low"},
      {"the last byte", low.last(), Where::kInside, "low"},
      {"the byte behind", low.last() + 1, Where::kGuardBehind, "low"},
      {"the byte before the next", high.base - 1, Where::kGuardBehind, "low"},
      {"the next", high.base, Where::kInside, "high"},
      {"its guard's last byte", high.last() + kPageSize, Where::kGuardBehind, "high"},
      {"behind its guard", high.last() + kPageSize + 1, std::nullopt, ""},
      {"before the region", kRegion.base - 1, std::nullopt, ""},
      {"the last byte of all", {UINT64_MAX}, std::nullopt, ""},
  };
  for (const Row& row : rows) {
    for (const auto& place : {world.vmalloc.Find(row.va), world.vmalloc.FindUnlocked(row.va)}) {
      ASSERT_EQ(place.has_value(), row.where.has_value()) << row.name;
      if (!place) continue;
      EXPECT_EQ(place->where, *row.where) << row.name;
      EXPECT_EQ(place->area.name, row.area) << row.name;
    }
  }
  ASSERT_TRUE(world.vmalloc.Free(low.base).has_value());
  const auto parked = world.vmalloc.Find(low.base);
  ASSERT_TRUE(parked.has_value());
  EXPECT_EQ(parked->area.state, AreaState::kParked);
}

TEST(Vmalloc, ListsItsAreas) {
  const FreshWorld fresh;
  World& world = *fresh;
  ASSERT_TRUE(world.vmalloc.Allocate({.size_bytes = 2 * kPageSize, .name = "a"}).has_value());
  ASSERT_TRUE(world.vmalloc.MapDevice({{0x1000}, 1}, "b").has_value());
  ASSERT_TRUE(world.vmalloc.Reserve(PageCount{4}, "c").has_value());
  constexpr std::string_view kNames = "abc";
  size_t count = 0;
  VirtAddr previous{0};
  world.vmalloc.ForEachArea([&](const VmallocArea& area) {
    ASSERT_LT(count, kNames.size());
    EXPECT_EQ(area.name, kNames.substr(count, 1));
    EXPECT_LT(previous.value, area.range.base.value);
    previous = area.range.base;
    ++count;
  });
  EXPECT_EQ(count, 3U);
  const auto statistics = world.vmalloc.statistics();
  EXPECT_EQ(statistics.areas, 3U);
  EXPECT_EQ(statistics.memory_pages.value, 2U);
  EXPECT_EQ(statistics.device_pages.value, 1U);
  EXPECT_EQ(statistics.addresses.allocated_bytes, (1 + 3 + 2 + 5) * kPageSize);
}

constexpr auto kMemory = std::to_array<MemoryRegion>({
    {{0x10}, {0x10}, MemoryState::kUsable},
});

TEST(Ioremap, ShowsEachByteAtItsOffset) {
  struct Row {
    std::string_view name;
    PhysAddr base;
    uint64_t size_bytes;
    uint64_t pages;
  };
  constexpr auto kRows = std::to_array<Row>({
      {"one page", {0xFEC0'0000}, 0x1000, 1},
      {"one register", {0xFEC0'0010}, 4, 1},
      {"the last byte of a page", {0xFEC0'0FFF}, 1, 1},
      {"two bytes in two pages", {0xFEC0'0FFF}, 2, 2},
      {"unaligned at both ends", {0xFEC0'0800}, 0x2000, 3},
      {"right below RAM", {0xF000}, 0x1000, 1},
      {"right above RAM", {0x2'0000}, 0x1000, 1},
  });
  const FreshWorld fresh;
  World& world = *fresh;
  for (const Row& row : kRows) {
    const auto va = IoRemap(world.vmalloc, kMemory, row.base, row.size_bytes, row.name);
    ASSERT_TRUE(va.has_value()) << row.name;
    EXPECT_EQ(va->value % kPageSize, row.base.value % kPageSize) << row.name;
    EXPECT_TRUE(world.table.Translate(*va) == row.base) << row.name;
    EXPECT_TRUE(world.table.Translate(*va + (row.size_bytes - 1)) ==
                row.base + (row.size_bytes - 1))
        << row.name;
    EXPECT_EQ(world.table.mapped_pages(), row.pages) << row.name;
    EXPECT_EQ(world.table.AttributesAt(*va).caching, Caching::kDevice) << row.name;
    EXPECT_TRUE(world.IsSound()) << row.name;
    EXPECT_TRUE(IoUnmap(world.vmalloc, *va).has_value()) << row.name;
    world.vmalloc.Purge();
    EXPECT_TRUE(world.IsEmpty()) << row.name;
  }
}

TEST(Ioremap, RefusesWhatIsNoDevice) {
  struct Row {
    std::string_view name;
    PhysAddr base;
    uint64_t size_bytes;
    Error error;
  };
  constexpr auto kRows = std::to_array<Row>({
      {"nothing", {0xFEC0'0000}, 0, Error::kInvalidArgument},
      {"wrapping", {UINT64_MAX}, 2, Error::kInvalidArgument},
      {"RAM", {0x1'0000}, 0x1000, Error::kOverlap},
      {"its last byte", {0x1'FFFF}, 1, Error::kOverlap},
      {"from a device into RAM", {0xF000}, 0x1001, Error::kOverlap},
      {"more than there are addresses", {0x10'0000'0000}, uint64_t{1} << 32, Error::kOutOfMemory},
  });
  const FreshWorld fresh;
  World& world = *fresh;
  for (const Row& row : kRows) {
    const auto va = IoRemap(world.vmalloc, kMemory, row.base, row.size_bytes, row.name);
    ASSERT_FALSE(va.has_value()) << row.name;
    EXPECT_EQ(va.error(), row.error) << row.name;
    EXPECT_TRUE(world.IsEmpty()) << row.name;
  }
}

TEST(Ioremap, OverlappingRequestsLiveAlone) {
  const FreshWorld fresh;
  World& world = *fresh;
  const VirtAddr first = *IoRemap(world.vmalloc, kMemory, {0xFEC0'0000}, 0x2000, "first");
  const VirtAddr second = *IoRemap(world.vmalloc, kMemory, {0xFEC0'1800}, 0x1000, "second");
  const VirtAddr again = *IoRemap(world.vmalloc, kMemory, {0xFEC0'0000}, 0x2000, "again");
  EXPECT_NE(first.value, again.value);
  EXPECT_TRUE(world.table.Translate(first + 0x1800) == world.table.Translate(second));
  ASSERT_TRUE(IoUnmap(world.vmalloc, first).has_value());
  EXPECT_TRUE(world.table.Translate(second) == PhysAddr{0xFEC0'1800});
  EXPECT_TRUE(world.table.Translate(again) == PhysAddr{0xFEC0'0000});
  EXPECT_TRUE(world.IsSound());
  ASSERT_TRUE(IoUnmap(world.vmalloc, again).has_value());
  ASSERT_TRUE(IoUnmap(world.vmalloc, second).has_value());
  world.vmalloc.Purge();
  EXPECT_TRUE(world.IsEmpty());
}

// Each allocation of each operation fails in turn: of frames, of nodes, of page tables.
TEST(Vmalloc, AFailedOperationChangesNothing) {
  const FreshWorld fresh;
  World& world = *fresh;
  // Neighbours, so that trees have something to lose.
  for (unsigned i = 0; i < 40; ++i) {
    ASSERT_TRUE(world.vmalloc.Allocate({.size_bytes = kPageSize, .name = "n"}).has_value());
  }
  const size_t frames_before = world.frames.in_use();
  const size_t pages_before = world.pages.pages_in_use();
  const auto before = world.vmalloc.statistics();
  const auto unchanged = [&] {
    const auto now = world.vmalloc.statistics();
    return world.IsSound() && world.frames.in_use() == frames_before &&
           world.pages.pages_in_use() <= pages_before && now.areas == before.areas &&
           now.parked_areas == 0 && world.table.mapped_pages() == 40 &&
           now.addresses.free_bytes == before.addresses.free_bytes;
  };
  const auto allocate = [&]() -> base::Result<> {
    const VirtRange area =
        TRY(world.vmalloc.Allocate({.size_bytes = 9 * kPageSize, .name = "new"}));
    CHECK(world.vmalloc.Free(area.base).has_value());
    world.vmalloc.Purge();
    return {};
  };
  const auto map_device = [&]() -> base::Result<> {
    const VirtAddr va = TRY(world.vmalloc.MapDevice({{0xFE00'0000}, 3 * kPageSize}, "new"));
    CHECK(world.vmalloc.UnmapDevice(va).has_value());
    world.vmalloc.Purge();
    return {};
  };
  const auto reserve = [&]() -> base::Result<> {
    const VirtRange area = TRY(world.vmalloc.Reserve(PageCount{3}, "new"));
    CHECK(world.vmalloc.Release(area.base).has_value());
    world.vmalloc.Purge();
    return {};
  };
  const auto run = [&](std::string_view name, unsigned least, const FailureRun& done) {
    EXPECT_EQ(done.fault, "") << name;
    EXPECT_GE(done.failed, least) << name;
  };
  // Frames: one failure is answered by a purge, so they have to end.
  for (unsigned frames = 0; frames < 9; ++frames) {
    world.frames.failure.FailAfter(frames);
    EXPECT_EQ(allocate().error(), Error::kOutOfMemory) << frames;
    world.frames.failure.FailNothing();
    EXPECT_TRUE(unchanged()) << frames;
  }
  run("frames, once each", 1,
      FailEachAllocation(world.frames.failure, allocate, unchanged, [] { return true; }));
  run("tables", 5, FailEachAllocation(world.table.failure, allocate, unchanged));
  run("tables, device", 1, FailEachAllocation(world.table.failure, map_device, unchanged));
  run("nodes", 0, FailEachAllocation(world.pages, allocate, unchanged));
  EXPECT_TRUE(unchanged());
  // Which number of areas makes the next one ask for a page of nodes depends on the nodes' sizes.
  constexpr unsigned kAreas = 200;
  std::array<unsigned, 3> failed{};
  for (unsigned areas = 0; areas < kAreas; ++areas) {
    const size_t pages_now = world.pages.pages_in_use();
    const auto sound = [&] {
      return world.IsSound() && world.pages.pages_in_use() <= pages_now &&
             world.vmalloc.statistics().areas == before.areas + areas;
    };
    const FailureRun runs[] = {FailEachAllocation(world.pages, allocate, sound),
                               FailEachAllocation(world.pages, map_device, sound),
                               FailEachAllocation(world.pages, reserve, sound)};
    for (size_t i = 0; i < failed.size(); ++i) {
      EXPECT_EQ(runs[i].fault, "") << areas;
      failed[i] += runs[i].failed;
    }
    ASSERT_TRUE(world.vmalloc.Reserve(PageCount{1}, "another").has_value());
  }
  for (const unsigned times : failed) EXPECT_GT(times, 0U);
}

TEST(Vmalloc, AFailedStartKeepsNothing) {
  const FreshWorld fresh;
  World& world = *fresh;
  const size_t pages_before = world.pages.pages_in_use();
  {
    TestVmalloc other(world.table, world.table, world.frames, world.pages);
    const FailureRun run = FailEachAllocation(
        world.pages, [&] { return other.Start(kRegion); },
        [&] { return world.pages.pages_in_use() == pages_before; });
    EXPECT_EQ(run.fault, "");
    EXPECT_GT(run.failed, 0U);
    EXPECT_TRUE(other.CheckInvariants().has_value());
  }
  EXPECT_EQ(world.pages.pages_in_use(), pages_before);
}

TEST(Vmalloc, EndsCleanlyWithItsNodes) {
  const FreshWorld fresh;
  World& world = *fresh;
  unsigned areas = 0;
  world.pages.FailAfter(2);
  // Until the nodes' pages end; each area takes two pages of addresses.
  while (world.vmalloc.Reserve(PageCount{1}, "x").has_value()) ++areas;
  EXPECT_GT(areas, 10U);
  EXPECT_TRUE(world.IsSound());
  EXPECT_EQ(world.vmalloc.statistics().areas, areas);
  world.pages.FailNothing();
  EXPECT_TRUE(world.vmalloc.Reserve(PageCount{1}, "x").has_value());
}

TEST(Vmalloc, FreeingNeedsNoMemory) {
  const FreshWorld fresh;
  World& world = *fresh;
  std::array<VirtAddr, 200> areas{};
  for (VirtAddr& area : areas) {
    area = world.vmalloc.Allocate({.size_bytes = kPageSize, .name = "x"})->base;
  }
  world.pages.FailAfter(0);
  world.frames.failure.FailAfter(0);
  world.table.failure.FailAfter(0);
  for (size_t i = 0; i < areas.size(); i += 2) {
    ASSERT_TRUE(world.vmalloc.Free(areas[i]).has_value());
  }
  world.vmalloc.Purge();
  EXPECT_TRUE(world.IsSound());
  for (size_t i = 1; i < areas.size(); i += 2) {
    ASSERT_TRUE(world.vmalloc.Free(areas[i]).has_value());
  }
  world.vmalloc.Purge();
  EXPECT_TRUE(world.IsEmpty());
}

TEST(Vmalloc, GivesTheHeapItsLargeBlocks) {
  // A 32-bit kernel has no pointers to the region, which is at the top of 64 bits.
  if (sizeof(void*) < sizeof(uint64_t)) return;
  const FreshWorld fresh;
  World& world = *fresh;
  VmallocBlocks blocks(world.vmalloc, "heap");
  const auto block = blocks.AllocateBlock(10'000, 2 * kPageSize);
  ASSERT_TRUE(block.has_value());
  EXPECT_TRUE(IsAligned(AddressOf(*block), 2 * kPageSize));
  EXPECT_EQ(*blocks.BlockBytes(*block), 3 * kPageSize);
  auto* const inside = static_cast<std::byte*>(*block) + 1;
  EXPECT_EQ(blocks.BlockBytes(inside).error(), Error::kNotFound);
  EXPECT_EQ(blocks.BlockBytes(inside + 3 * kPageSize).error(), Error::kNotFound);
  EXPECT_EQ(blocks.FreeBlock(inside).error(), Error::kNotFound);
  EXPECT_TRUE(blocks.FreeBlock(*block).has_value());
  EXPECT_EQ(blocks.BlockBytes(*block).error(), Error::kNotFound);
  EXPECT_EQ(blocks.FreeBlock(*block).error(), Error::kNotFound);
  EXPECT_EQ(blocks.AllocateBlock(900 * kPageSize, 1).error(), Error::kOutOfMemory);
  world.vmalloc.Purge();
  EXPECT_TRUE(world.IsEmpty());
}

TEST(Vmalloc, AFailedLargeBlockChangesNothing) {
  if (sizeof(void*) < sizeof(uint64_t)) return;  // see above
  const FreshWorld fresh;
  World& world = *fresh;
  VmallocBlocks blocks(world.vmalloc, "heap");
  const auto allocate = [&]() -> base::Result<> {
    void* const block = TRY(blocks.AllocateBlock(50'000, 4 * kPageSize));
    CHECK(blocks.FreeBlock(block).has_value());
    world.vmalloc.Purge();
    return {};
  };
  const auto unchanged = [&] { return world.IsEmpty() && world.pages.pages_in_use() <= 4; };
  for (unsigned frames = 0; frames < 13; ++frames) {
    world.frames.failure.FailAfter(frames);
    EXPECT_EQ(allocate().error(), Error::kOutOfMemory) << frames;
    world.frames.failure.FailNothing();
    EXPECT_TRUE(unchanged()) << frames;
  }
  struct Row {
    std::string_view name;
    FailureRun run;
  };
  const Row rows[] = {
      {"frames, once each",
       FailEachAllocation(world.frames.failure, allocate, unchanged, [] { return true; })},
      {"tables", FailEachAllocation(world.table.failure, allocate, unchanged)},
      {"nodes", FailEachAllocation(world.pages, allocate, unchanged)},
  };
  for (const auto& [name, run] : rows) {
    EXPECT_EQ(run.fault, "") << name;
    EXPECT_GT(run.failed, 0U) << name;
  }
}

TEST(Vmalloc, NamesAreAllDifferent) {
  EXPECT_NE(AreaKindName(AreaKind::kMemory), AreaKindName(AreaKind::kDevice));
  EXPECT_NE(AreaKindName(AreaKind::kDevice), AreaKindName(AreaKind::kReserved));
  constexpr AreaFault kFaults[] = {AreaFault::kNeverAllocated, AreaFault::kInteriorAddress,
                                   AreaFault::kDoubleFree, AreaFault::kWrongKind};
  for (const AreaFault fault : kFaults) {
    unsigned same = 0;
    for (const AreaFault other : kFaults) same += AreaFaultName(fault) == AreaFaultName(other);
    EXPECT_EQ(same, 1U) << AreaFaultName(fault);
  }
}

}  // namespace
}  // namespace mm
