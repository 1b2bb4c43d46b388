#include "kernel/mm/space/shared_region.h"

#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/mm/space/space_world.h"
#include "kernel/mm/space/vma.h"
#include "kernel/mm/test_failures.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using Reference = SpaceWorld::Reference;
using Space = SpaceWorld::Space;

constexpr uint64_t kBytes = 2 * kPageSize;
constexpr int32_t kMaker = 7;

struct World {
  explicit World(uint64_t region_bytes = SharedRegion::kMostAlignment * 4)
      : region(spaces.depot, spaces.memory, spaces.objects,
               {spaces.placement.shared_blocks().base, region_bytes}) {}

  // A new block in `space`.
  VirtAddr Make(Space& space, uint64_t bytes = kBytes) {
    const auto block = region.Make(bytes, kMaker);
    if (!block) return {};
    return space.Map(SharedRegion::Showing(*block)).value_or(VirtAddr{});
  }

  // As a kernel does when a process uses an address where it has nothing.
  bool Attach(Space& space, VirtAddr va) {
    const auto block = region.Find(va);
    return block && space.Map(SharedRegion::Showing(*block)).has_value();
  }

  bool IsSound() const { return region.CheckInvariants().has_value(); }

  SpaceWorld spaces;
  SharedRegion region;
};

TEST(SharedRegion, IsApartFromAllElseInASpace) {
  World world;
  const Reference space = world.spaces.NewSpace();
  const VirtRange& range = world.spaces.placement.shared_blocks();
  const auto at = [](VirtAddr va) {
    return MapRequest{.size_bytes = kPageSize, .place = Place::kExactly, .va = va};
  };
  using base::Error;
  EXPECT_TRUE(space->Map(at(range.base)).error_or(Error::kCorrupt) == Error::kOutOfRange);
  EXPECT_TRUE(space->Map(at(range.last() + 1 - kPageSize)).error_or(Error::kCorrupt) ==
              Error::kOutOfRange);
  EXPECT_TRUE(space->Map(at(range.base - kPageSize)).has_value());
  EXPECT_TRUE(space->Map(at(range.last() + 1)).has_value());

  const VirtAddr va = world.Make(*space);
  EXPECT_EQ(va, range.base);
  EXPECT_TRUE(space->Remap({va, kBytes}, {.size_bytes = 2 * kBytes}).error_or(Error::kCorrupt) ==
              Error::kNotPermitted);
  EXPECT_TRUE(space->Protect({va, kBytes}, Access::kExecute).error_or(Error::kCorrupt) ==
              Error::kNotPermitted);
  // Nothing else may say it is one.
  const auto block = world.region.Find(va);
  ASSERT_TRUE(block.has_value());
  MapRequest elsewhere = SharedRegion::Showing(*block);
  elsewhere.va = range.base - 4 * kBytes;
  EXPECT_TRUE(space->Map(elsewhere).error_or(Error::kCorrupt) == Error::kOutOfRange);
  EXPECT_TRUE(space->CheckInvariants().has_value());
}

TEST(SharedRegion, BlocksAreAtOneAddressInAllSpaces) {
  World world;
  {
    const Reference one = world.spaces.NewSpace();
    const Reference two = world.spaces.NewSpace();
    const VirtAddr va = world.Make(*one);
    EXPECT_TRUE(world.spaces.Write(*one, va + kPageSize, 42));
    EXPECT_FALSE(world.spaces.Read(*two, va).has_value());
    EXPECT_TRUE(world.Attach(*two, va + kBytes - 1));
    EXPECT_EQ(world.spaces.Read(*two, va + kPageSize), 42);
    EXPECT_TRUE(world.spaces.Write(*two, va, 43));
    EXPECT_EQ(world.spaces.Read(*one, va), 43);
    EXPECT_FALSE(world.Attach(*two, va));  // it has it already
    EXPECT_EQ(world.region.Find(va)->maker, kMaker);
    EXPECT_EQ(world.region.Find(va)->object->views(), size_t{2});
    EXPECT_TRUE(world.IsSound());
  }
  EXPECT_TRUE(world.region.counters() == SharedRegion::Counters{});
  EXPECT_TRUE(world.spaces.IsEmpty());
}

