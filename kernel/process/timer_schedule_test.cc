#include "kernel/process/timer_schedule.h"

#include <cstdint>

#include "testing/unit/test.h"

namespace process {
namespace {

TEST(TimerSchedule, TellsWhatIsLeft) {
  struct Row {
    uint64_t due;
    uint64_t interval;
    uint64_t now;
    uint64_t left;
  };
  constexpr Row kRows[] = {{100, 0, 40, 60},  {100, 0, 100, 0},   {100, 0, 200, 0},
                           {100, 30, 40, 60}, {100, 30, 99, 1},   {100, 30, 100, 30},
                           {100, 30, 129, 1}, {100, 30, 130, 30}, {100, 30, 191, 29}};
  for (const Row& row : kRows) {
    TimerSchedule schedule;
    schedule.Set(row.due, row.interval);
    EXPECT_EQ(schedule.At(row.now).left_nanoseconds, row.left) << row.now;
  }
  TimerSchedule schedule;
  EXPECT_EQ(schedule.At(5).left_nanoseconds, 0U);
  schedule.Set(10, 7);
  EXPECT_EQ(schedule.At(5).interval_nanoseconds, 7U);
  schedule.Clear();
  EXPECT_FALSE(schedule.IsSet());
  EXPECT_EQ(schedule.At(5).interval_nanoseconds, 0U);
}

TEST(TimerSchedule, CountsWhatWasMissed) {
  TimerSchedule schedule;
  schedule.Set(100, 30);
  EXPECT_EQ(schedule.Advance(100), 1U);
  EXPECT_EQ(schedule.due(), 130U);
  EXPECT_EQ(schedule.Advance(200), 3U);
  EXPECT_EQ(schedule.due(), 220U);
  // The shortest interval for a long time is no loop.
  schedule.Set(1, 1);
  constexpr uint64_t kLate = uint64_t{1} << 60;
  EXPECT_EQ(schedule.Advance(kLate), kLate);
  EXPECT_EQ(schedule.due(), kLate + 1);
}

}  // namespace
}  // namespace process
