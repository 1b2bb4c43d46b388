// Ranges one by one: where they go, what is refused, and what happens when memory ends.
#include "kernel/mm/ranges/range_allocator.h"

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/test_failures.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using base::Error;

constexpr uint64_t kGranule = 16;

TestArena<64> arena;

// Addresses of the tests, in granules from the base of a space.
struct Piece {
  uint64_t first;
  uint64_t count;
};

constexpr VirtRange At(const VirtRange& space, const Piece& piece) {
  return {space.base + piece.first * kGranule, piece.count * kGranule};
}

struct SpaceRow {
  std::string_view name;
  VirtRange space;
};

// Where the arithmetic is hardest.
constexpr auto kSpaces = std::to_array<SpaceRow>({
    {"from 0", {{0}, 64 * kGranule}},
    {"in the middle", {{0x1000}, 64 * kGranule}},
    {"up to 4 GiB", {{0x1'0000'0000 - 64 * kGranule}, 64 * kGranule}},
    {"across 4 GiB", {{0x1'0000'0000 - 32 * kGranule}, 64 * kGranule}},
    {"up to 2^64", {{uint64_t{0} - 64 * kGranule}, 64 * kGranule}},
});

TEST(RangeAllocator, UsesEachGranuleUpToTheLast) {
  for (const auto& [name, space] : kSpaces) {
    TestPages pages(arena.bytes);
    RangeAllocator allocator(pages, kGranule);
    ASSERT_TRUE(allocator.Start(space).has_value()) << name;
    for (uint64_t i = 0; i < 64; ++i) {
      const auto range = allocator.Allocate(kGranule);
      ASSERT_TRUE(range.has_value()) << name;
      EXPECT_EQ(range->base, At(space, {i, 1}).base) << name;
      EXPECT_TRUE(allocator.CheckInvariants().has_value()) << name;
    }
    EXPECT_EQ(allocator.statistics().free_bytes, 0U) << name;
    EXPECT_EQ(allocator.statistics().largest_free_bytes, 0U) << name;
    const auto none = allocator.Allocate(kGranule);
    ASSERT_FALSE(none.has_value()) << name;
    EXPECT_EQ(none.error(), Error::kOutOfMemory) << name;
    for (uint64_t i = 64; i-- > 0;) {
      EXPECT_TRUE(allocator.Free(At(space, {i, 1})).has_value()) << name;
      EXPECT_TRUE(allocator.CheckInvariants().has_value()) << name;
    }
    EXPECT_EQ(allocator.statistics().largest_free_bytes, space.size_bytes) << name;
    const auto all = allocator.Allocate(space.size_bytes);
    ASSERT_TRUE(all.has_value()) << name;
    EXPECT_TRUE(*all == space) << name;
  }
}

TEST(RangeAllocator, HoldsNearlyAllAddresses) {
  TestPages pages(arena.bytes);
  RangeAllocator allocator(pages, kPageSize);
  const VirtRange space{{kPageSize}, uint64_t{0} - kPageSize};
  ASSERT_TRUE(allocator.Start(space).has_value());
  const VirtRange top{{uint64_t{0} - kPageSize}, kPageSize};
  EXPECT_TRUE(allocator.AllocateAt(top).has_value());
  const auto rest = allocator.Allocate(space.size_bytes - kPageSize);
  ASSERT_TRUE(rest.has_value());
  EXPECT_EQ(rest->base.value, kPageSize);
  EXPECT_TRUE(allocator.FindAllocated(VirtAddr{UINT64_MAX}) == top);
  EXPECT_TRUE(allocator.FindAllocated(VirtAddr{top.base.value - 1}) == *rest);
  EXPECT_TRUE(allocator.Free(*rest).has_value());
  EXPECT_TRUE(allocator.Free(top).has_value());
  EXPECT_TRUE(allocator.CheckInvariants().has_value());
}

struct FitRow {
  std::string_view name;
  std::initializer_list<Piece> taken;
  uint64_t count;
  uint64_t alignment;  // in granules
  uint64_t first;      // expected; kNowhere: refused
};

