#include "kernel/ipc/message_queues.h"

#include <cstdint>
#include <optional>

#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/heap/slab_test_memory.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/ipc.h"
#include "kernel/sched/host/block.h"
#include "testing/unit/test.h"

namespace ipc {
namespace {

using posix::Errno;
using sched::WaitResult;

constexpr int kMode = 0600;
constexpr int kMake = posix::ipc::kCreate | kMode;
constexpr Doer kDoer = {.pid = 7, .seconds = 99};

struct World {
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    // Of those that were not removed.
    for (int32_t id = 0; id < 4; ++id) {
      if (queues.Find(id)) queues.Remove(id);
    }
  }

  int32_t Made(int32_t key) { return queues.Get(key, kMake, 0).value_or(-1); }
  MessageQueues::Queue& Of(int32_t id) { return **queues.Find(id); }

  posix::Result<> Send(MessageQueues::Queue& queue, size_t bytes, Waiting waiting) {
    return queues.Send(queue, *queue.messages().Make(1, bytes), waiting, kDoer);
  }

  mm::SlabTestMemory memory;
  mm::TestLargeBlocks large{memory.pages};
  mm::KernelHeap heap{memory.depot, large};  // CHECKs at its end that every block is free
  MessageQueues queues{heap};
};

template <class T>
Errno ErrorOf(const posix::Result<T>& result) {
  EXPECT_FALSE(result.has_value());
  return result ? Errno{} : result.error();
}

TEST(MessageQueues, AreFoundByKey) {
  World world;
  EXPECT_EQ(ErrorOf(world.queues.Get(5, kMode, 0)), Errno::kNoEntry);
  const int32_t id = world.Made(5);
  EXPECT_EQ(world.queues.Get(5, 0, 0).value_or(-1), id);
  EXPECT_EQ(world.Made(5), id);
  EXPECT_EQ(ErrorOf(world.queues.Get(5, kMake | posix::ipc::kExclusive, 0)), Errno::kExists);
  const int32_t first = world.Made(posix::ipc::kPrivate);
  EXPECT_NE(world.Made(posix::ipc::kPrivate), first);
  EXPECT_EQ(ErrorOf(world.queues.Find(-1)), Errno::kInvalid);
  EXPECT_EQ(world.Of(id).mode, static_cast<uint32_t>(kMode));
}

TEST(MessageQueues, DoNotWaitUnlessAllowed) {
  World world;
  MessageQueues::Queue& queue = world.Of(world.Made(1));
  EXPECT_EQ(ErrorOf(world.queues.Await(queue, {}, Waiting::kForbidden)), Errno::kNoMessage);
  EXPECT_TRUE(world.Send(queue, MessageQueue::kMostMessageBytes, Waiting::kForbidden).has_value());
  EXPECT_TRUE(world.Send(queue, MessageQueue::kMostMessageBytes, Waiting::kForbidden).has_value());
  EXPECT_EQ(ErrorOf(world.Send(queue, 1, Waiting::kForbidden)), Errno::kAgain);
  EXPECT_EQ(queue.last_sender, kDoer.pid);
  EXPECT_EQ(queue.sent_seconds, kDoer.seconds);
}

TEST(MessageQueues, WaitForRoomAndForMessages) {
  World world;
  MessageQueues::Queue& queue = world.Of(world.Made(1));
  queue.messages().SetLimit(4);
  ASSERT_TRUE(world.Send(queue, 4, Waiting::kAllowed).has_value());
  {
    const sched::host::WhileBlocked reader([&](sched::Deadline) {
      world.queues.Finish(queue, *world.queues.Await(queue, {}, Waiting::kForbidden), kDoer);
      return WaitResult::kWoken;
    });
    EXPECT_TRUE(world.Send(queue, 3, Waiting::kAllowed).has_value());
  }
  EXPECT_EQ(queue.messages().used_bytes(), 3U);
  world.queues.Finish(queue, *world.queues.Await(queue, {}, Waiting::kForbidden), kDoer);
  EXPECT_EQ(queue.last_receiver, kDoer.pid);
  int wakes = 0;
  const sched::host::WhileBlocked writer([&](sched::Deadline) {
    // The first wake is not for this one.
    if (++wakes == 2) EXPECT_TRUE(world.Send(queue, 2, Waiting::kForbidden).has_value());
    return WaitResult::kWoken;
  });
  EXPECT_TRUE(world.queues.Await(queue, {}, Waiting::kAllowed).has_value());
  EXPECT_EQ(wakes, 2);
}

TEST(MessageQueues, ASignalEndsTheWait) {
  World world;
  MessageQueues::Queue& queue = world.Of(world.Made(1));
  queue.messages().SetLimit(1);
  ASSERT_TRUE(world.Send(queue, 1, Waiting::kAllowed).has_value());
  const sched::host::WhileBlocked signal([](sched::Deadline) { return WaitResult::kInterrupted; });
  EXPECT_EQ(ErrorOf(world.Send(queue, 1, Waiting::kAllowed)), Errno::kInterrupted);
  EXPECT_EQ(
      ErrorOf(world.queues.Await(queue, {MessageChoice::Kind::kOfType, 2}, Waiting::kAllowed)),
      Errno::kInterrupted);
}

TEST(MessageQueues, RemovalEndsTheWait) {
  World world;
  const int32_t id = world.Made(1);
  MessageQueues::Queue& queue = world.Of(id);
  const sched::host::WhileBlocked remover([&](sched::Deadline) {
    world.queues.Remove(id);
    return WaitResult::kWoken;
  });
  EXPECT_EQ(ErrorOf(world.queues.Await(queue, {}, Waiting::kAllowed)), Errno::kIdentifierRemoved);
  EXPECT_EQ(ErrorOf(world.queues.Find(id)), Errno::kInvalid);
}

}  // namespace
}  // namespace ipc
