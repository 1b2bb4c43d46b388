#include "kernel/ipc/message_queue.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/heap/slab_test_memory.h"
#include "testing/unit/test.h"

namespace ipc {
namespace {

// A heap is too large for a kernel's stack.
[[clang::no_destroy]] constinit std::optional<mm::KernelHeap> heap_storage;

struct World {
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() {
    queue.reset();
    heap_storage.reset();  // CHECKs that every block is free
  }

  bool Send(int64_t type, std::string_view text) {
    if (!queue->HasRoom(text.size())) return false;
    const auto message = queue->Make(type, text.size());
    if (!message) return false;
    std::memcpy((*message)->bytes().data(), text.data(), text.size());
    queue->Send(*message);
    EXPECT_TRUE(queue->CheckInvariants().has_value());
    return true;
  }

  // The type of the message that the choice finds, which is taken; 0 for none.
  int64_t Take(const MessageChoice& choice) {
    Message* const message = queue->Scan(choice);
    if (message == nullptr) return 0;
    const int64_t type = message->type();
    queue->Take(message);
    queue->Drop(message);
    EXPECT_TRUE(queue->CheckInvariants().has_value());
    return type;
  }

  mm::SlabTestMemory memory;
  mm::TestLargeBlocks large{memory.pages};
  std::optional<MessageQueue> queue{heap_storage.emplace(memory.depot, large)};
};

using Kind = MessageChoice::Kind;

TEST(MessageQueue, ChoosesByType) {
  struct Row {
    MessageChoice choice;
    int64_t taken;
  };
  // Of messages of the types 5, 3, 9, 3.
  constexpr Row kRows[] = {
      {{Kind::kFirst, 0}, 5},      {{Kind::kOfType, 9}, 9},     {{Kind::kOfType, 4}, 0},
      {{Kind::kOfAnother, 5}, 3},  {{Kind::kOfAnother, 1}, 5},  {{Kind::kLowestUpTo, 9}, 3},
      {{Kind::kLowestUpTo, 2}, 0}, {{Kind::kLowestUpTo, 5}, 3},
  };
  for (const Row& row : kRows) {
    World world;
    for (const int64_t type : {5, 3, 9, 3}) ASSERT_TRUE(world.Send(type, "x"));
    EXPECT_EQ(world.Take(row.choice), row.taken);
    EXPECT_EQ(world.queue->count(), row.taken == 0 ? 4U : 3U);
  }
}

TEST(MessageQueue, KeepsOrderWhereverOneIsTaken) {
  for (const int64_t taken : {1, 2, 3}) {
    World world;
    for (const int64_t type : {1, 2, 3}) ASSERT_TRUE(world.Send(type, "abc"));
    EXPECT_EQ(world.Take({Kind::kOfType, taken}), taken);
    ASSERT_TRUE(world.Send(4, ""));
    for (const int64_t type : {1, 2, 3, 4}) {
      if (type != taken) EXPECT_EQ(world.Take({Kind::kFirst, 0}), type);
    }
    EXPECT_EQ(world.queue->used_bytes(), 0U);
  }
}

TEST(MessageQueue, KeepsBytes) {
  World world;
  ASSERT_TRUE(world.Send(1, "hello"));
  Message* const message = world.queue->Scan({});
  ASSERT_EQ(message->bytes().size(), 5U);
  EXPECT_EQ(std::memcmp(message->bytes().data(), "hello", 5), 0);
}

TEST(MessageQueue, RefusesWhatIsWrong) {
  World world;
  EXPECT_FALSE(world.queue->Make(0, 1).has_value());
  EXPECT_FALSE(world.queue->Make(-1, 1).has_value());
  EXPECT_FALSE(world.queue->Make(1, MessageQueue::kMostMessageBytes + 1).has_value());
}

TEST(MessageQueue, IsFullAtItsLimit) {
  World world;
  world.queue->SetLimit(6);
  EXPECT_TRUE(world.Send(1, "1234"));
  EXPECT_TRUE(world.queue->HasRoom(2));
  EXPECT_FALSE(world.queue->HasRoom(3));
  EXPECT_TRUE(world.Send(1, "56"));
  EXPECT_FALSE(world.queue->HasRoom(1));
  // Messages of no bytes do not fill the machine.
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(world.Send(1, ""));
  EXPECT_FALSE(world.Send(1, ""));
  // A lower limit loses nothing.
  world.queue->SetLimit(1);
  EXPECT_EQ(world.queue->limit_bytes(), 6U);
  EXPECT_EQ(world.Take({}), 1);
}

}  // namespace
}  // namespace ipc