constexpr uint64_t kNowhere = UINT64_MAX;

// Of 64 granules from 0x1000 on.
const FitRow kFits[] = {
    {"the lowest when all is free", {}, 4, 1, 0},
    {"the smallest that fits", {{10, 10}, {25, 30}}, 4, 1, 20},
    {"an exact fit, even above", {{10, 10}, {25, 35}}, 4, 1, 60},
    {"the lowest of equals", {{4, 4}, {12, 44}, {60, 4}}, 4, 1, 0},
    {"the last granules", {{0, 60}}, 4, 1, 60},
    {"too large by one", {{0, 60}}, 5, 1, kNowhere},
    {"in two parts only", {{30, 4}}, 31, 1, kNowhere},
    {"aligned at once", {}, 4, 16, 0},
    {"aligned after some", {{0, 1}}, 4, 16, 16},
    {"a smaller hole that fits aligned", {{0, 16}, {20, 44}}, 4, 16, 16},
    {"a hole that fits, but not aligned", {{0, 1}, {5, 11}, {20, 12}}, 4, 16, 16},
    {"only holes that do not fit aligned", {{0, 17}, {25, 39}}, 4, 16, kNowhere},
    {"aligned to more than there is", {{0, 1}}, 1, 1024, kNowhere},
};

TEST(RangeAllocator, PlacesByBestFit) {
  const VirtRange space{{0x1000}, 64 * kGranule};
  for (const FitRow& row : kFits) {
    TestPages pages(arena.bytes);
    RangeAllocator allocator(pages, kGranule);
    ASSERT_TRUE(allocator.Start(space).has_value()) << row.name;
    for (const Piece& piece : row.taken) {
      ASSERT_TRUE(allocator.AllocateAt(At(space, piece)).has_value()) << row.name;
    }
    const auto range = allocator.AllocateAligned(row.count * kGranule, row.alignment * kGranule);
    EXPECT_TRUE(allocator.CheckInvariants().has_value()) << row.name;
    if (row.first == kNowhere) {
      ASSERT_FALSE(range.has_value()) << row.name;
      EXPECT_EQ(range.error(), Error::kOutOfMemory) << row.name;
      continue;
    }
    ASSERT_TRUE(range.has_value()) << row.name;
    EXPECT_TRUE(*range == At(space, {row.first, row.count})) << row.name;
    if (row.alignment == 1) {
      EXPECT_TRUE(allocator.Free(*range).has_value()) << row.name;
      EXPECT_TRUE(allocator.Allocate(row.count * kGranule) == *range) << row.name;
    }
  }
}

// More free ranges than are tried one by one, all large enough and none of them aligned.
TEST(RangeAllocator, FindsAnAlignedPlaceBehindManyThatAreNot) {
  TestPages pages(arena.bytes);
  RangeAllocator allocator(pages, kGranule);
  const VirtRange space{{0x10000}, 2048 * kGranule};
  ASSERT_TRUE(allocator.Start(space).has_value());
  // Holes of four at 2, 10, 18, ...; the one at 1000 fits eight-aligned; all else is taken.
  uint64_t next = 0;
  for (uint64_t hole = 2; hole < 1600; hole += 8) {
    const uint64_t first = hole == 1002 ? 1000 : hole;
    ASSERT_TRUE(allocator.AllocateAt(At(space, {next, first - next})).has_value());
    next = first + 4;
  }
  ASSERT_TRUE(allocator.AllocateAt(At(space, {next, 1700 - next})).has_value());
  // There is one large enough wherever it starts.
  const auto sure = allocator.AllocateAligned(4 * kGranule, 8 * kGranule);
  ASSERT_TRUE(sure.has_value());
  EXPECT_TRUE(*sure == At(space, {1704, 4}));
  ASSERT_TRUE(allocator.AllocateAt(At(space, {1700, 4})).has_value());
  ASSERT_TRUE(allocator.AllocateAt(At(space, {1708, 340})).has_value());
  // Now only the search one by one finds it.
  const auto found = allocator.AllocateAligned(4 * kGranule, 8 * kGranule);
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(*found == At(space, {1000, 4}));
  EXPECT_TRUE(allocator.CheckInvariants().has_value());
}

