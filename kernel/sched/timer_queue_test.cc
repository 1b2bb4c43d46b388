#include "kernel/sched/timer_queue.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/sched/deadline.h"
#include "testing/unit/test.h"

namespace {

using sched::Deadline;
using sched::TimerQueue;

// Notes when it expired.
class TestTimer final : public sched::Timer {
 public:
  void OnExpired() override { order_ = ++*counter_; }
  void Count(size_t& counter) { counter_ = &counter; }
  size_t order() const { return order_; }

 private:
  size_t* counter_ = nullptr;
  size_t order_ = 0;
};

TEST(Deadline, AfterStopsAtNever) {
  EXPECT_EQ(Deadline::After(5, 7).nanoseconds, 12u);
  EXPECT_TRUE(Deadline::After(5, UINT64_MAX).IsNever());
  EXPECT_TRUE(Deadline::After(5, UINT64_MAX - 5).IsNever());
  EXPECT_EQ(Deadline::After(5, UINT64_MAX - 6).nanoseconds, UINT64_MAX - 1);
  EXPECT_TRUE(Deadline::After(UINT64_MAX, 0).IsNever());
}

struct Fixture {
  Fixture() {
    for (TestTimer& timer : timers) timer.Count(counter);
  }
  ~Fixture() {
    for (TestTimer& timer : timers) queue.Cancel(timer);
  }

  size_t counter = 0;
  std::array<TestTimer, 64> timers;
  TimerQueue queue;
};

TEST(TimerQueue, ExpiresInOrderAndNotTooEarly) {
  Fixture fixture;
  EXPECT_TRUE(fixture.queue.IsEmpty());
  EXPECT_TRUE(fixture.queue.earliest().IsNever());
  fixture.queue.Set(fixture.timers[0], {30});
  fixture.queue.Set(fixture.timers[1], {10});
  fixture.queue.Set(fixture.timers[2], {20});
  EXPECT_EQ(fixture.queue.earliest().nanoseconds, 10u);
  fixture.queue.Expire(9);
  EXPECT_EQ(fixture.counter, 0u);
  fixture.queue.Expire(20);
  EXPECT_EQ(fixture.timers[1].order(), 1u);
  EXPECT_EQ(fixture.timers[2].order(), 2u);
  EXPECT_EQ(fixture.timers[0].order(), 0u);
  EXPECT_TRUE(fixture.timers[0].IsSet());
  EXPECT_FALSE(fixture.timers[1].IsSet());
  EXPECT_TRUE(fixture.queue.CheckInvariants().has_value());
}

TEST(TimerQueue, CancelOfWhatIsNotSetDoesNothing) {
  Fixture fixture;
  fixture.queue.Set(fixture.timers[0], {30});
  fixture.queue.Cancel(fixture.timers[1]);
  EXPECT_EQ(fixture.queue.earliest().nanoseconds, 30u);
  fixture.queue.Cancel(fixture.timers[0]);
  fixture.queue.Cancel(fixture.timers[0]);
  EXPECT_TRUE(fixture.queue.IsEmpty());
}

// Against the simple way: look at all of them.
TEST(TimerQueue, RandomSetsAndCancels) {
  Fixture fixture;
  uint32_t random = 1;
  const auto next = [&random] {
    random = random * 1664525 + 1013904223;
    return random >> 8;
  };
  uint64_t now = 0;
  for (unsigned step = 0; step < 4000; ++step) {
    TestTimer& timer = fixture.timers[next() % fixture.timers.size()];
    switch (next() % 4) {
      case 0:
        fixture.queue.Cancel(timer);
        break;
      case 1: {
        now += next() % 50;
        fixture.queue.Expire(now);
        break;
      }
      default:
        if (!timer.IsSet()) fixture.queue.Set(timer, {now + next() % 500});
    }
    uint64_t earliest = UINT64_MAX;
    for (const TestTimer& one : fixture.timers) {
      if (one.IsSet() && one.deadline().nanoseconds < earliest) {
        earliest = one.deadline().nanoseconds;
      }
    }
    ASSERT_EQ(fixture.queue.earliest().nanoseconds, earliest);
    ASSERT_TRUE(fixture.queue.CheckInvariants().has_value());
  }
}

}  // namespace
