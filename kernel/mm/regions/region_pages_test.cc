// Pages of a region: over a table that notices stale translations, and with slab caches on top.
#include "kernel/mm/regions/region_pages.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernel/base/bits.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/heap/object_fault.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/heap/slab_geometry.h"
#include "kernel/mm/heap/slab_test_memory.h"
#include "kernel/mm/regions/vmalloc_fakes.h"
#include "kernel/mm/tables/locked_table.h"
#include "kernel/mm/test_failures.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

// The arena holds, in this order, the array of descriptors, nodes, and the first pages of the
// region; behind them the region is addresses alone, which nobody may touch.
constexpr size_t kArrayPages = 2;
constexpr size_t kNodePages = 14;
constexpr size_t kRegionAt = kArrayPages + kNodePages;
constexpr size_t kRegionPages = 400;
constexpr size_t kDescribedByOnePage = kPageSize / sizeof(FrameDescriptor);
constexpr size_t kFrames = 660;  // of which 440 can be had

using Table = FakeVmallocTable<kRegionAt + kRegionPages>;
using Frames = FakeVmallocFrames<kFrames, Table>;
using TestRegionPages = RegionPages<LockedTable<Table, Table>, Table, Frames>;

std::span<std::byte> ArenaPages(size_t first, size_t pages) {
  return std::span(slab_test_arena.bytes).subspan(first * kPageSize, pages * kPageSize);
}

// Descriptors that nobody has zeroed look as if they were those of slabs.
void SpoilArray() {
  constexpr uint32_t kSlabOfClassOne = 0xDAB5'1A01;
  const std::span<std::byte> array = ArenaPages(0, kArrayPages);
  for (size_t at = 0; at < array.size(); at += sizeof(kSlabOfClassOne)) {
    std::memcpy(&array[at], &kSlabOfClassOne, sizeof(kSlabOfClassOne));
  }
}

struct World {
  World() {
    SpoilArray();
    fault_note = {};
    CHECK(pages.Start(region, {base, kArrayPages * kPageSize}).has_value());
  }

  [[nodiscard]] bool IsSound() const { return pages.CheckInvariants().has_value(); }
  // Nothing but `described` pages of the array is mapped.
  [[nodiscard]] bool IsEmpty(size_t described) const {
    return IsSound() && pages.statistics().pages == PageCount{0} &&
           pages.statistics().descriptor_pages == PageCount{described} &&
           frames.in_use() == described && table.mapped_pages() == described;
  }
  [[nodiscard]] bool IsSpoilt(size_t page) const {
    return ArenaPages(page, 1).front() != std::byte{0};
  }

  VirtAddr base = AddressOf(slab_test_arena.bytes);
  VirtRange region{base + kRegionAt * kPageSize, kRegionPages* kPageSize};
  TestPages nodes{ArenaPages(kArrayPages, kNodePages)};
  Table table{base};
  Frames frames{table};
  LockedTable<Table, Table> locked{table, table};
  TestRegionPages pages{locked, table, frames, nodes};
};

using FreshWorld = Fresh<World>;

TEST(RegionPages, MapsRunsAndUnmapsThem) {
  const FreshWorld fresh;
  World& world = *fresh;
  EXPECT_TRUE(world.IsEmpty(0));
  std::array<void*, kMaxSlabOrder + 1> runs{};
  size_t in_use = 0;
  for (unsigned order = 0; order < runs.size(); ++order) {
    const auto run = world.pages.AllocatePages(order);
    ASSERT_TRUE(run.has_value());
    runs[order] = *run;
    const VirtRange range{AddressOf(*run), kPageSize << order};
    EXPECT_TRUE(world.region.Contains(range)) << order;
    EXPECT_TRUE(IsAligned(range.base, range.size_bytes)) << order;
    EXPECT_EQ(world.table.AttributesAt(range.base),
              (PageAttributes{.kernel = Access::kReadWrite, .scope = Scope::kGlobal}));
    in_use += size_t{1} << order;
    EXPECT_EQ(world.pages.statistics().pages, PageCount{in_use});
    EXPECT_EQ(world.table.mapped_pages(), in_use + 1);
    EXPECT_EQ(world.frames.in_use(), in_use + 1);
    EXPECT_TRUE(world.IsSound());
  }
  for (unsigned order = 0; order < runs.size(); ++order) {
    const unsigned before = world.table.invalidations;
    world.pages.FreePages(runs[order], order);
    EXPECT_EQ(world.table.invalidations, before + 1);
    EXPECT_FALSE(world.table.Translate(AddressOf(runs[order])).has_value());
    EXPECT_TRUE(world.IsSound());
  }
  EXPECT_TRUE(world.IsEmpty(1));
}