struct RefusalRow {
  std::string_view name;
  uint64_t size_bytes;
  uint64_t alignment;
  Error error;
};

TEST(RangeAllocator, RefusesWrongRequests) {
  constexpr auto kRows = std::to_array<RefusalRow>({
      {"nothing", 0, kGranule, Error::kInvalidArgument},
      {"half a granule", 8, kGranule, Error::kNotAligned},
      {"one and a half", 24, kGranule, Error::kNotAligned},
      {"no power of two", kGranule, 48, Error::kInvalidArgument},
      {"no alignment", kGranule, 0, Error::kInvalidArgument},
      {"more than there is", 65 * kGranule, kGranule, Error::kOutOfMemory},
      {"nearly everything", uint64_t{0} - kGranule, kGranule, Error::kOutOfMemory},
      {"nearly everything, aligned", uint64_t{0} - kGranule, uint64_t{1} << 63,
       Error::kOutOfMemory},
  });
  TestPages pages(arena.bytes);
  RangeAllocator allocator(pages, kGranule);
  ASSERT_TRUE(allocator.Start({{0x1000}, 64 * kGranule}).has_value());
  for (const auto& [name, size_bytes, alignment, error] : kRows) {
    const auto range = allocator.AllocateAligned(size_bytes, alignment);
    ASSERT_FALSE(range.has_value()) << name;
    EXPECT_EQ(range.error(), error) << name;
    EXPECT_TRUE(allocator.CheckInvariants().has_value()) << name;
    EXPECT_EQ(allocator.statistics().free_ranges, 1U) << name;
  }
}

TEST(RangeAllocator, AllocatesWhereItIsTold) {
  struct Row {
    std::string_view name;
    VirtRange range;
    bool fits;
    Error error;
  };
  constexpr VirtRange kSpace{{0x1000}, 64 * kGranule};
  // Granules 8 to 15 are taken.
  const auto rows = std::to_array<Row>({
      {"the first granule", At(kSpace, {0, 1}), true, {}},
      {"the last granule", At(kSpace, {63, 1}), true, {}},
      {"all that is free below", At(kSpace, {0, 8}), true, {}},
      {"all that is free above", At(kSpace, {16, 48}), true, {}},
      {"in the middle", At(kSpace, {20, 4}), true, {}},
      {"the same", At(kSpace, {8, 8}), false, Error::kOverlap},
      {"inside", At(kSpace, {9, 1}), false, Error::kOverlap},
      {"its first granule", At(kSpace, {4, 5}), false, Error::kOverlap},
      {"its last granule", At(kSpace, {15, 5}), false, Error::kOverlap},
      {"around", At(kSpace, {0, 64}), false, Error::kOverlap},
      {"nothing", At(kSpace, {20, 0}), false, Error::kInvalidArgument},
      {"wrapping", {kSpace.base, UINT64_MAX - kGranule + 1}, false, Error::kInvalidArgument},
      {"no whole granules", {{0x1200}, 8}, false, Error::kNotAligned},
      {"an unaligned base", {{0x1208}, kGranule}, false, Error::kNotAligned},
      {"below", {{0x1000 - kGranule}, kGranule}, false, Error::kOutOfRange},
      {"above", {{0x1000 + 64 * kGranule}, kGranule}, false, Error::kOutOfRange},
      {"across the end", At(kSpace, {60, 5}), false, Error::kOutOfRange},
  });
  for (const Row& row : rows) {
    TestPages pages(arena.bytes);
    RangeAllocator allocator(pages, kGranule);
    ASSERT_TRUE(allocator.Start(kSpace).has_value()) << row.name;
    ASSERT_TRUE(allocator.AllocateAt(At(kSpace, {8, 8})).has_value()) << row.name;
    const auto result = allocator.AllocateAt(row.range);
    EXPECT_EQ(result.has_value(), row.fits) << row.name;
    if (!result) EXPECT_EQ(result.error(), row.error) << row.name;
    EXPECT_TRUE(allocator.CheckInvariants().has_value()) << row.name;
    if (row.fits) EXPECT_TRUE(allocator.Free(row.range).has_value()) << row.name;
    EXPECT_EQ(allocator.statistics().free_ranges, 2U) << row.name;
  }
}

