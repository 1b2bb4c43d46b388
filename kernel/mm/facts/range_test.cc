#include "kernel/mm/facts/range.h"

#include <cstdint>
#include <limits>

#include "kernel/mm/facts/address.h"
#include "testing/unit/test.h"

namespace {

using mm::VirtAddr;
using mm::VirtRange;

constexpr uint64_t kMaximum = std::numeric_limits<uint64_t>::max();
constexpr uint64_t kTopPage = kMaximum - 0xFFF;
constexpr uint64_t kTopPage32 = 0xFFFF'F000;

struct LastRow {
  const char* name;
  VirtRange range;
  bool is_empty;
  bool wraps;
  uint64_t last;  // where there is one
};

constexpr LastRow kLastRows[] = {
    {"one byte", {{0x1000}, 1}, false, false, 0x1000},
    {"page", {{0x1000}, 0x1000}, false, false, 0x1FFF},
    {"empty", {{0x1000}, 0}, true, false, 0},
    {"empty at the top", {{kMaximum}, 0}, true, false, 0},
    {"top page of 32 bits", {{kTopPage32}, 0x1000}, false, false, 0xFFFF'FFFF},
    {"top page", {{kTopPage}, 0x1000}, false, false, kMaximum},
    {"last byte", {{kMaximum}, 1}, false, false, kMaximum},
    {"one past the top", {{kTopPage}, 0x1001}, false, true, 0},
    {"all but one byte", {{0}, kMaximum}, false, false, kMaximum - 1},
    {"all from one", {{1}, kMaximum}, false, false, kMaximum},
    {"all from two", {{2}, kMaximum}, false, true, 0},
};

TEST(Range, LastByte) {
  for (const LastRow& row : kLastRows) {
    EXPECT_EQ(row.range.IsEmpty(), row.is_empty) << row.name;
    EXPECT_EQ(row.range.Wraps(), row.wraps) << row.name;
    if (row.is_empty || row.wraps) continue;
    EXPECT_EQ(row.range.last(), VirtAddr{row.last}) << row.name;
    EXPECT_EQ(mm::FromFirstToLast(row.range.base, VirtAddr{row.last}), row.range) << row.name;
    EXPECT_TRUE(row.range.Contains(row.range.base)) << row.name;
    EXPECT_TRUE(row.range.Contains(row.range.last())) << row.name;
    EXPECT_TRUE(row.range.Contains(row.range)) << row.name;
    EXPECT_TRUE(row.range.Overlaps(row.range)) << row.name;
  }
}

struct PairRow {
  const char* name;
  VirtRange left;
  VirtRange right;
  bool overlap;
  bool left_contains_right;
  VirtRange shared;  // where they overlap
  bool followed;     // right starts just after left
};

constexpr PairRow kPairRows[] = {
    {"apart", {{0x1000}, 0x1000}, {{0x3000}, 0x1000}, false, false, {}, false},
    {"adjacent", {{0x1000}, 0x1000}, {{0x2000}, 0x1000}, false, false, {}, true},
    {"one byte", {{0x1000}, 0x1001}, {{0x2000}, 0x1000}, true, false, {{0x2000}, 1}, false},
    {"inside", {{0x1000}, 0x3000}, {{0x2000}, 0x1000}, true, true, {{0x2000}, 0x1000}, false},
    {"same start", {{0x1000}, 0x3000}, {{0x1000}, 1}, true, true, {{0x1000}, 1}, false},
    {"same last", {{0x1000}, 0x3000}, {{0x3FFF}, 1}, true, true, {{0x3FFF}, 1}, false},
    {"empty inside", {{0x1000}, 0x3000}, {{0x2000}, 0}, false, false, {}, false},
    {"top",
     {{kTopPage - 0x1000}, 0x2000},
     {{kTopPage}, 0x1000},
     true,
     true,
     {{kTopPage}, 0x1000},
     false},
    {"up to the top", {{kTopPage - 0x1000}, 0x1000}, {{kTopPage}, 0x1000}, false, false, {}, true},
    {"bottom after top", {{kTopPage}, 0x1000}, {{0}, 0x1000}, false, false, {}, false},
};

TEST(Range, Pairs) {
  for (const PairRow& row : kPairRows) {
    EXPECT_EQ(row.left.Overlaps(row.right), row.overlap) << row.name;
    EXPECT_EQ(row.right.Overlaps(row.left), row.overlap) << row.name;
    EXPECT_EQ(row.left.Contains(row.right), row.left_contains_right) << row.name;
    EXPECT_EQ(mm::IsFollowedBy(row.left, row.right), row.followed) << row.name;
    const VirtRange shared = mm::Intersection(row.left, row.right);
    EXPECT_EQ(shared.IsEmpty(), !row.overlap) << row.name;
    if (row.overlap) EXPECT_EQ(shared, row.shared) << row.name;
    EXPECT_EQ(mm::Intersection(row.right, row.left).size_bytes, shared.size_bytes) << row.name;
  }
}

TEST(Range, ContainsAddress) {
  constexpr VirtRange kRange = {{0x1000}, 0x1000};
  EXPECT_FALSE(kRange.Contains(VirtAddr{0xFFF}));
  EXPECT_TRUE(kRange.Contains(VirtAddr{0x1000}));
  EXPECT_TRUE(kRange.Contains(VirtAddr{0x1FFF}));
  EXPECT_FALSE(kRange.Contains(VirtAddr{0x2000}));
  EXPECT_EQ(kRange.OffsetOf(VirtAddr{0x1FFF}), 0xFFFu);
  EXPECT_FALSE((VirtRange{{0x1000}, 0}).Contains(VirtAddr{0x1000}));
}

TEST(Range, Alignment) {
  EXPECT_TRUE((VirtRange{{0x1000}, 0x2000}).IsAligned(mm::kPageSize));
  EXPECT_FALSE((VirtRange{{0x1001}, 0x1000}).IsAligned(mm::kPageSize));
  EXPECT_FALSE((VirtRange{{0x1000}, 0x1001}).IsAligned(mm::kPageSize));
  EXPECT_TRUE((VirtRange{{kTopPage}, 0x1000}).IsAligned(mm::kPageSize));
}

}  // namespace
