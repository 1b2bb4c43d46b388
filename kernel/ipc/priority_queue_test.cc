#include "kernel/ipc/priority_queue.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "testing/unit/test.h"

namespace ipc {
namespace {

constexpr QueueShape kShape = {.messages = 5, .message_bytes = 7};

struct World {
  void Push(std::string_view text, uint32_t priority) {
    std::memcpy(queue.room().data(), text.data(), text.size());
    queue.Push(static_cast<uint32_t>(text.size()), priority);
    EXPECT_TRUE(queue.CheckInvariants().has_value());
  }
  // Whether this is the next message; it is taken.
  bool PopIs(std::string_view text, uint32_t priority) {
    const PriorityQueue::Message message = queue.front();
    const bool is_it = message.priority == priority && message.bytes.size() == text.size() &&
                       std::memcmp(message.bytes.data(), text.data(), text.size()) == 0;
    queue.Pop();
    EXPECT_TRUE(queue.CheckInvariants().has_value());
    return is_it;
  }

  alignas(void*) std::array<std::byte, 256> memory{};
  PriorityQueue queue{memory.data(), kShape};
};

TEST(PriorityQueue, FitsIntoItsMemory) {
  EXPECT_TRUE(PriorityQueue::BytesFor(kShape) <= World().memory.size());
  // The largest shape's bytes are no overflow.
  constexpr uint32_t kLargest = ~uint32_t{0};
  EXPECT_TRUE(PriorityQueue::BytesFor({.messages = kLargest, .message_bytes = 1}) > kLargest);
}

TEST(PriorityQueue, HighestPriorityFirstThenTheOldest) {
  World world;
  world.Push("low 1", 0);
  world.Push("high 1", 9);
  world.Push("middle", 5);
  world.Push("high 2", 9);
  world.Push("low 2", 0);
  EXPECT_TRUE(world.queue.IsFull());
  EXPECT_TRUE(world.PopIs("high 1", 9));
  EXPECT_TRUE(world.PopIs("high 2", 9));
  world.Push("high 3", 9);
  EXPECT_TRUE(world.PopIs("high 3", 9));
  EXPECT_TRUE(world.PopIs("middle", 5));
  EXPECT_TRUE(world.PopIs("low 1", 0));
  EXPECT_TRUE(world.PopIs("low 2", 0));
  EXPECT_TRUE(world.queue.IsEmpty());
}

TEST(PriorityQueue, MessagesMayBeEmptyOrAsLongAsItSays) {
  World world;
  world.Push("", 1);
  world.Push("1234567", 0);
  EXPECT_EQ(world.queue.room().size(), 7U);
  EXPECT_TRUE(world.PopIs("", 1));
  EXPECT_TRUE(world.PopIs("1234567", 0));
}

// Against a model that looks for the first of the highest priority.
TEST(PriorityQueue, IsInOrderWhateverComes) {
  World world;
  struct Model {
    uint32_t priority;
    uint32_t number;
  };
  std::array<Model, kShape.messages> model{};
  uint32_t count = 0;
  uint32_t random = 1;
  for (uint32_t number = 0; number < 2000; ++number) {
    random = random * 1664525 + 1013904223;
    if (count < model.size() && (count == 0 || (random >> 31) != 0)) {
      const uint32_t priority = (random >> 16) % 3;
      std::memcpy(world.queue.room().data(), &number, sizeof number);
      world.queue.Push(sizeof number, priority);
      model[count++] = {priority, number};
    } else {
      uint32_t best = 0;
      for (uint32_t i = 1; i < count; ++i) {
        if (model[i].priority > model[best].priority) best = i;
      }
      const auto& wanted = model[best].number;
      EXPECT_TRUE(world.PopIs({reinterpret_cast<const char*>(&wanted), sizeof wanted},
                              model[best].priority));
      for (uint32_t i = best; i + 1 < count; ++i) model[i] = model[i + 1];
      --count;
    }
    ASSERT_EQ(world.queue.count(), count);
  }
}

}  // namespace
}  // namespace ipc