TEST(RangeAllocator, NamesWrongFrees) {
  struct Row {
    std::string_view name;
    VirtRange range;
    RangeFault fault;
  };
  constexpr VirtRange kSpace{{0x1000}, 64 * kGranule};
  // Granules 8 to 15 and 16 to 23 are two allocated ranges; 40 to 47 were freed.
  const auto rows = std::to_array<Row>({
      {"freed before", At(kSpace, {40, 8}), RangeFault::kDoubleFree},
      {"part of what was freed", At(kSpace, {42, 2}), RangeFault::kDoubleFree},
      {"its first half", At(kSpace, {8, 4}), RangeFault::kWrongSize},
      {"one more", At(kSpace, {8, 9}), RangeFault::kWrongSize},
      {"both", At(kSpace, {8, 16}), RangeFault::kWrongSize},
      {"its second half", At(kSpace, {12, 4}), RangeFault::kNeverAllocated},
      {"across both", At(kSpace, {12, 8}), RangeFault::kNeverAllocated},
      {"from the free into it", At(kSpace, {4, 8}), RangeFault::kNeverAllocated},
      {"all", kSpace, RangeFault::kNeverAllocated},
      {"nothing", At(kSpace, {8, 0}), RangeFault::kOutsideSpace},
      {"below", {{0x1000 - kGranule}, kGranule}, RangeFault::kOutsideSpace},
      {"above", {{0x1000 + 64 * kGranule}, kGranule}, RangeFault::kOutsideSpace},
      {"wrapping", {{0x1000}, UINT64_MAX - kGranule + 1}, RangeFault::kOutsideSpace},
      {"no whole granules", {{0x1088}, kGranule}, RangeFault::kOutsideSpace},
  });
  TestPages pages(arena.bytes);
  RangeAllocator allocator(pages, kGranule);
  ASSERT_TRUE(allocator.Start(kSpace).has_value());
  for (const Piece& piece : {Piece{8, 8}, Piece{16, 8}, Piece{40, 8}}) {
    ASSERT_TRUE(allocator.AllocateAt(At(kSpace, piece)).has_value());
  }
  ASSERT_TRUE(allocator.Free(At(kSpace, {40, 8})).has_value());
  for (const Row& row : rows) {
    const auto result = allocator.Free(row.range);
    ASSERT_FALSE(result.has_value()) << row.name;
    EXPECT_EQ(result.error(), row.fault) << row.name;
    EXPECT_TRUE(allocator.CheckInvariants().has_value()) << row.name;
    EXPECT_EQ(allocator.statistics().allocated_ranges, 2U) << row.name;
  }
  EXPECT_EQ(RangeFaultName(RangeFault::kDoubleFree), "freed twice");
}

TEST(RangeAllocator, NamesAreAllDifferent) {
  for (const RangeFault fault : {RangeFault::kOutsideSpace, RangeFault::kDoubleFree,
                                 RangeFault::kNeverAllocated, RangeFault::kWrongSize}) {
    unsigned same = 0;
    for (const RangeFault other : {RangeFault::kOutsideSpace, RangeFault::kDoubleFree,
                                   RangeFault::kNeverAllocated, RangeFault::kWrongSize}) {
      if (RangeFaultName(fault) == RangeFaultName(other)) ++same;
    }
    EXPECT_EQ(same, 1U) << RangeFaultName(fault);
  }
}

