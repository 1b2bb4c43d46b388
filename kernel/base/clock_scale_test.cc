#include "kernel/base/clock_scale.h"

#include <cstdint>

#include "testing/unit/test.h"

namespace base {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

TEST(ClockScale, GivesNanoseconds) {
  struct Row {
    uint64_t hertz;
    uint64_t counts;
    uint64_t nanoseconds;
  };
  constexpr Row kRows[] = {
      {1'000'000'000, 0, 0},
      {1'000'000'000, 12345, 12345},
      {62'500'000, 1, 16},
      {62'500'000, 62'500'000, kSecond},
      {62'500'000, 62'500'000 * uint64_t{86'400}, 86'400 * kSecond},
      {2'500'000'000, 6, 2},
      {3, 3, 999'999'999},  // rounds down
      {1, 2, 2 * kSecond},
      {19'200'000, 19'200'000 * uint64_t{1000}, 1000 * kSecond - 2},
  };
  for (const Row& row : kRows) {
    EXPECT_EQ(ClockScale::Of(row.hertz).ToNanoseconds(row.counts), row.nanoseconds) << row.hertz;
  }
}

// Also where the halves of the count meet.
TEST(ClockScale, NeverGoesBack) {
  for (const uint64_t hertz :
       {uint64_t{24'000'000}, uint64_t{999'999'937}, uint64_t{3'333'333'333}}) {
    const ClockScale scale = ClockScale::Of(hertz);
    for (const uint64_t around :
         {uint64_t{1} << 16, uint64_t{1} << 32, uint64_t{3} << 32, uint64_t{1} << 48}) {
      uint64_t before = scale.ToNanoseconds(around - 10);
      for (uint64_t counts = around - 9; counts < around + 10; ++counts) {
        const uint64_t now = scale.ToNanoseconds(counts);
        EXPECT_LE(before, now) << counts;
        before = now;
      }
    }
  }
}

TEST(ClockScale, OfNothingStandsStill) { EXPECT_EQ(ClockScale().ToNanoseconds(12345), 0U); }

}  // namespace
}  // namespace base
