#include "kernel/mm/ranges/vma_index.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <string_view>

#include "kernel/mm/ranges/vma_node.h"
#include "kernel/mm/ranges/vma_tree.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

using Index = VmaIndex<uint32_t>;
using base::Error;

constexpr uint64_t kMachineBytesMinusPage = (uint64_t{kPageLimit} - 1) << kPageShift;
constexpr VirtAddr kTopPageBase{kMachineBytesMinusPage};

// Whether addresses have 64 bits on this machine.
constexpr bool kHasAllPages = uint64_t{kPageLimit} == uint64_t{1} << (64 - kPageShift);

TestArena<40> arena;

constexpr VirtRange Pages(uint64_t first, uint64_t count) {
  return {{first << kPageShift}, count << kPageShift};
}
constexpr VirtAddr Page(uint64_t page) { return {page << kPageShift}; }

struct InsertRow {
  std::string_view name;
  VirtRange range;
  base::Result<> result;
};

constexpr auto kOverlaps = std::unexpected(Error::kOverlap);

// Beside [10, 19] and [30, 39].
constexpr InsertRow kInserts[] = {
    {"below all", Pages(0, 10), {}},
    {"between", Pages(20, 10), {}},
    {"above all", Pages(40, 1), {}},
    {"the lowest page", Pages(0, 1), {}},
    {"the highest page", {kTopPageBase, kPageSize}, {}},
    {"up to the highest page", {Page(40), kTopPageBase.value - Page(39).value}, {}},
    {"the same", Pages(10, 10), kOverlaps},
    {"inside", Pages(12, 2), kOverlaps},
    {"around", Pages(5, 20), kOverlaps},
    {"over the first page", Pages(5, 6), kOverlaps},
    {"over the last page", Pages(19, 1), kOverlaps},
    {"over the gap", Pages(20, 11), kOverlaps},
    {"over everything", Pages(1, 100), kOverlaps},
    {"empty", {Page(50), 0}, std::unexpected(Error::kInvalidArgument)},
    {"past the last byte", {kTopPageBase, ~uint64_t{0}}, std::unexpected(Error::kInvalidArgument)},
    {"base inside a page", {{0x5'0800}, 0x1000}, std::unexpected(Error::kNotAligned)},
    {"half a page", {Page(50), 0x800}, std::unexpected(Error::kNotAligned)},
};

void InsertTwo(Index& index) {
  ASSERT_TRUE(index.Insert(Pages(10, 10), 1).has_value());
  ASSERT_TRUE(index.Insert(Pages(30, 10), 3).has_value());
}

TEST(VmaIndex, Inserts) {
  for (const InsertRow& row : kInserts) {
    TestPages pages(arena.bytes);
    Index index(pages);
    InsertTwo(index);
    EXPECT_TRUE(index.Insert(row.range, 2) == row.result) << row.name;
    EXPECT_EQ(index.size(), row.result ? 3u : 2u) << row.name;
    EXPECT_TRUE(index.CheckInvariants().has_value()) << row.name;
    if (!row.result) continue;
    for (const VirtAddr va : {row.range.base, row.range.last()}) {
      const auto found = index.Find(va);
      ASSERT_TRUE(found.has_value()) << row.name;
      EXPECT_TRUE(found->range == row.range && found->value == 2) << row.name;
    }
  }
}

// Addresses that the machine does not have.
TEST(VmaIndex, KnowsTheMachinesLastPage) {
  if (kHasAllPages) return;
  TestPages pages(arena.bytes);
  Index index(pages);
  const VirtAddr beyond = kTopPageBase + kPageSize;
  const auto refused = std::unexpected(Error::kOutOfRange);
  EXPECT_TRUE(index.Insert({beyond, kPageSize}, 1) == refused);
  EXPECT_TRUE(index.Insert({kTopPageBase, 2 * kPageSize}, 1) == refused);
  ASSERT_TRUE(index.Insert({kTopPageBase, kPageSize}, 1).has_value());
  EXPECT_FALSE(index.Find(beyond).has_value());
  EXPECT_FALSE(index.FindFirstNotBelow(beyond).has_value());
  EXPECT_TRUE(index.FindLastNotAbove(beyond).has_value());
  EXPECT_FALSE(index.Split(beyond, 2).has_value());
  EXPECT_FALSE(index.Erase(beyond).has_value());
}

struct FindRow {
  std::string_view name;
  uint64_t page;
  // Values; 0 is none.
  uint32_t containing;
  uint32_t not_below;
  uint32_t not_above;
};

constexpr FindRow kFinds[] = {
    {"the lowest page", 0, 0, 1, 0},        {"before the first", 9, 0, 1, 0},
    {"its first page", 10, 1, 1, 1},        {"its last page", 19, 1, 1, 1},
    {"the page after", 20, 0, 3, 1},        {"the page before the next", 29, 0, 3, 1},
    {"the next's first page", 30, 3, 3, 3}, {"the next's last page", 39, 3, 3, 3},
    {"after the last", 40, 0, 0, 3},        {"the highest page", kPageLimit - 1, 0, 0, 3},
};

uint32_t ValueOf(const std::optional<Index::Entry>& entry) { return entry ? entry->value : 0; }

TEST(VmaIndex, Finds) {
  TestPages pages(arena.bytes);
  Index index(pages);
  for (const FindRow& row : kFinds) {
    EXPECT_EQ(ValueOf(index.Find(Page(row.page))), 0u) << row.name;
    EXPECT_EQ(ValueOf(index.FindFirstNotBelow(Page(row.page))), 0u) << row.name;
    EXPECT_EQ(ValueOf(index.FindLastNotAbove(Page(row.page))), 0u) << row.name;
  }
  InsertTwo(index);
  for (const FindRow& row : kFinds) {
    // The last byte of the page, and again: found last.
    const VirtAddr va = Page(row.page) + (kPageSize - 1);
    EXPECT_EQ(ValueOf(index.Find(va)), row.containing) << row.name;
    EXPECT_EQ(ValueOf(index.Find(va)), row.containing) << row.name;
    EXPECT_EQ(ValueOf(index.FindFirstNotBelow(va)), row.not_below) << row.name;
    EXPECT_EQ(ValueOf(index.FindLastNotAbove(va)), row.not_above) << row.name;
  }
}

struct ChangeRow {
  std::string_view name;
  enum Kind { kErase, kResize, kSplit, kMerge, kReplace } kind;
  uint64_t page;
  VirtRange range;  // of kResize
  base::Result<> result;
  // What there is afterwards, the values in the order of their ranges.
  std::array<VirtRange, 4> ranges;
  std::array<uint32_t, 4> values;
};

constexpr auto kNone = std::unexpected(Error::kNotFound);
constexpr std::array<VirtRange, 4> kBefore = {Pages(10, 10), Pages(20, 10), Pages(40, 10)};
constexpr std::array<uint32_t, 4> kBeforeValues = {1, 2, 4};

// Of [10, 19], [20, 29] and [40, 49].
constexpr ChangeRow kChanges[] = {
    {"erase the first", ChangeRow::kErase, 10, {}, {}, {Pages(20, 10), Pages(40, 10)}, {2, 4}},
    {"erase the last", ChangeRow::kErase, 40, {}, {}, {Pages(10, 10), Pages(20, 10)}, {1, 2}},
    {"erase by a page inside", ChangeRow::kErase, 11, {}, kNone, kBefore, kBeforeValues},
    {"erase what is not there", ChangeRow::kErase, 30, {}, kNone, kBefore, kBeforeValues},
    {"grow down to page 0",
     ChangeRow::kResize,
     10,
     Pages(0, 20),
     {},
     {Pages(0, 20), Pages(20, 10), Pages(40, 10)},
     {1, 2, 4}},
    {"grow up to the next",
     ChangeRow::kResize,
     20,
     Pages(20, 20),
     {},
     {Pages(10, 10), Pages(20, 20), Pages(40, 10)},
     {1, 2, 4}},
    {"grow into the next", ChangeRow::kResize, 20, Pages(20, 21), kOverlaps, kBefore,
     kBeforeValues},
    {"grow into the one before", ChangeRow::kResize, 20, Pages(19, 11), kOverlaps, kBefore,
     kBeforeValues},
    {"shrink at both ends",
     ChangeRow::kResize,
     20,
     Pages(24, 1),
     {},
     {Pages(10, 10), Pages(24, 1), Pages(40, 10)},
     {1, 2, 4}},
    {"move within the gap",
     ChangeRow::kResize,
     20,
     Pages(30, 10),
     {},
     {Pages(10, 10), Pages(30, 10), Pages(40, 10)},
     {1, 2, 4}},
    {"jump over the next", ChangeRow::kResize, 20, Pages(50, 10), kOverlaps, kBefore,
     kBeforeValues},
    {"resize what is not there", ChangeRow::kResize, 30, Pages(30, 1), kNone, kBefore,
     kBeforeValues},
    {"split after the first page",
     ChangeRow::kSplit,
     11,
     {},
     {},
     {Pages(10, 1), Pages(11, 9), Pages(20, 10), Pages(40, 10)},
     {1, 9, 2, 4}},
    {"split before the last page",
     ChangeRow::kSplit,
     49,
     {},
     {},
     {Pages(10, 10), Pages(20, 10), Pages(40, 9), Pages(49, 1)},
     {1, 2, 4, 9}},
    {"split at the first page", ChangeRow::kSplit, 20, {}, kNone, kBefore, kBeforeValues},
    {"split after the last page", ChangeRow::kSplit, 30, {}, kNone, kBefore, kBeforeValues},
    {"split page 0", ChangeRow::kSplit, 0, {}, kNone, kBefore, kBeforeValues},
    {"merge what touches", ChangeRow::kMerge, 10, {}, {}, {Pages(10, 20), Pages(40, 10)}, {1, 4}},
    {"merge over a gap",
     ChangeRow::kMerge,
     20,
     {},
     std::unexpected(Error::kInvalidArgument),
     kBefore,
     kBeforeValues},
    {"merge the last", ChangeRow::kMerge, 40, {}, kNone, kBefore, kBeforeValues},
    {"merge what is not there", ChangeRow::kMerge, 0, {}, kNone, kBefore, kBeforeValues},
    {"replace", ChangeRow::kReplace, 20, {}, {}, kBefore, {1, 9, 4}},
    {"replace by a page inside", ChangeRow::kReplace, 21, {}, kNone, kBefore, kBeforeValues},
};

template <class T>
base::Result<> WithoutValue(const base::Result<T>& result) {
  if (!result) return std::unexpected(result.error());
  return {};
}

base::Result<> Apply(Index& index, const ChangeRow& row) {
  switch (row.kind) {
    case ChangeRow::kErase:
      return WithoutValue(index.Erase(Page(row.page)));
    case ChangeRow::kResize:
      return index.Resize(Page(row.page), row.range);
    case ChangeRow::kSplit:
      return index.Split(Page(row.page), 9);
    case ChangeRow::kMerge:
      return WithoutValue(index.MergeWithNext(Page(row.page)));
    case ChangeRow::kReplace:
      return WithoutValue(index.Replace(Page(row.page), 9));
  }
  return std::unexpected(Error::kUnsupported);
}

TEST(VmaIndex, Changes) {
  for (const ChangeRow& row : kChanges) {
    TestPages pages(arena.bytes);
    Index index(pages);
    for (size_t i = 0; i < 3; ++i) {
      ASSERT_TRUE(index.Insert(kBefore[i], kBeforeValues[i]).has_value());
    }
    EXPECT_TRUE(Apply(index, row) == row.result) << row.name;
    EXPECT_TRUE(index.CheckInvariants().has_value()) << row.name;
    Index::Cursor cursor(index, Page(0));
    for (size_t i = 0; i < row.ranges.size() && !row.ranges[i].IsEmpty(); ++i) {
      ASSERT_TRUE(cursor.IsOnRange()) << row.name;
      EXPECT_TRUE(cursor.entry().range == row.ranges[i]) << row.name;
      EXPECT_EQ(cursor.entry().value, row.values[i]) << row.name;
      cursor.Next();
    }
    EXPECT_FALSE(cursor.IsOnRange()) << row.name;
  }
}

TEST(VmaIndex, RefusesOddAddresses) {
  TestPages pages(arena.bytes);
  Index index(pages);
  InsertTwo(index);
  const VirtAddr odd = Page(10) + 1;
  EXPECT_TRUE(index.Erase(odd) == kNone);
  EXPECT_TRUE(index.Replace(odd, 5) == kNone);
  EXPECT_TRUE(index.MergeWithNext(odd) == kNone);
  EXPECT_TRUE(index.Resize(odd, Pages(10, 5)) == kNone);
  EXPECT_TRUE(index.Split(odd, 5) == std::unexpected(Error::kNotAligned));
  EXPECT_TRUE(index.Resize(Page(10), {Page(10), 1}) == std::unexpected(Error::kNotAligned));
  EXPECT_TRUE(index.CheckInvariants().has_value());
}

// The ancestors' tables ended at 256 or 1023 entries, and lost inserts at the front.
TEST(VmaIndex, HasNoLastEntry) {
  constexpr uint64_t kCount = 1'100;
  enum class Order : uint8_t { kUp, kDown, kInwards };
  for (const Order order : {Order::kUp, Order::kDown, Order::kInwards}) {
    TestPages pages(arena.bytes);
    Index index(pages);
    for (uint64_t i = 0; i < kCount; ++i) {
      const uint64_t inwards = i % 2 == 0 ? i / 2 : kCount - 1 - i / 2;
      const uint64_t number = order == Order::kUp     ? i
                              : order == Order::kDown ? kCount - 1 - i
                                                      : inwards;
      ASSERT_TRUE(index.Insert(Pages(number * 4, 2), static_cast<uint32_t>(number)).has_value());
      ASSERT_EQ(index.size(), i + 1);
      if (i % 100 == 0 || i == 1022 || i == 1023) {
        ASSERT_TRUE(index.CheckInvariants().has_value());
      }
    }
    for (uint64_t number = 0; number < kCount; ++number) {
      ASSERT_EQ(ValueOf(index.Find(Page(number * 4 + 1))), number);
      ASSERT_FALSE(index.Find(Page(number * 4 + 2)).has_value());
    }
    // Ranges that come in order leave full leaves behind.
    constexpr size_t kMostBytesPerRange = 32;  // the last pages are hardly used
    EXPECT_LT(index.bytes(), kCount * kMostBytesPerRange) << static_cast<int>(order);
    index.Clear();
    EXPECT_TRUE(index.IsEmpty());
    EXPECT_EQ(pages.pages_in_use(), 0u);
    EXPECT_TRUE(index.CheckInvariants().has_value());
    EXPECT_FALSE(index.Find(Page(0)).has_value());
  }
}

// A leaf counts from a page that is gone; seen from there its last range ends too far away, seen
// from the next leaf, to which that range moves, it does not.
TEST(VmaIndex, MovesARangeThatEndsFarAway) {
  if (!kHasAllPages) return;
  constexpr uint64_t kFar = uint64_t{1} << 32;
  TestPages pages(arena.bytes);
  Index index(pages);
  ASSERT_TRUE(index.Insert(Pages(10, 1), 1).has_value());
  const VirtRange ends_far = Pages(kFar - 50, 80);
  ASSERT_TRUE(index.Insert(ends_far, 2).has_value());
  // As many as are too many to be joined with and still leave room to share.
  for (uint64_t i = 0; i < VmaLeaf::kGathered; ++i) {
    ASSERT_TRUE(index.Insert(Pages(kFar + 100 + 2 * i, 1), 3).has_value());
  }
  ASSERT_TRUE(index.Insert(Pages(1000, 1), 4).has_value());
  ASSERT_TRUE(index.Erase(Page(10)).has_value());
  // Until the lower leaf is full and shares; not in order, which would split it.
  for (uint64_t i = 0; i < VmaLeaf::kSlots; ++i) {
    const uint64_t number = i * 7 % VmaLeaf::kSlots;
    ASSERT_TRUE(index.Insert(Pages(2000 + 2 * number, 1), 5).has_value());
    ASSERT_TRUE(index.CheckInvariants().has_value()) << i;
  }
  const auto found = index.Find(ends_far.last());
  ASSERT_TRUE(found.has_value());
  EXPECT_TRUE(found->range == ends_far && found->value == 2);
}

// What is far from everything else has a node of its own, which stays for the next such range.
TEST(VmaIndex, FarRangesComeAndGo) {
  constexpr uint64_t kTimes = 3;
  TestPages pages(arena.bytes);
  Index index(pages);
  const auto is_sound = [&] { return index.CheckInvariants().has_value(); };
  for (uint64_t i = 0; i < VmaLeaf::kSlots / 2; ++i) {
    ASSERT_TRUE(index.Insert(Pages(2 * i, 1), 1).has_value());
  }
  const VirtAddr top{kTopPageBase.value};
  ASSERT_TRUE(index.Insert({top, kPageSize}, 2).has_value());
  const VirtAddr middle{top.value / 2 / kPageSize * kPageSize};
  size_t most = 0;
  for (uint64_t i = 0; i < kTimes; ++i) {
    ASSERT_TRUE(index.Insert({middle, kPageSize}, 3).has_value());
    ASSERT_TRUE(is_sound());
    if (i == 0) most = index.bytes();
    EXPECT_LE(index.bytes(), most);
    EXPECT_TRUE(index.FindToChange(middle) == 3 && index.FindToChange(middle + kPageSize) == 3);
    EXPECT_TRUE(index.FindToChange({middle.value - 1}) == 1 && index.ValueNotAbove(top) == 2);
    ASSERT_TRUE(index.Erase(middle).has_value());
    ASSERT_TRUE(is_sound());
    EXPECT_TRUE(index.FindToChange(middle) == 1 && index.ValueNotAbove(middle) == 1);
  }
  ASSERT_TRUE(index.Erase(top).has_value());
  ASSERT_TRUE(is_sound());
  for (uint64_t i = 0; i < VmaLeaf::kSlots / 2; ++i) {
    ASSERT_TRUE(index.Erase(Page(2 * i)).has_value());
    ASSERT_TRUE(is_sound());
  }
  EXPECT_EQ(pages.pages_in_use(), 0u);
}

// What is far from the ranges below it and near those above goes to the upper ones' node, and is
// the first there while it lasts.
TEST(VmaIndex, RangesBelowFarOnesComeAndGo) {
  if (!kHasAllPages) return;
  constexpr uint64_t kFar = uint64_t{1} << 33;
  constexpr uint64_t kTimes = 3;
  TestPages pages(arena.bytes);
  Index index(pages);
  const auto is_sound = [&] { return index.CheckInvariants().has_value(); };
  ASSERT_TRUE(index.Insert(Pages(10, 1), 1).has_value());
  ASSERT_TRUE(index.Insert(Pages(kFar, 1), 2).has_value());
  const size_t before = index.bytes();
  for (uint64_t i = 0; i < kTimes; ++i) {
    for (uint64_t below = 2; below < 2 * VmaLeaf::kSlots; below += 2) {
      ASSERT_TRUE(index.Insert(Pages(kFar - below, 1), 3).has_value());
      ASSERT_TRUE(is_sound());
    }
    EXPECT_EQ(index.bytes(), before);
    EXPECT_EQ(ValueOf(index.FindFirstNotBelow(Page(11))), 3u);
    for (uint64_t below = 2; below < 2 * VmaLeaf::kSlots; below += 2) {
      ASSERT_TRUE(index.Erase(Page(kFar - below)).has_value());
      ASSERT_TRUE(is_sound());
    }
    EXPECT_EQ(index.FindToChange(Page(kFar - 1)), 1u);
    EXPECT_EQ(ValueOf(index.FindFirstNotBelow(Page(11))), 2u);
  }
}

struct GapRow {
  std::string_view name;
  VmaGap gap;
  base::Result<VirtAddr> result;
};

constexpr VirtRange kEverywhere{{kPageSize}, kTopPageBase.value};
constexpr auto kNoRoom = std::unexpected(Error::kOutOfMemory);
constexpr auto kRefused = std::unexpected(Error::kInvalidArgument);
constexpr uint64_t kP = kPageSize;

// Beside [16, 31], [40, 47], [64, 64] and the highest page.
constexpr GapRow kGaps[] = {
    {"the lowest page", {1 * kP, kP, Pages(0, 100), GapSide::kLow}, Page(0)},
    {"all of the lowest gap", {16 * kP, kP, Pages(0, 100), GapSide::kLow}, Page(0)},
    {"more than the lowest gap", {17 * kP, kP, kEverywhere, GapSide::kLow}, Page(65)},
    {"a later gap", {16 * kP, kP, Pages(1, 100), GapSide::kLow}, Page(48)},
    {"between, exactly", {8 * kP, kP, Pages(17, 31), GapSide::kLow}, Page(32)},
    {"the window starts in the gap", {6 * kP, kP, Pages(34, 30), GapSide::kLow}, Page(34)},
    {"the window starts too late", {6 * kP, kP, Pages(35, 30), GapSide::kLow}, Page(48)},
    {"the window ends in the gap", {6 * kP, kP, Pages(20, 18), GapSide::kLow}, Page(32)},
    {"the window ends too early", {6 * kP, kP, Pages(20, 17), GapSide::kLow}, kNoRoom},
    {"no window", {1 * kP, kP, {Page(1), 0}, GapSide::kLow}, kRefused},
    {"a window without a page", {1 * kP, kP, {{0x5'0001}, 0x1FFD}, GapSide::kLow}, kNoRoom},
    {"a window with one page", {1 * kP, kP, {{0x3'1001}, 0x1FFF}, GapSide::kLow}, Page(50)},
    {"aligned", {2 * kP, 32 * kP, Pages(1, 200), GapSide::kLow}, Page(32)},
    {"aligned, above all", {2 * kP, 32 * kP, Pages(33, 200), GapSide::kLow}, Page(96)},
    {"aligned in the gap", {8 * kP, 16 * kP, Pages(33, 200), GapSide::kLow}, Page(48)},
    {"from above", {8 * kP, kP, Pages(0, 64), GapSide::kHigh}, Page(56)},
    {"from above, the highest", {2 * kP, kP, kEverywhere, GapSide::kHigh}, kTopPageBase - 2 * kP},
    {"from above, exactly", {16 * kP, kP, Pages(0, 65), GapSide::kHigh}, Page(48)},
    {"from above, the lowest gap", {16 * kP, kP, Pages(0, 63), GapSide::kHigh}, Page(0)},
    {"from above, aligned", {4 * kP, 8 * kP, Pages(0, 63), GapSide::kHigh}, Page(56)},
    {"from above, no room", {9 * kP, kP, Pages(20, 30), GapSide::kHigh}, kNoRoom},
    {"larger than any", {kTopPageBase.value, kP, kEverywhere, GapSide::kHigh}, kNoRoom},
    {"no size", {0, kP, kEverywhere, GapSide::kLow}, kRefused},
    {"half a page", {kP / 2, kP, kEverywhere, GapSide::kLow}, kRefused},
    {"no alignment", {kP, 0, kEverywhere, GapSide::kLow}, kRefused},
    {"alignment of half a page", {kP, kP / 2, kEverywhere, GapSide::kLow}, kRefused},
    {"alignment of three pages", {kP, 3 * kP, kEverywhere, GapSide::kLow}, kRefused},
    {"a window past the last byte", {kP, kP, {Page(1), ~uint64_t{0}}, GapSide::kLow}, kRefused},
    {"the largest alignment",
     {kP, uint64_t{1} << 63, kEverywhere, GapSide::kHigh},
     kHasAllPages ? base::Result<VirtAddr>({{uint64_t{1} << 63}}) : kNoRoom},
};

TEST(VmaIndex, FindsGaps) {
  TestPages pages(arena.bytes);
  Index index(pages);
  EXPECT_TRUE(index.FindGap({kP, kP, kEverywhere, GapSide::kLow}) == Page(1));
  EXPECT_TRUE(index.FindGap({kP, kP, kEverywhere, GapSide::kHigh}) == kTopPageBase);
  for (const VirtRange& range : {Pages(16, 16), Pages(40, 8), Pages(64, 1)}) {
    ASSERT_TRUE(index.Insert(range, 1).has_value());
  }
  ASSERT_TRUE(index.Insert({kTopPageBase, kPageSize}, 1).has_value());
  for (const GapRow& row : kGaps) {
    EXPECT_TRUE(index.FindGap(row.gap) == row.result) << row.name;
  }
}

// Many gaps are large enough and misaligned; the one that is not comes after them.
TEST(VmaIndex, FindsAnAlignedGapBehindManyMisfits) {
  constexpr uint64_t kMisfits = 3 * VmaTree::kMisfits;
  TestPages pages(arena.bytes);
  Index index(pages);
  // Of every four pages, the first is taken: gaps of three, none of which has an aligned pair of
  // two pairs.
  for (uint64_t i = 0; i <= kMisfits; ++i) {
    ASSERT_TRUE(index.Insert(Pages(4 * i, 1), 1).has_value());
  }
  ASSERT_TRUE(index.Insert(Pages(4 * kMisfits + 4, 1), 1).has_value());
  const VmaGap gap{3 * kP, 4 * kP, Pages(0, 4 * kMisfits + 4), GapSide::kLow};
  EXPECT_TRUE(index.FindGap(gap) == kNoRoom);
  // One that is exactly as large as what is wanted, and no larger.
  ASSERT_TRUE(index.Erase(Page(4 * kMisfits - 40)).has_value());
  EXPECT_TRUE(index.FindGap(gap) == Page(4 * kMisfits - 40));
  ASSERT_TRUE(index.Insert(Pages(4 * kMisfits - 37, 1), 1).has_value());
  EXPECT_TRUE(index.FindGap(gap) == Page(4 * kMisfits - 40));
  VmaGap from_above = gap;
  from_above.side = GapSide::kHigh;
  EXPECT_TRUE(index.FindGap(from_above) == Page(4 * kMisfits - 40));
}

TEST(VmaIndex, CursorSurvivesChanges) {
  TestPages pages(arena.bytes);
  Index index(pages);
  for (uint32_t i = 1; i <= 200; ++i) ASSERT_TRUE(index.Insert(Pages(i * 4, 2), i).has_value());
  Index::Cursor cursor(index, Page(0));
  // Erases what the cursor is on, as munmap does.
  for (uint32_t i = 1; i <= 100; ++i) {
    ASSERT_TRUE(cursor.IsOnRange());
    ASSERT_EQ(cursor.entry().value, i);
    ASSERT_TRUE(index.Erase(cursor.entry().range.base).has_value());
    cursor.Next();
  }
  // Splits it: the upper part comes next.
  ASSERT_TRUE(index.Split(Page(101 * 4 + 1), 1000).has_value());
  EXPECT_EQ(cursor.entry().value, 101u);
  cursor.Next();
  EXPECT_EQ(cursor.entry().value, 102u);  // it was on all of 101
  cursor.Previous();
  EXPECT_EQ(cursor.entry().value, 1000u);
  cursor.Previous();
  EXPECT_EQ(cursor.entry().value, 101u);
  EXPECT_EQ(cursor.entry().range.size_bytes, kPageSize);
  // Inserts below it and erases everything else.
  ASSERT_TRUE(index.Insert(Pages(2, 1), 7).has_value());
  cursor.Previous();
  EXPECT_EQ(cursor.entry().value, 7u);
  index.Clear();
  EXPECT_EQ(cursor.entry().value, 7u);
  cursor.Next();
  EXPECT_FALSE(cursor.IsOnRange());
}

TEST(VmaIndex, CursorReachesBothEndsOfTheMachine) {
  TestPages pages(arena.bytes);
  Index index(pages);
  ASSERT_TRUE(index.Insert(Pages(0, 1), 1).has_value());
  ASSERT_TRUE(index.Insert({kTopPageBase, kPageSize}, 2).has_value());
  for (const bool changes : {false, true}) {
    Index::Cursor cursor(index, Page(0));
    if (changes) ASSERT_TRUE(index.Insert(Pages(9, 1), 3).has_value());
    cursor.Next();
    if (changes) cursor.Next();
    EXPECT_EQ(cursor.entry().value, 2u);
    if (changes) ASSERT_TRUE(index.Erase(Page(9)).has_value());
    cursor.Next();
    EXPECT_FALSE(cursor.IsOnRange());
    Index::Cursor lowest(index, Page(0));
    if (changes) ASSERT_TRUE(index.Insert(Pages(9, 1), 3).has_value());
    lowest.Previous();
    EXPECT_FALSE(lowest.IsOnRange());
  }
}

TEST(VmaIndex, KeepsPointers) {
  TestPages pages(arena.bytes);
  VmaIndex<const GapRow*> index(pages);
  ASSERT_TRUE(index.Insert(Pages(1, 1), &kGaps[1]).has_value());
  EXPECT_TRUE(index.Find(Page(1))->value == &kGaps[1]);
  EXPECT_TRUE(index.Replace(Page(1), &kGaps[2]) == &kGaps[1]);
  EXPECT_TRUE(index.Erase(Page(1)) == &kGaps[2]);
}

}  // namespace
}  // namespace mm