TEST(RangeAllocator, FindsWhatIsAllocated) {
  constexpr VirtRange kSpace{{0x1000}, 64 * kGranule};
  TestPages pages(arena.bytes);
  RangeAllocator allocator(pages, kGranule);
  ASSERT_TRUE(allocator.Start(kSpace).has_value());
  const VirtRange range = At(kSpace, {8, 8});
  ASSERT_TRUE(allocator.AllocateAt(range).has_value());
  EXPECT_TRUE(allocator.FindAllocated(range.base) == range);
  EXPECT_TRUE(allocator.FindAllocated(range.base + 1) == range);
  EXPECT_TRUE(allocator.FindAllocated(range.last()) == range);
  EXPECT_FALSE(allocator.FindAllocated(range.base - 1).has_value());
  EXPECT_FALSE(allocator.FindAllocated(range.last() + 1).has_value());
  EXPECT_FALSE(allocator.FindAllocated({0}).has_value());
  EXPECT_FALSE(allocator.FindAllocated({UINT64_MAX}).has_value());
}

TEST(RangeAllocator, StartChecksItsSpace) {
  struct Row {
    std::string_view name;
    VirtRange space;
    Error error;
  };
  constexpr auto kRows = std::to_array<Row>({
      {"empty", {{0x1000}, 0}, Error::kInvalidArgument},
      {"wrapping", {{0x1000}, UINT64_MAX - 0x7FF}, Error::kInvalidArgument},
      {"unaligned base", {{0x1008}, 0x1000}, Error::kNotAligned},
      {"unaligned size", {{0x1000}, 0x1008}, Error::kNotAligned},
  });
  for (const auto& [name, space, error] : kRows) {
    TestPages pages(arena.bytes);
    RangeAllocator allocator(pages, kGranule);
    const auto result = allocator.Start(space);
    ASSERT_FALSE(result.has_value()) << name;
    EXPECT_EQ(result.error(), error) << name;
    EXPECT_EQ(pages.pages_in_use(), 0U) << name;
  }
}

// So many ranges that each further one may need a new node somewhere.
constexpr uint64_t kRanges = 300;
constexpr VirtRange kWide{{0}, 4096 * kGranule};

void Fill(RangeAllocator& allocator) {
  ASSERT_TRUE(allocator.Start(kWide).has_value());
  for (uint64_t i = 0; i < kRanges; ++i) {
    ASSERT_TRUE(allocator.AllocateAt(At(kWide, {4 * i, 3})).has_value());
  }
}

TEST(RangeAllocator, AFailedAllocationChangesNothing) {
  TestPages pages(arena.bytes);
  RangeAllocator allocator(pages, kGranule);
  {
    RangeAllocator unstarted(pages, kGranule);
    const FailureRun start = FailEachAllocation(
        pages, [&] { return unstarted.Start(kWide); }, [&] { return pages.pages_in_use() == 0; });
    EXPECT_EQ(start.fault, "");
    EXPECT_GT(start.failed, 0U);
    EXPECT_TRUE(unstarted.CheckInvariants().has_value());
  }
  Fill(allocator);
  unsigned failed = 0;
  const auto fail_each = [&](auto operation) {
    const size_t pages_before = pages.pages_in_use();
    const auto before = allocator.statistics();
    const FailureRun run = FailEachAllocation(pages, operation, [&] {
      const auto now = allocator.statistics();
      return allocator.CheckInvariants() && pages.pages_in_use() == pages_before &&
             now.free_bytes == before.free_bytes && now.free_ranges == before.free_ranges;
    });
    EXPECT_EQ(run.fault, "");
    failed += run.failed;
  };
  for (uint64_t i = 0; i < 64; ++i) {
    const VirtRange there = At(kWide, {2000 + 7 * i, 2});
    fail_each([&] { return allocator.AllocateAt(there); });
    fail_each([&] { return allocator.Allocate(kGranule); });
    fail_each([&] { return allocator.AllocateAligned(2 * kGranule, 8 * kGranule); });
  }
  EXPECT_GT(failed, 0U);
}

