// Memory that ends in the middle of a change to a VmaIndex.
#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "kernel/mm/ranges/vma_index_model.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

TestArena<64> arena;
std::array<ModelVma, 1'024> storage;

constexpr uint64_t kReachPages = uint64_t{1} << 32;

VirtAddr Page(uint64_t page) { return {page << kPageShift}; }
VirtRange Pages(uint64_t first, uint64_t count) { return {Page(first), count << kPageShift}; }

// Fails each allocation of `operation` and then lets it work; counts those that failed.
template <class Operation>
bool FailsCleanly(TestPages& pages, VmaPair& pair, unsigned& failed, Operation operation) {
  const size_t before = pages.pages_in_use();
  const FailureRun run = FailEachAllocation(pages, operation, [&] {
    return pair.IsSound() && pair.IsSame() && pages.pages_in_use() == before;
  });
  failed += run.failed;
  return run.fault.empty();
}

struct Row {
  std::string_view name;
  uint64_t step;  // from one range to the next inserted, in ranges
};

constexpr uint64_t kCount = 400;
constexpr Row kRows[] = {
    {"upwards", 1},
    {"downwards", kCount - 1},
    {"to and fro", 149},
};

// Every insert, and the split of what it inserted.
TEST(VmaIndexFailure, InsertAndSplit) {
  for (const Row& row : kRows) {
    TestPages pages(arena.bytes);
    {
      VmaPair pair(pages, storage);
      unsigned failed = 0;
      for (uint64_t i = 0; i < kCount; ++i) {
        const auto first = static_cast<PageIndex>(i * row.step % kCount * 8);
        const PageIndex at = first + 2;
        ASSERT_TRUE(FailsCleanly(pages, pair, failed,
                                 [&] { return pair.index().Insert(Pages(first, 4), 1); }))
            << row.name << " " << i;
        ASSERT_TRUE(pair.model().Insert({first, first + 3, 1}).has_value());
        ASSERT_TRUE(
            FailsCleanly(pages, pair, failed, [&] { return pair.index().Split(Page(at), 2); }))
            << row.name << " " << i;
        ASSERT_TRUE(pair.model().Split(at, 2).has_value());
      }
      EXPECT_TRUE(pair.IsSound() && pair.IsSame()) << row.name;
      EXPECT_GE(failed, pages.pages_in_use()) << row.name;
    }
    EXPECT_EQ(pages.pages_in_use(), 0u) << row.name;
  }
}

// A range whose first page moves so far that its leaf cannot keep it: the one case in which a
// resize takes memory.
TEST(VmaIndexFailure, ResizeBeyondReach) {
  if (uint64_t{kPageLimit} <= kReachPages) return;  // nothing is that far away
  TestPages pages(arena.bytes);
  {
    VmaPair pair(pages, storage);
    unsigned failed = 0;
    const auto reach = static_cast<PageIndex>(kReachPages);
    for (PageIndex i = 0; i < 7; ++i) {
      ASSERT_TRUE(pair.Insert({4 * reach + 2 * i, 4 * reach + 2 * i}, i));
    }
    // The first one downwards, the last one upwards, and both back.
    const PageIndex last = 4 * reach + 12;
    const PageSpan moves[][2] = {{{4 * reach, 4 * reach}, {1, reach}},
                                 {{last, last}, {last + 2 * reach, last + 3 * reach}},
                                 {{1, reach}, {4 * reach - 9, 4 * reach}},
                                 {{last + 2 * reach, last + 3 * reach}, {last, last}}};
    for (const auto& [from, to] : moves) {
      ASSERT_TRUE(FailsCleanly(pages, pair, failed, [&] {
        return pair.index().Resize(Page(from.first), Pages(to.first, to.pages()));
      })) << to.first;
      ASSERT_TRUE(pair.model().Resize(from.first, to).has_value());
      ASSERT_TRUE(pair.IsSound() && pair.IsSame()) << to.first;
    }
    EXPECT_GT(failed, 0u);
  }
  EXPECT_EQ(pages.pages_in_use(), 0u);
}

// Node by node: as many as one leaf has, and several levels.
TEST(VmaIndexFailure, CopyFrom) {
  using Index = VmaIndex<uint32_t>;
  for (const uint64_t count : {uint64_t{0}, uint64_t{1}, uint64_t{7}, kCount}) {
    TestPages pages(arena.bytes);
    {
      VmaPair pair(pages, storage);
      for (uint64_t i = 0; i < count; ++i) {
        const auto first = static_cast<PageIndex>(i * 149 % count * 8);
        ASSERT_TRUE(pair.Insert({first, first + 3}, static_cast<uint32_t>(i)));
      }
      Index copy(pages);
      const size_t before = pages.pages_in_use();
      const FailureRun run = FailEachAllocation(
          pages,
          [&] {
            return copy.CopyFrom(
                pair.index(), [](uint32_t value) -> base::Result<uint32_t> { return value + 1; });
          },
          [&] {
            return copy.size() == 0 && copy.CheckInvariants().has_value() && pair.IsSame() &&
                   pages.pages_in_use() == before;
          });
      EXPECT_EQ(run.fault, "") << count;
      EXPECT_EQ(run.failed > 0, count > 0) << count;
      EXPECT_TRUE(copy.CheckInvariants().has_value() && pair.IsSound()) << count;
      ASSERT_EQ(copy.size(), pair.index().size());
      Index::Cursor cursor(copy, {0});
      for (Index::Cursor other(pair.index(), {0}); other.IsOnRange(); other.Next()) {
        ASSERT_TRUE(cursor.IsOnRange());
        EXPECT_TRUE(cursor.entry().range == other.entry().range);
        EXPECT_EQ(cursor.entry().value, other.entry().value + 1);
        cursor.Next();
      }
      EXPECT_FALSE(cursor.IsOnRange()) << count;
      // The two have nothing in common.
      ASSERT_TRUE(copy.Insert(Pages(kCount * 8, 1), 1).has_value());
      copy.Clear();
      EXPECT_TRUE(pair.IsSound() && pair.IsSame()) << count;
    }
    EXPECT_EQ(pages.pages_in_use(), 0u) << count;
  }
}

// What a value cannot be made of ends the copy as if nothing had been copied.
TEST(VmaIndexFailure, CopyFromStopsWhereAValueFails) {
  TestPages pages(arena.bytes);
  VmaPair pair(pages, storage);
  for (PageIndex i = 0; i < 40; ++i) ASSERT_TRUE(pair.Insert({2 * i, 2 * i}, i));
  VmaIndex<uint32_t> copy(pages);
  const size_t before = pages.pages_in_use();
  const auto until_30 = [](uint32_t value) -> base::Result<uint32_t> {
    if (value == 30) return std::unexpected(base::Error::kOutOfRange);
    return value;
  };
  EXPECT_TRUE(copy.CopyFrom(pair.index(), until_30) == std::unexpected(base::Error::kOutOfRange));
  EXPECT_EQ(copy.size(), 0u);
  EXPECT_TRUE(copy.CheckInvariants().has_value());
  EXPECT_EQ(pages.pages_in_use(), before);
}

}  // namespace
}  // namespace mm