TEST(SharedRegion, ABlockEndsWithItsLastUser) {
  World world;
  const Reference reader = world.spaces.NewSpace();
  VirtAddr va;
  {
    const Reference owner = world.spaces.NewSpace();
    va = world.Make(*owner);
    EXPECT_TRUE(world.spaces.Write(*owner, va, 1));
    const auto child = owner->Clone();
    EXPECT_TRUE(child.has_value());
    EXPECT_EQ(world.region.Find(va)->object->views(), size_t{2});
    EXPECT_TRUE(world.Attach(*reader, va));
  }
  EXPECT_TRUE(world.IsSound());
  EXPECT_EQ(world.spaces.Read(*reader, va), 1);
  EXPECT_TRUE(world.region.counters() == (SharedRegion::Counters{1, PageCount{2}}));
  EXPECT_TRUE(reader->Unmap({va, kPageSize}).has_value());
  EXPECT_TRUE(world.region.Find(va).has_value());
  EXPECT_TRUE(reader->Unmap({va + kPageSize, kPageSize}).has_value());
  EXPECT_FALSE(world.region.Find(va).has_value());
  EXPECT_FALSE(world.Attach(*reader, va));
  EXPECT_TRUE(world.region.counters() == SharedRegion::Counters{});
  EXPECT_TRUE(world.IsSound());
  EXPECT_EQ(world.spaces.frames_in_use(), size_t{0});
}

TEST(SharedRegion, AnAddressComesBackAfterAllOthers) {
  World world;
  const Reference space = world.spaces.NewSpace();
  const uint64_t pages = world.region.range().size_bytes / kPageSize;
  VirtAddr last = world.Make(*space, kPageSize);
  EXPECT_TRUE(space->Unmap({last, kPageSize}).has_value());
  for (uint64_t page = 1; page < pages; ++page) {
    const VirtAddr va = world.Make(*space, kPageSize);
    EXPECT_EQ(va, last + kPageSize);
    EXPECT_TRUE(space->Unmap({va, kPageSize}).has_value());
    EXPECT_TRUE(world.IsSound());
    last = va;
  }
  EXPECT_EQ(last + (kPageSize - 1), world.region.range().last());
  EXPECT_EQ(world.Make(*space, kPageSize), world.region.range().base);
}

TEST(SharedRegion, RoomEndsAndIsFoundAgain) {
  World world;
  const Reference space = world.spaces.NewSpace();
  constexpr uint64_t kLarge = SharedRegion::kMostAlignment;
  VirtAddr blocks[4];
  for (VirtAddr& va : blocks) {
    va = world.Make(*space, kLarge);
    EXPECT_TRUE(IsAligned(va, kLarge));
  }
  using base::Error;
  EXPECT_TRUE(world.region.Make(kPageSize, kMaker).error() == Error::kOutOfMemory);
  EXPECT_TRUE(space->Unmap({blocks[2], kLarge}).has_value());
  EXPECT_EQ(world.Make(*space, kLarge), blocks[2]);
  EXPECT_TRUE(world.IsSound());
}

TEST(SharedRegion, SizesThatAreNoneAreRefused) {
  World world;
  using base::Error;
  struct Row {
    uint64_t bytes;
    Error error;
  };
  constexpr Row kRows[] = {
      {0, Error::kInvalidArgument},
      {1, Error::kNotAligned},
      {~uint64_t{0}, Error::kNotAligned},
      {~uint64_t{0} - (kPageSize - 1), Error::kOutOfMemory},
      {5 * SharedRegion::kMostAlignment, Error::kOutOfMemory},
  };
  for (const Row& row : kRows) {
    EXPECT_TRUE(world.region.Make(row.bytes, kMaker).error() == row.error) << row.bytes;
  }
  // What nobody shows ends at once.
  EXPECT_TRUE(world.region.Make(kBytes, kMaker).has_value());
  EXPECT_TRUE(world.region.counters() == SharedRegion::Counters{});
}

TEST(SharedRegion, MayBeNone) {
  World world(0);
  EXPECT_TRUE(world.region.Make(kPageSize, kMaker).error() == base::Error::kOutOfMemory);
  EXPECT_FALSE(world.region.Find(world.region.range().base).has_value());
  EXPECT_TRUE(world.IsSound());
}

TEST(SharedRegion, FailsWithoutMemoryAndKeepsNothing) {
  World world;
  {
    const Reference space = world.spaces.NewSpace();
    const FailureRun run = FailEachAllocation(
        world.spaces.memory.failure,
        [&]() -> base::Result<VirtAddr> {
          return space->Map(SharedRegion::Showing(TRY(world.region.Make(kBytes, kMaker))));
        },
        [&] {
          return world.IsSound() && world.region.counters() == SharedRegion::Counters{} &&
                 space->CheckInvariants().has_value();
        },
        // A cache can do without a magazine.
        [&] {
          const auto area = space->FindFirstNotBelow(world.region.range().base);
          return area && space->Unmap(area->range).has_value();
        });
    EXPECT_EQ(run.fault, "") << run.failed;
    EXPECT_GT(run.failed, 0U);
    EXPECT_TRUE(world.region.counters() == (SharedRegion::Counters{1, PageCount{2}}));
  }
  EXPECT_TRUE(world.IsSound());
  EXPECT_TRUE(world.spaces.IsEmpty());
}

}  // namespace
}  // namespace mm