// When a tree gets its first inner node, the next allocation sets aside so many nodes that it can
// fail with a page of them in hand, which goes back. How many depends on how many ranges are free.
TEST(RangeAllocator, AFailedAllocationKeepsNoPage) {
  unsigned most_failed = 0;
  for (const uint64_t free_every : {uint64_t{1}, uint64_t{3}, kRanges + 1}) {
    TestPages pages(arena.bytes);
    RangeAllocator allocator(pages, kGranule);
    ASSERT_TRUE(allocator.Start(kWide).has_value());
    uint64_t first = 0;
    for (uint64_t i = 0; i < kRanges; ++i) {
      if (i % free_every == free_every - 1) ++first;
      const size_t pages_before = pages.pages_in_use();
      const FailureRun run = FailEachAllocation(
          pages, [&] { return allocator.AllocateAt(At(kWide, {first, 2})); },
          [&] { return allocator.CheckInvariants() && pages.pages_in_use() == pages_before; });
      ASSERT_EQ(run.fault, "") << free_every << " " << i;
      most_failed = run.failed > most_failed ? run.failed : most_failed;
      first += 2;
    }
  }
  EXPECT_GE(most_failed, 2U);
}

TEST(RangeAllocator, FreeingNeedsNoMemory) {
  // Every second one first: the most free ranges there can be.
  for (const uint64_t step : {uint64_t{1}, uint64_t{2}, uint64_t{7}}) {
    TestPages pages(arena.bytes);
    {
      RangeAllocator allocator(pages, kGranule);
      Fill(allocator);
      pages.FailAfter(0);
      for (uint64_t start = 0; start < step; ++start) {
        for (uint64_t i = start; i < kRanges; i += step) {
          ASSERT_TRUE(allocator.Free(At(kWide, {4 * i, 3})).has_value()) << i;
          if (i % 8 == 0) EXPECT_TRUE(allocator.CheckInvariants().has_value()) << i;
        }
      }
      pages.FailNothing();
      EXPECT_TRUE(allocator.CheckInvariants().has_value()) << step;
      EXPECT_EQ(allocator.statistics().free_ranges, 1U) << step;
      EXPECT_LE(pages.pages_in_use(), 8U) << "memory comes back as ranges do";
    }
    EXPECT_EQ(pages.pages_in_use(), 0U) << step;
  }
}

// The tables of the ancestors ended at 256 and at 1023 entries, and inserting at the front of a
// full one went wrong; and one could not use the last fragment of its list.
TEST(RangeAllocator, KnowsNoLastEntry) {
  TestPages pages(arena.bytes);
  RangeAllocator allocator(pages, kGranule);
  ASSERT_TRUE(allocator.Start(kWide).has_value());
  constexpr uint64_t kEntries = 1100;
  for (uint64_t i = kEntries; i-- > 0;) {  // each one in front of all others
    ASSERT_TRUE(allocator.AllocateAt(At(kWide, {2 * i, 1})).has_value()) << i;
    const uint64_t entries = kEntries - i;
    const bool is_special = entries == 256 || entries == 257 || (entries > 1021 && entries < 1026);
    if (is_special) EXPECT_TRUE(allocator.CheckInvariants().has_value()) << entries;
  }
  for (uint64_t i = 0; i < kEntries; ++i) {
    EXPECT_TRUE(allocator.FindAllocated(At(kWide, {2 * i, 1}).base).has_value()) << i;
  }
  // All fragments, the last one included.
  for (uint64_t i = 0; i + 1 < kEntries; ++i) {
    ASSERT_TRUE(allocator.Allocate(kGranule) == At(kWide, {2 * i + 1, 1})) << i;
  }
  const VirtRange rest = At(kWide, {2 * kEntries - 1, 4096 - (2 * kEntries - 1)});
  EXPECT_TRUE(allocator.Allocate(rest.size_bytes) == rest);
  EXPECT_EQ(allocator.statistics().free_bytes, 0U);
  EXPECT_TRUE(allocator.CheckInvariants().has_value());
}

}  // namespace
}  // namespace mm
