#include "kernel/sched/load_average.h"

#include <array>
#include <cstdint>

#include "testing/unit/test.h"

namespace sched {
namespace {

constexpr uint64_t kMinute = 60'000'000'000;

using Hundredths = std::array<uint32_t, 3>;

TEST(LoadAverage, RisesAndFalls) {
  LoadAverage load;
  load.Update(LoadAverage::kPeriodNanoseconds - 1, 100);
  EXPECT_EQ(load.hundredths(), (Hundredths{0, 0, 0}));
  load.Update(kMinute, 1);
  // 1 - 1/e of the way in a minute.
  EXPECT_EQ(load.hundredths(), (Hundredths{63, 18, 6}));
  load.Update(60 * kMinute, 1);
  EXPECT_EQ(load.hundredths(), (Hundredths{100, 100, 98}));
  load.Update(61 * kMinute, 0);
  EXPECT_EQ(load.hundredths(), (Hundredths{37, 82, 92}));
}

TEST(LoadAverage, OftenIsAsGoodAsSeldom) {
  LoadAverage often;
  LoadAverage seldom;
  for (uint64_t now = 0; now <= kMinute; now += 10'000'000) often.Update(now, 3);
  seldom.Update(kMinute, 3);
  EXPECT_EQ(often.hundredths(), seldom.hundredths());
}

}  // namespace
}  // namespace sched
