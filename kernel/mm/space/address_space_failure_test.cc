// Memory ends in the middle of what an address space does: nothing has changed then, and nothing is
// lost.
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/function_ref.h"
#include "kernel/base/result.h"
#include "kernel/mm/space/space_world.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using Space = SpaceWorld::Space;

constexpr VirtAddr kBase{0x1000'0000};
constexpr uint64_t kPages = 12;

constexpr VirtRange Pages(uint64_t first, uint64_t count) {
  return {kBase + PageCount{first}, PageCount{count}.bytes()};
}

MapRequest At(const VirtRange& range) {
  return {.size_bytes = range.size_bytes, .place = Place::kExactly, .va = range.base};
}

// What can be seen of a space: areas, and what its pages are.
struct Look {
  SpaceCounters counters;
  VmaUsage usage;
  uint64_t areas = 0;  // their ranges and rights, mixed

  explicit Look(Space& space)
      : counters(space.counters()), usage(space.MeasureUsage(Pages(0, kPages))) {
    space.ForEachVma([this](const Vma& vma) {
      areas = areas * 31 + vma.range.base.value + vma.range.size_bytes * 7 +
              static_cast<uint64_t>(vma.access);
    });
    counters.table_bytes = 0;  // more tables than needed may stay
    counters.area_bytes = 0;   // so may nodes
  }
  bool operator==(const Look& other) const {
    return counters == other.counters && areas == other.areas &&
           usage.resident == other.usage.resident && usage.own == other.usage.own;
  }
};

using Operation = base::FunctionRef<base::Result<>(Space&)>;

// The operation with memory that ends before, after one page, after two, ..., on a slab that has
// `spare` areas taken already: the index and the slab run out at every place.
unsigned RunWithoutMemory(unsigned spare, Operation operation) {
  unsigned failures = 0;
  SpaceWorld world;
  const auto other = world.NewSpace();
  const auto space = world.NewSpace();
  const auto object = *PagedObject::Create(world.objects, kPages * kPageSize);
  EXPECT_TRUE(space->Map(At(Pages(0, 4))).has_value());
  MapRequest shown = At(Pages(6, 4));
  shown.kind = VmaKind::kFile;
  shown.object = object.reference;
  EXPECT_TRUE(space->Map(shown).has_value());
  EXPECT_TRUE(world.Write(*space, kBase + kPageSize, 1));
  EXPECT_TRUE(world.Write(*space, kBase + 7 * kPageSize, 1));
  for (unsigned index = 0; index < spare; ++index) {
    EXPECT_TRUE(other->Map(At({kBase + 2 * index * kPageSize, kPageSize})).has_value());
  }
  const Look before(*space);
  for (unsigned allowed = 0;; ++allowed) {
    world.FailAfter(allowed);
    const base::Result<> result = operation(*space);
    world.FailNothing();
    EXPECT_TRUE(space->CheckInvariants().has_value());
    if (result) return failures;
    ++failures;
    EXPECT_TRUE(result.error() == base::Error::kOutOfMemory);
    EXPECT_TRUE(Look(*space) == before) << allowed << " allowed, " << spare << " spare";
    if (allowed > 20) {
      ADD_FAILURE() << "never works";
      return failures;
    }
  }
}

// With some number of areas a slab of them is full, and a leaf of the index.
unsigned RunOnEachFill(Operation operation) {
  unsigned failures = 0;
  constexpr unsigned kMostSpare = kPageSize / sizeof(Vma) + 2;
  for (unsigned spare = 0; spare < kMostSpare; ++spare) {
    failures += RunWithoutMemory(spare, operation);
  }
  return failures;
}

base::Result<> Forget(const base::Result<VirtAddr>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

TEST(AddressSpaceFailure, MapUndoesWhatItCut) {
  EXPECT_GT(RunOnEachFill([](Space& space) { return Forget(space.Map(At(Pages(1, 7)))); }), 0U);
}

TEST(AddressSpaceFailure, MapElsewhere) {
  EXPECT_GT(RunOnEachFill([](Space& space) { return Forget(space.Map(At(Pages(11, 1)))); }), 0U);
}

TEST(AddressSpaceFailure, UnmapOfAMiddle) {
  EXPECT_GT(RunOnEachFill([](Space& space) { return space.Unmap(Pages(1, 2)); }), 0U);
}

TEST(AddressSpaceFailure, ProtectOfAMiddle) {
  EXPECT_GT(RunOnEachFill([](Space& space) { return space.Protect(Pages(1, 2), Access::kRead); }),
            0U);
}

TEST(AddressSpaceFailure, MarkDead) {
  EXPECT_GT(RunOnEachFill([](Space& space) { return space.MarkDead(Pages(1, 6)); }), 0U);
}

TEST(AddressSpaceFailure, RemapElsewhere) {
  EXPECT_GT(RunOnEachFill([](Space& space) {
              return Forget(space.Remap(Pages(1, 2), {.size_bytes = 3 * kPageSize,
                                                      .move = RemapRequest::Move::kMayMove}));
            }),
            0U);
}

TEST(AddressSpaceFailure, SetBreak) {
  EXPECT_GT(RunOnEachFill([](Space& space) {
              if (space.Break().value == 0) space.StartHeap(kBase + 0x10'0000);
              return Forget(space.SetBreak(space.Break() + kPageSize));
            }),
            0U);
}

TEST(AddressSpaceFailure, Clone) {
  EXPECT_GT(RunOnEachFill([](Space& space) -> base::Result<> {
              const auto child = TRY(space.Clone());
              EXPECT_TRUE(child->CheckInvariants().has_value());
              return {};
            }),
            0U);
}

TEST(AddressSpaceFailure, FaultsLeaveNothingBehind) {
  SpaceWorld world;
  const auto space = world.NewSpace();
  const auto object = *PagedObject::Create(world.objects, kPages * kPageSize);
  MapRequest shown = At(Pages(0, 4));
  shown.kind = VmaKind::kFile;
  shown.object = object.reference;
  EXPECT_TRUE(space->Map(shown).has_value());
  // The object's page, a node, the copy, a table: each is missed once.
  unsigned failures = 0;
  const VirtAddr va = kBase + 3 * kPageSize;
  for (unsigned allowed = 0; failures < 20; ++allowed) {
    world.FailAfter(allowed);
    const bool is_written = world.Write(*space, va, 5);
    world.FailNothing();
    EXPECT_TRUE(space->CheckInvariants().has_value());
    if (is_written) break;
    EXPECT_TRUE(space->counters().physical_pages == PageCount{0});
    ++failures;
  }
  EXPECT_GT(failures, 1U);
  EXPECT_LT(failures, 20U);
  EXPECT_EQ(world.Read(*space, va), 5);
}

// A process takes all frames; they are all there when it ends.
TEST(AddressSpaceFailure, AllMemoryComesBack) {
  SpaceWorld world;
  for (int round = 0; round < 3; ++round) {
    const auto space = world.NewSpace();
    EXPECT_TRUE(space->Map(At(Pages(0, 200))).has_value());
    uint64_t page = 0;
    while (world.Write(*space, kBase + PageCount{page}, 1)) ++page;
    EXPECT_GT(page, 20U);
    EXPECT_EQ(space->counters().physical_pages, PageCount{page});
    EXPECT_TRUE(space->CheckInvariants().has_value());
  }
  EXPECT_TRUE(world.IsEmpty());
}

}  // namespace
}  // namespace mm
