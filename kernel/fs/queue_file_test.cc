#include "kernel/fs/queue_file.h"

#include <cstdint>
#include <string>
#include <string_view>

#include "gtest/gtest.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/file_world.h"

namespace fs {
namespace {

using posix::Errno;
namespace open_flag = posix::open_flag;
namespace poll_event = posix::poll_event;

constexpr uint32_t kMake = open_flag::kCreate | open_flag::kReadWrite;
constexpr uint64_t kRich = uint64_t{1} << 40;

struct World {
  ~World() { EXPECT_TRUE(names.CheckInvariants().has_value()); }

  posix::Result<Ref<OpenFile>> Open(std::string_view name, uint32_t flags,
                                    const ipc::QueueShape& shape = {2, 16},
                                    uint64_t most_bytes = kRich) {
    return names.Open(name, flags, {.permissions = 0640, .shape = shape, .most_bytes = most_bytes});
  }
  Errno WhyNot(std::string_view name, uint32_t flags, const ipc::QueueShape& shape = {2, 16},
               uint64_t most_bytes = kRich) {
    const auto file = Open(name, flags, shape, most_bytes);
    return file ? Errno{} : file.error();
  }

  TestMemory memory;
  TestEnvironment environment;
  QueueNames names{memory, environment};
};

ipc::PosixQueue& QueueOf(const Ref<OpenFile>& file) { return QueueFile::From(*file)->queue(); }

TEST(QueueFile, IsFoundByItsName) {
  World world;
  EXPECT_EQ(world.WhyNot("a", open_flag::kReadWrite), Errno::kNoEntry);
  const Ref<OpenFile> made = *world.Open("a", kMake | open_flag::kNonBlock);
  EXPECT_EQ(made->blocking(), Blocking::kNo);
  EXPECT_EQ(made->inode().permissions(), 0640U);
  EXPECT_EQ(made->inode().Status().type, posix::FileType::kRegular);
  const Ref<OpenFile> again = *world.Open("a", kMake, {5, 5});
  EXPECT_EQ(&QueueOf(made), &QueueOf(again));
  EXPECT_EQ(again->blocking(), Blocking::kYes);
  EXPECT_FALSE((*world.Open("a", open_flag::kReadOnly))->IsWritable());
  EXPECT_NE(&QueueOf(*world.Open("b", kMake)), &QueueOf(made));
  EXPECT_EQ(world.WhyNot("a", kMake | open_flag::kExclusive), Errno::kExists);
}

TEST(QueueFile, LivesUntilItsNameAndItsFilesAreGone) {
  World world;
  Ref<OpenFile> file = *world.Open("a", kMake);
  EXPECT_TRUE(world.names.Unlink("a").has_value());
  EXPECT_EQ(world.names.Unlink("a").error(), Errno::kNoEntry);
  EXPECT_EQ(world.WhyNot("a", open_flag::kReadWrite), Errno::kNoEntry);
  EXPECT_EQ(world.names.queues(), 1U);
  const Ref<OpenFile> other = *world.Open("a", kMake);
  EXPECT_NE(&QueueOf(file), &QueueOf(other));
  file = {};
  EXPECT_EQ(world.names.queues(), 1U);
}

TEST(QueueFile, NamesAndShapesHaveLimits) {
  World world;
  const std::string longest(posix::kNameMax, 'n');
  struct Row {
    std::string name;
    ipc::QueueShape shape;
    Errno error;
  };
  const Row rows[] = {
      {"", {1, 1}, Errno::kNoEntry},
      {".", {1, 1}, Errno::kAccess},
      {"..", {1, 1}, Errno::kAccess},
      {"a/b", {1, 1}, Errno::kAccess},
      {longest + "n", {1, 1}, Errno::kNameTooLong},
      {longest, {1, 1}, Errno{}},
      {"a", {0, 1}, Errno::kInvalid},
      {"a", {1, 0}, Errno::kInvalid},
      {"a", {QueueNames::kMostMessages + 1, 1}, Errno::kInvalid},
      {"a", {1, QueueNames::kMostMessageBytes + 1}, Errno::kInvalid},
      {"a", {QueueNames::kMostMessages, QueueNames::kMostMessageBytes}, Errno::kTooManyFiles},
  };
  for (const Row& row : rows) EXPECT_EQ(world.WhyNot(row.name, kMake, row.shape), row.error);
  EXPECT_EQ(world.names.Unlink("a/b").error(), Errno::kAccess);
}

TEST(QueueFile, AllQueuesTogetherHaveALimit) {
  World world;
  const uint64_t one = ipc::PriorityQueue::BytesFor({2, 16});
  EXPECT_EQ(world.WhyNot("a", kMake, {2, 16}, one - 1), Errno::kTooManyFiles);
  Ref<OpenFile> file = *world.Open("a", kMake, {2, 16}, one);
  EXPECT_EQ(world.names.used_bytes(), one);
  EXPECT_EQ(world.WhyNot("b", kMake, {2, 16}, one), Errno::kTooManyFiles);
  EXPECT_EQ(world.WhyNot("b", kMake, {2, 16}, 0), Errno::kTooManyFiles);
  // What is there already is opened.
  EXPECT_EQ(world.WhyNot("a", kMake, {2, 16}, 0), Errno{});
  EXPECT_TRUE(world.names.Unlink("a").has_value());
  EXPECT_EQ(world.WhyNot("b", kMake, {2, 16}, one), Errno::kTooManyFiles);
  file = {};
  EXPECT_EQ(world.names.used_bytes(), 0U);
  EXPECT_EQ(world.WhyNot("b", kMake, {2, 16}, one), Errno{});
}

TEST(QueueFile, ThereAreNotMoreThanItsNumber) {
  World world;
  for (size_t i = 0; i < QueueNames::kMostQueues; ++i) {
    ASSERT_EQ(world.WhyNot(std::to_string(i), kMake, {1, 1}), Errno{});
  }
  EXPECT_EQ(world.WhyNot("one more", kMake, {1, 1}), Errno::kNoSpace);
  EXPECT_TRUE(world.names.Unlink("7").has_value());
  EXPECT_EQ(world.WhyNot("one more", kMake, {1, 1}), Errno{});
}

TEST(QueueFile, OutOfMemoryLeavesNothing) {
  World world;
  unsigned failing = 1;
  while (true) {
    world.memory.failure.FailAllocation(failing);
    const auto file = world.Open("a", kMake);
    world.memory.failure.FailNothing();
    EXPECT_TRUE(world.names.CheckInvariants().has_value());
    if (file) break;
    EXPECT_EQ(file.error(), Errno::kOutOfMemory);
    EXPECT_EQ(world.names.queues(), 0U);
    EXPECT_EQ(world.memory.blocks(), 0U);
    ++failing;
  }
  EXPECT_EQ(failing, 4U);  // the queue's memory, the inode, the open file
}

TEST(QueueFile, IsReadyForWhatItHasRoomFor) {
  World world;
  const Ref<OpenFile> file = *world.Open("a", kMake);
  ipc::PosixQueue& queue = QueueOf(file);
  constexpr uint16_t kIn = poll_event::kIn | poll_event::kReadNormal;
  constexpr uint16_t kOut = poll_event::kOut | poll_event::kWriteNormal;
  EXPECT_EQ(file->ReadyEvents(), kOut);
  static_cast<void>(queue.Send(0, 0));
  EXPECT_EQ(file->ReadyEvents(), kIn | kOut);
  static_cast<void>(queue.Send(0, 0));
  EXPECT_EQ(file->ReadyEvents(), kIn);
  EXPECT_EQ(file->ready_queue(), &queue.changed());
  EXPECT_EQ(QueueFile::From(*file), file.get());
}

// Any descriptor of the table will do; those of other tables will not.
TEST(QueueFile, ClosingTakesBackTheNotice) {
  World world;
  const Ref<FileTable> mine = *MakeObject<FileTable>(world.memory);
  const Ref<OpenFile> file = *world.Open("a", kMake);
  ASSERT_EQ(*mine->Add(file, CloseOnExec::kYes), 0);
  ASSERT_EQ(*mine->Add(*world.Open("a", kMake), CloseOnExec::kNo), 1);
  ASSERT_TRUE(QueueOf(file).SetNotice({.owner = mine.get()}).has_value());
  {
    const Ref<FileTable> copy = *mine->Copy();
    EXPECT_TRUE(copy->Close(0).has_value());
  }
  EXPECT_EQ(QueueOf(file).SetNotice({.owner = mine.get()}).error(), Errno::kBusy);
  EXPECT_TRUE(mine->Close(1).has_value());
  EXPECT_TRUE(QueueOf(file).SetNotice({.owner = mine.get()}).has_value());
}

}  // namespace
}  // namespace fs
