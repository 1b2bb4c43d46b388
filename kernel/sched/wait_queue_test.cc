#include "kernel/sched/wait_queue.h"

#include "gtest/gtest.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/host/block.h"

namespace {

using sched::Deadline;
using sched::WaitQueue;
using sched::WaitResult;
using sched::Watch;
using sched::host::Wakes;
using sched::host::WhileBlocked;

TEST(WaitQueue, HoldsWhoWaitsWhileHeWaits) {
  WaitQueue queue;
  const WhileBlocked world([&](Deadline deadline) {
    EXPECT_EQ(deadline.nanoseconds, 7u);
    EXPECT_FALSE(queue.IsEmpty());
    return WaitResult::kTimedOut;
  });
  EXPECT_EQ(queue.Wait({7}), WaitResult::kTimedOut);
  EXPECT_TRUE(queue.IsEmpty());
}

TEST(WaitQueue, WakeTakesOutOneOrAll) {
  WaitQueue queue;
  const Watch first(queue);
  const Watch second(queue);
  const Watch third(queue);
  const size_t before = Wakes();
  queue.WakeOne();
  EXPECT_EQ(Wakes() - before, 1u);
  EXPECT_FALSE(first.IsAttached());
  EXPECT_TRUE(second.IsAttached());
  queue.WakeAll();
  EXPECT_EQ(Wakes() - before, 3u);
  EXPECT_TRUE(queue.IsEmpty());
  queue.WakeAll();
  queue.WakeOne();
  EXPECT_EQ(Wakes() - before, 3u);
}

TEST(WaitQueue, WatchesOfSeveralQueues) {
  WaitQueue readable;
  WaitQueue writable;
  {
    Watch watch;
    const Watch other(writable);
    watch.Attach(readable);
    const WhileBlocked world([&](Deadline) {
      readable.WakeAll();
      return WaitResult::kWoken;
    });
    EXPECT_EQ(sched::WaitForWatches(Deadline::Never()), WaitResult::kWoken);
    EXPECT_FALSE(watch.IsAttached());
    EXPECT_TRUE(other.IsAttached());
    watch.Attach(readable);
  }
  EXPECT_TRUE(readable.IsEmpty());
  EXPECT_TRUE(writable.IsEmpty());
}

}  // namespace
