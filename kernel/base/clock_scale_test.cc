#include "kernel/base/clock_scale.h"

#include <cstdint>

#include "testing/unit/test.h"

namespace base {
namespace {

constexpr uint64_t kSecond = kNanosecondsPerSecond;

TEST(ClockScale, ConvertsCounts) {
  struct Row {
    uint64_t from;
    uint64_t to;
    uint64_t counts;
    uint64_t converted;
  };
  constexpr Row kRows[] = {
      {1'000'000'000, kSecond, 0, 0},
      {1'000'000'000, kSecond, 12345, 12345},
      {62'500'000, kSecond, 1, 16},
      {62'500'000, kSecond, 62'500'000, kSecond},
      {62'500'000, kSecond, 62'500'000 * uint64_t{86'400}, 86'400 * kSecond},
      {2'500'000'000, kSecond, 6, 2},
      {3, kSecond, 3, 999'999'999},  // rounds down
      {1, kSecond, 2, 2 * kSecond},
      {19'200'000, kSecond, 19'200'000 * uint64_t{1000}, 1000 * kSecond - 2},
      {kSecond, 62'500'000, 10'000'000, 625'000},
      {kSecond, 5'000'000'000, 3, 15},
      {kSecond, 2'500'000'000, 3, 7},
      {5'000'000'000, 62'500'000, 50'000'000, 624'999},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(ClockScale::Between(row.from, row.to).Convert(row.counts), row.converted) << row.from;
  }
}

// Also where the halves of the count meet.
TEST(ClockScale, NeverGoesBack) {
  for (const uint64_t hertz :
       {uint64_t{24'000'000}, uint64_t{999'999'937}, uint64_t{3'333'333'333}}) {
    const ClockScale scale = ClockScale::Between(hertz, kSecond);
    for (const uint64_t around :
         {uint64_t{1} << 16, uint64_t{1} << 32, uint64_t{3} << 32, uint64_t{1} << 48}) {
      uint64_t before = scale.Convert(around - 10);
      for (uint64_t counts = around - 9; counts < around + 10; ++counts) {
        const uint64_t now = scale.Convert(counts);
        EXPECT_LE(before, now) << counts;
        before = now;
      }
    }
  }
}

TEST(ClockScale, OfNothingStandsStill) { EXPECT_EQ(ClockScale().Convert(12345), 0U); }

}  // namespace
}  // namespace base