TEST(RegionPages, EveryPageCanBeUsedAndDescribed) {
  const FreshWorld fresh;
  World& world = *fresh;
  static constinit std::array<void*, kRegionPages> taken{};
  for (size_t i = 0; i < kRegionPages; ++i) {
    const auto page = world.pages.AllocatePages(0);
    ASSERT_TRUE(page.has_value());
    taken[i] = *page;
    EXPECT_EQ(AddressOf(*page), world.region.base + i * kPageSize);
    // The array is mapped no earlier than it is needed, and zero where it is mapped.
    EXPECT_EQ(world.IsSpoilt(1), i < kDescribedByOnePage) << i;
    const PageDescriptors descriptors = world.pages.descriptors();
    EXPECT_EQ(descriptors.IndexOf(*page), i);
    EXPECT_EQ(descriptors.Of(*page).owner(), 0);
    descriptors.Of(*page).SetOwner(i + 1);
  }
  EXPECT_EQ(world.pages.AllocatePages(0).error_or({}), base::Error::kOutOfMemory);
  EXPECT_TRUE(world.IsSound());
  for (size_t i = 0; i < kRegionPages; ++i) {
    EXPECT_EQ(world.pages.descriptors().Of(taken[i]).owner(), i + 1);
    world.pages.FreePages(taken[i], 0);
  }
  EXPECT_TRUE(world.IsEmpty(2));
  for (const VirtAddr outside : {world.region.base - 1, world.region.last() + 1}) {
    EXPECT_GE(world.pages.descriptors().IndexOf(PointerTo(outside)), kRegionPages);
  }
}

// Each allocation of one source missing in turn, from an untouched region on. Nobody leaves more
// behind than a page of the array.
template <class SourceOf>
void ExpectAllOrNothing(SourceOf source_of, unsigned least) {
  const FreshWorld fresh;
  World& world = *fresh;
  const auto take = [&]() -> base::Result<> {
    void* const run = TRY(world.pages.AllocatePages(3));
    world.pages.FreePages(run, 3);
    return {};
  };
  const FailureRun run = FailEachAllocation(source_of(world), take, [&] {
    const PageCount described = world.pages.statistics().descriptor_pages;
    return described <= PageCount{1} && world.IsEmpty(static_cast<size_t>(described.value));
  });
  EXPECT_EQ(run.fault, "") << run.failed;
  EXPECT_GE(run.failed, least);
}

TEST(RegionPages, AllOrNothing) {
  // The array's page, which stays, then all others of the run but the first.
  constexpr unsigned kRun = 8;
  ExpectAllOrNothing([](World& world) -> auto& { return world.nodes; }, 0);
  ExpectAllOrNothing([](World& world) -> auto& { return world.frames.failure; }, kRun);
  ExpectAllOrNothing([](World& world) -> auto& { return world.table.failure; }, kRun);
}

// Free bits, records and wrong frees work as in the direct map.
TEST(RegionPages, HoldSlabs) {
  const FreshWorld fresh;
  World& world = *fresh;
  {
    SlabDepot depot({world.pages, world.pages.descriptors()}, world.nodes, NoteFault);
    SlabCache cache(depot, {.name = "in a region", .object_bytes = 1000});
    std::array<void*, 40> objects{};
    for (void*& object : objects) {
      const auto allocated = cache.Allocate();
      ASSERT_TRUE(allocated.has_value());
      object = *allocated;
      EXPECT_TRUE(world.region.Contains(AddressOf(object)));
      std::memset(object, 0x3C, 1000);
      EXPECT_FALSE(cache.FindFault(object).has_value());
      EXPECT_TRUE(world.IsSound());
    }
    const VirtAddr behind = world.region.base + world.pages.statistics().pages.bytes();
    for (const VirtAddr wrong : {behind, world.region.last(), world.base, world.region.base - 1}) {
      EXPECT_EQ(cache.FindFault(PointerTo(wrong)), ObjectFault::kForeign) << wrong.value;
    }
    for (void* const object : objects) cache.Free(object);
    EXPECT_EQ(cache.Shrink() * kPageSize, behind - world.region.base);
    EXPECT_TRUE(cache.CheckInvariants().has_value());
    EXPECT_EQ(cache.FindFault(objects[0]), ObjectFault::kForeign);
    EXPECT_EQ(fault_note.count, 0);
  }
  EXPECT_TRUE(world.IsEmpty(1));
}

// A slab needs frames for its pages and, elsewhere, its record.
TEST(RegionPages, SlabsDoWithoutMemory) {
  const FreshWorld fresh;
  World& world = *fresh;
  {
    SlabDepot depot({world.pages, world.pages.descriptors()}, world.nodes, NoteFault);
    SlabCache cache(depot, {.name = "in a region", .object_bytes = 1000});
    const auto use = [&]() -> base::Result<> {
      cache.Free(TRY(cache.Allocate()));
      cache.Shrink();
      return {};
    };
    const auto is_empty = [&] {
      return world.IsSound() && cache.CheckInvariants() &&
             world.pages.statistics().pages == PageCount{0};
    };
    const auto try_all = [&](auto& source) {
      // A smaller slab, or no magazine, will do.
      const FailureRun run = FailEachAllocation(source, use, is_empty, [] { return true; });
      EXPECT_EQ(run.fault, "") << run.failed;
      EXPECT_GT(run.failed, 0);
    };
    try_all(world.nodes);
    try_all(world.frames.failure);
    try_all(world.table.failure);
  }
  EXPECT_TRUE(world.IsEmpty(1));
}

}  // namespace
}  // namespace mm
