#include "kernel/ipc/posix_queue.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/ipc/waiting.h"
#include "kernel/posix/errno.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/host/block.h"
#include "testing/unit/test.h"

namespace ipc {
namespace {

using posix::Errno;
using sched::Deadline;
using sched::WaitResult;
using sched::host::WhileBlocked;

struct World {
  ~World() { EXPECT_TRUE(queue.CheckInvariants().has_value()); }

  std::optional<Notice> Send() { return queue.Send(1, 0); }
  posix::Result<> AwaitRoom(Waiting waiting = Waiting::kAllowed) {
    return queue.AwaitRoom(waiting, Deadline::Never());
  }
  posix::Result<> AwaitMessage(Waiting waiting = Waiting::kAllowed) {
    return queue.AwaitMessage(waiting, Deadline::Never());
  }

  alignas(void*) std::array<std::byte, 128> memory{};
  PosixQueue queue{memory.data(), {.messages = 1, .message_bytes = 8}};
};

TEST(PosixQueue, DoesNotWaitUnlessAllowed) {
  World world;
  EXPECT_EQ(world.AwaitMessage(Waiting::kForbidden).error(), Errno::kAgain);
  EXPECT_TRUE(world.AwaitRoom(Waiting::kForbidden).has_value());
  world.Send();
  EXPECT_EQ(world.AwaitRoom(Waiting::kForbidden).error(), Errno::kAgain);
  EXPECT_TRUE(world.AwaitMessage(Waiting::kForbidden).has_value());
}

TEST(PosixQueue, WaitsForRoomAndForMessages) {
  World world;
  {
    int wakes = 0;
    const WhileBlocked sender([&](Deadline) {
      if (++wakes == 2) world.Send();  // the first wake was somebody else's
      return WaitResult::kWoken;
    });
    EXPECT_TRUE(world.AwaitMessage().has_value());
    EXPECT_EQ(wakes, 2);
  }
  const WhileBlocked receiver([&](Deadline) {
    world.queue.Finish();
    return WaitResult::kWoken;
  });
  EXPECT_TRUE(world.AwaitRoom().has_value());
}

struct End {
  WaitResult result;
  Errno error;
};
constexpr std::array<End, 2> kEnds = {
    {{WaitResult::kTimedOut, Errno::kTimedOut}, {WaitResult::kInterrupted, Errno::kRestart}}};

TEST(PosixQueue, TimeAndSignalsEndTheWait) {
  for (const End& end : kEnds) {
    World world;
    const WhileBlocked nothing([&](Deadline) { return end.result; });
    EXPECT_EQ(world.AwaitMessage().error(), end.error);
    world.Send();
    EXPECT_EQ(world.AwaitRoom().error(), end.error);
  }
}

// Else a wake that was meant for one who gives up would be lost to the others.
TEST(PosixQueue, WhoGivesUpTakesWhatHasComeMeanwhile) {
  for (const End& end : kEnds) {
    World world;
    const WhileBlocked both([&](Deadline) {
      world.Send();
      return end.result;
    });
    EXPECT_TRUE(world.AwaitMessage().has_value());
  }
}

TEST(PosixQueue, AMessageWakesOneWhoWaits) {
  World world;
  const WhileBlocked sender([&](Deadline) {
    const size_t before = sched::host::Wakes();
    world.Send();
    EXPECT_EQ(sched::host::Wakes(), before + 1);
    return WaitResult::kWoken;
  });
  EXPECT_TRUE(world.AwaitMessage().has_value());
}

// Two wait, and the first to be woken has no use for it.
TEST(PosixQueue, WhoCannotUseItLeavesItToTheNext) {
  World world;
  size_t wakes = 0;
  const auto wakes_another = [&](void (PosixQueue::*leave)()) {
    const size_t before = sched::host::Wakes();
    (world.queue.*leave)();
    wakes = sched::host::Wakes() - before;
  };
  {
    const WhileBlocked sender([&](Deadline) {
      wakes_another(&PosixQueue::LeaveMessage);
      world.Send();
      return WaitResult::kWoken;
    });
    EXPECT_TRUE(world.AwaitMessage().has_value());
    EXPECT_EQ(wakes, 1U);
  }
  const WhileBlocked receiver([&](Deadline) {
    wakes_another(&PosixQueue::LeaveRoom);
    world.queue.Finish();
    return WaitResult::kWoken;
  });
  EXPECT_TRUE(world.AwaitRoom().has_value());
  EXPECT_EQ(wakes, 1U);
}

TEST(PosixQueue, ANoticeIsForAnEmptyQueueThatNobodyWaitsAt) {
  World world;
  const int owner = 0;
  const Notice notice = {.owner = &owner, .process = 5, .signal = 10, .value = 7};
  ASSERT_TRUE(world.queue.SetNotice(notice).has_value());
  EXPECT_EQ(world.queue.SetNotice(notice).error(), Errno::kBusy);
  {
    // One who waits gets the message, and nobody is told.
    const WhileBlocked sender([&](Deadline) {
      EXPECT_FALSE(world.Send().has_value());
      return WaitResult::kWoken;
    });
    EXPECT_TRUE(world.AwaitMessage().has_value());
  }
  world.queue.Finish();
  const std::optional<Notice> told = world.Send();
  ASSERT_TRUE(told.has_value());
  EXPECT_EQ(told->process, 5);
  EXPECT_EQ(told->signal, 10U);
  EXPECT_EQ(told->value, 7U);
  // Once.
  world.queue.Finish();
  EXPECT_FALSE(world.Send().has_value());
  world.queue.Finish();
  // Whoever has closed the queue is not told.
  ASSERT_TRUE(world.queue.SetNotice(notice).has_value());
  world.queue.DropNotice(&world);
  EXPECT_EQ(world.queue.SetNotice(notice).error(), Errno::kBusy);
  world.queue.DropNotice(&owner);
  EXPECT_FALSE(world.Send().has_value());
}

}  // namespace
}  // namespace ipc
