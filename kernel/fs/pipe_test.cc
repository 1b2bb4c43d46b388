#include "kernel/fs/pipe.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/fs/file_world.h"
#include "kernel/fs/poll.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/host/block.h"

namespace fs {
namespace {

using posix::Errno;
using sched::WaitResult;
using sched::host::WhileBlocked;
namespace open_flag = posix::open_flag;
namespace poll_event = posix::poll_event;

constexpr intptr_t kAgain = -static_cast<intptr_t>(Errno::kAgain);
constexpr intptr_t kRestart = -static_cast<intptr_t>(Errno::kRestart);
constexpr intptr_t kBroken = -static_cast<intptr_t>(Errno::kBrokenPipe);

struct PipeWorld {
  explicit PipeWorld(uint32_t flags = 0) : ends(*maker.Make(flags)) {}
  ~PipeWorld() { EXPECT_TRUE(pipe.CheckInvariants().has_value()); }

  intptr_t Write(std::string_view text) { return WriteText(*ends.writing, text); }
  std::string Read(size_t most = TextReader::kMostBytes) {
    const TextReader reader(*ends.reading, most);
    return reader.error() ? "error" : std::string(reader.text());
  }

  FileWorld world;
  PipeMaker maker{world.memory, world.environment};
  PipeEnds ends;
  Pipe& pipe = static_cast<PipeFile&>(*ends.reading).pipe();
};

TEST(Pipe, WhatGoesInComesOut) {
  PipeWorld world;
  EXPECT_EQ(world.Write("one "), 4);
  EXPECT_EQ(world.Write("two"), 3);
  EXPECT_EQ(world.Read(2), "on");
  EXPECT_EQ(world.Read(), "e two");
  EXPECT_EQ(world.ends.reading->inode().type(), posix::FileType::kFifo);
  EXPECT_FALSE(world.ends.reading->IsWritable());
  EXPECT_FALSE(world.ends.writing->IsReadable());
  EXPECT_EQ(world.ends.reading->Seek(0, posix::Whence::kSet).error(), Errno::kIllegalSeek);
}

TEST(Pipe, EndsWhenTheLastWriterGoes) {
  PipeWorld world;
  const Ref<OpenFile> other = world.ends.writing;
  EXPECT_EQ(world.Write("x"), 1);
  world.ends.writing = {};
  EXPECT_EQ(world.Read(), "x");
  EXPECT_EQ(world.pipe.ReadyEvents(Pipe::End::kReading) & poll_event::kHangUp, 0);
}

TEST(Pipe, HasNoEndWhileThereAreWriters) {
  PipeWorld world(open_flag::kNonBlock);
  EXPECT_EQ(TextReader(*world.ends.reading).error(), Errno::kAgain);
  world.ends.writing = {};
  EXPECT_EQ(TextReader(*world.ends.reading).error(), std::nullopt);
  EXPECT_EQ(world.Read(), "");
  EXPECT_EQ(world.pipe.ReadyEvents(Pipe::End::kReading), poll_event::kHangUp);
}

TEST(Pipe, IsBrokenWithoutReaders) {
  PipeWorld world;
  const Ref<Pipe> pipe(&world.pipe);
  world.ends.reading = {};
  EXPECT_EQ(world.Write("x"), kBroken);
  EXPECT_EQ(world.Write(""), 0);
  EXPECT_NE(pipe->ReadyEvents(Pipe::End::kWriting) & poll_event::kError, 0);
  EXPECT_TRUE(world.ends.writing->IsPipe());
}

TEST(Pipe, IsFullAt64KiB) {
  PipeWorld world(open_flag::kNonBlock);
  const std::string page(4096, 'p');
  for (int i = 0; i < 16; ++i) EXPECT_EQ(world.Write(page), 4096);
  EXPECT_EQ(world.Write("x"), kAgain);
  EXPECT_EQ(world.pipe.ReadyEvents(Pipe::End::kWriting), 0);
  // Room comes by whole blocks, and short writes go in whole or not at all.
  EXPECT_EQ(world.Read(512).size(), 512U);
  EXPECT_EQ(world.Write("x"), kAgain);
  for (int i = 0; i < 7; ++i) EXPECT_EQ(world.Read(512).size(), 512U);
  EXPECT_EQ(world.Write("x"), 1);
  EXPECT_EQ(world.Write(page), kAgain);
  EXPECT_EQ(world.Write(page.substr(1)), 4095);
  EXPECT_EQ(world.Write(page + page), kAgain);
}

TEST(Pipe, ALongWriteGoesInAsFarAsThereIsRoom) {
  PipeWorld world(open_flag::kNonBlock);
  const std::string all(Pipe::kMostBytes + 5000, 'a');
  EXPECT_EQ(world.Write(all), static_cast<intptr_t>(Pipe::kMostBytes));
}

TEST(Pipe, AReaderWaitsForAWriter) {
  PipeWorld world;
  int waits = 0;
  const WhileBlocked other([&](sched::Deadline deadline) {
    EXPECT_TRUE(deadline.IsNever());
    // Once for nothing.
    if (waits++ > 0) EXPECT_EQ(world.Write("late"), 4);
    return WaitResult::kWoken;
  });
  EXPECT_EQ(world.Read(), "late");
  EXPECT_EQ(waits, 2);
}

TEST(Pipe, AReaderIsWokenByEachWayItCanEnd) {
  PipeWorld world;
  const size_t before = sched::host::Wakes();
  {
    const WhileBlocked other([&](sched::Deadline) {
      EXPECT_EQ(sched::host::Wakes(), before);
      world.ends.writing = {};
      EXPECT_EQ(sched::host::Wakes(), before + 1);
      return WaitResult::kWoken;
    });
    EXPECT_EQ(world.Read(), "");
  }
}

TEST(Pipe, ASignalEndsAWait) {
  PipeWorld world;
  const WhileBlocked signal([](sched::Deadline) { return WaitResult::kInterrupted; });
  EXPECT_EQ(TextReader(*world.ends.reading).error(), Errno::kRestart);
  // A write that has moved something tells how much.
  const std::string all(Pipe::kMostBytes + 1, 'a');
  EXPECT_EQ(world.Write(all), static_cast<intptr_t>(Pipe::kMostBytes));
  EXPECT_EQ(world.Write("x"), kRestart);
}

TEST(Pipe, AWriterWaitsForRoom) {
  PipeWorld world;
  std::string seen;
  const WhileBlocked reader([&](sched::Deadline) {
    seen += world.Read();
    return WaitResult::kWoken;
  });
  std::string all;
  for (size_t i = 0; i < 3 * Pipe::kMostBytes + 77; ++i) all += static_cast<char>(i * 7 / 5);
  EXPECT_EQ(world.Write(all), static_cast<intptr_t>(all.size()));
  while (world.pipe.bytes() > 0) seen += world.Read();
  EXPECT_EQ(seen, all);
}

TEST(Pipe, AWriterNoticesThatTheReaderGoes) {
  PipeWorld world;
  const Ref<Pipe> pipe(&world.pipe);
  const WhileBlocked reader([&](sched::Deadline) {
    world.ends.reading = {};
    return WaitResult::kWoken;
  });
  const std::string all(Pipe::kMostBytes + 1, 'a');
  EXPECT_EQ(world.Write(all), static_cast<intptr_t>(Pipe::kMostBytes));
  EXPECT_EQ(world.Write("x"), kBroken);
}

TEST(Pipe, IsShortWithoutMemoryButWorks) {
  PipeWorld world(open_flag::kNonBlock);
  world.world.memory.failure.FailAfter(0);
  const std::string all(9000, 'a');
  EXPECT_EQ(world.Write(all), 4096);
  EXPECT_EQ(world.Write("x"), kAgain);
  for (int round = 0; round < 3; ++round) {
    while (world.pipe.bytes() > 0) EXPECT_EQ(world.Read().size(), 512U);
    EXPECT_EQ(world.Write(all.substr(0, 4096)), 4096);
  }
  world.world.memory.failure.FailNothing();
}

TEST(Pipe, MemoryThatIsNotThereEndsACopy) {
  PipeWorld world;
  BrokenSource half(100, 40);
  EXPECT_EQ(*world.ends.writing->Write(half), 40U);
  BrokenSource none(100, 0);
  EXPECT_EQ(world.ends.writing->Write(none).error(), Errno::kFault);
  BrokenDestination part(100, 10);
  EXPECT_EQ(*world.ends.reading->Read(part), 10U);
  BrokenDestination nothing(100, 0);
  EXPECT_EQ(world.ends.reading->Read(nothing).error(), Errno::kFault);
  EXPECT_EQ(world.pipe.bytes(), 30U);
}

TEST(Pipe, CreationWithoutMemoryLeavesNothing) {
  FileWorld world;
  PipeMaker maker(world.memory, world.environment);
  for (unsigned failing = 1; failing <= 5; ++failing) {
    world.memory.failure.FailAllocation(failing);
    EXPECT_FALSE(maker.Make(0).has_value()) << failing;
    EXPECT_TRUE(world.memory.failure.has_failed());
    EXPECT_EQ(world.memory.blocks(), 0U);
  }
  world.memory.failure.FailNothing();
}

// A random walk beside a string.
TEST(Pipe, IsAStringThatEndsAt64KiB) {
  PipeWorld world(open_flag::kNonBlock);
  uint32_t random = 12345;
  const auto next = [&random] { return random = random * 1664525 + 1013904223; };
  std::string model;
  for (int step = 0; step < 4000; ++step) {
    const size_t count = 1 + (next() >> 8) % ((next() >> 16) % 3 == 0 ? 30000 : 400);
    if ((next() >> 20) % 2 == 0) {
      const std::string text(count, static_cast<char>('a' + step % 26));
      const intptr_t written = world.Write(text);
      if (written == kAgain) {
        EXPECT_GT(model.size() + count + Pipe::kBlockBytes, Pipe::kMostBytes);
      } else {
        EXPECT_TRUE(count > posix::kPipeBuf || written == static_cast<intptr_t>(count));
        model += text.substr(0, static_cast<size_t>(written));
      }
    } else if (!model.empty()) {
      const std::string read = world.Read(1 + count % 512);
      EXPECT_EQ(read, model.substr(0, read.size()));
      model.erase(0, read.size());
    }
    ASSERT_EQ(world.pipe.bytes(), model.size());
    ASSERT_TRUE(world.pipe.CheckInvariants().has_value());
  }
}

// --- Fifos
// ----------------------------------------------------------------------------------------

struct FifoWorld {
  FifoWorld() {
    EXPECT_TRUE(names.Create(names.root(), "fifo", {posix::FileType::kFifo, 0644, {}, {}}));
  }
  posix::Result<Ref<OpenFile>> Open(uint32_t flags) {
    return names.Open(names.root(), "fifo", flags);
  }
  FileWorld world;
  FileNamespace names = world.MakeNames();
};

TEST(Fifo, WaitsForItsOtherEnd) {
  FifoWorld world;
  Ref<OpenFile> writing;
  const WhileBlocked writer([&](sched::Deadline) {
    writing = *world.Open(open_flag::kWriteOnly);
    return WaitResult::kWoken;
  });
  const Ref<OpenFile> reading = *world.Open(open_flag::kReadOnly);
  EXPECT_EQ(WriteText(*writing, "hello"), 5);
  EXPECT_EQ(TextReader(*reading).text(), "hello");
}

TEST(Fifo, ItsOtherEndMayBeGoneAgain) {
  FifoWorld world;
  const WhileBlocked writer([&](sched::Deadline) {
    EXPECT_EQ(WriteText(**world.Open(open_flag::kWriteOnly), "x"), 1);
    return WaitResult::kWoken;
  });
  const Ref<OpenFile> reading = *world.Open(open_flag::kReadOnly);
  EXPECT_EQ(TextReader(*reading).text(), "x");
}

TEST(Fifo, OpensWithoutWaiting) {
  FifoWorld world;
  EXPECT_EQ(world.Open(open_flag::kWriteOnly | open_flag::kNonBlock).error(), Errno::kNoDevice);
  const Ref<OpenFile> reading = *world.Open(open_flag::kReadOnly | open_flag::kNonBlock);
  const Ref<OpenFile> writing = *world.Open(open_flag::kWriteOnly | open_flag::kNonBlock);
  const Ref<OpenFile> both = *world.Open(open_flag::kReadWrite);
  EXPECT_EQ(WriteText(*both, "x"), 1);
  EXPECT_EQ(TextReader(*reading).text(), "x");
}

TEST(Fifo, ASignalEndsItsOpening) {
  FifoWorld world;
  const WhileBlocked signal([](sched::Deadline) { return WaitResult::kInterrupted; });
  EXPECT_EQ(world.Open(open_flag::kReadOnly).error(), Errno::kRestart);
  EXPECT_EQ(world.Open(open_flag::kWriteOnly).error(), Errno::kRestart);
}

// --- poll and select
// ------------------------------------------------------------------------------

struct PollWorld : PipeWorld {
  PollWorld() {
    reading = *files->Add(ends.reading, CloseOnExec::kNo);
    writing = *files->Add(ends.writing, CloseOnExec::kNo);
    directory = *files->Add(*root->Open(0), CloseOnExec::kNo);
  }
  posix::Result<size_t> Poll(std::vector<posix::PollDescriptor>& polled,
                             sched::Deadline deadline = sched::Deadline::Never()) {
    return fs::Poll(world.memory, *files, polled, deadline);
  }

  Ref<Inode> root = *world.system.MakeRoot();
  Ref<FileTable> files = *MakeObject<FileTable>(world.memory);
  int reading;
  int writing;
  int directory;
};

TEST(Poll, TellsWhatIsReady) {
  PollWorld world;
  std::vector<posix::PollDescriptor> polled = {{world.reading, poll_event::kIn, 9},
                                               {world.writing, poll_event::kOut, 9},
                                               {99, poll_event::kIn, 9},
                                               {-1, poll_event::kIn, 9},
                                               {world.directory, poll_event::kIn, 9}};
  EXPECT_EQ(*world.Poll(polled), 3U);
  EXPECT_EQ(polled[0].returned_events, 0);
  EXPECT_EQ(polled[1].returned_events, poll_event::kOut);
  EXPECT_EQ(polled[2].returned_events, poll_event::kInvalid);
  EXPECT_EQ(polled[3].returned_events, 0);
  EXPECT_EQ(polled[4].returned_events, poll_event::kIn);
  EXPECT_EQ(world.Write("x"), 1);
  EXPECT_EQ(*world.Poll(polled), 4U);
}

TEST(Poll, WaitsForAnyOfMany) {
  PollWorld world;
  std::vector<posix::PollDescriptor> polled(40, {world.reading, poll_event::kIn, 0});
  const size_t before = sched::host::Wakes();
  const WhileBlocked other([&](sched::Deadline) {
    EXPECT_EQ(world.Write("x"), 1);
    EXPECT_EQ(sched::host::Wakes(), before + 40);
    return WaitResult::kWoken;
  });
  EXPECT_EQ(*world.Poll(polled), 40U);
}

TEST(Poll, AFileThatIsClosedMeanwhileStaysUntilTheEnd) {
  PollWorld world;
  std::vector<posix::PollDescriptor> polled = {{world.reading, poll_event::kIn, 0}};
  const WhileBlocked other([&](sched::Deadline) {
    EXPECT_TRUE(world.files->Close(world.reading).has_value());
    return WaitResult::kWoken;
  });
  EXPECT_EQ(*world.Poll(polled), 1U);
  EXPECT_EQ(polled[0].returned_events, poll_event::kInvalid);
}

TEST(Poll, EndsInTimeAndBySignals) {
  PollWorld world;
  std::vector<posix::PollDescriptor> polled = {{world.reading, poll_event::kIn, 0}};
  {
    const WhileBlocked time([](sched::Deadline deadline) {
      EXPECT_EQ(deadline.nanoseconds, 77U);
      return WaitResult::kTimedOut;
    });
    EXPECT_EQ(*world.Poll(polled, {77}), 0U);
  }
  const WhileBlocked signal([](sched::Deadline) { return WaitResult::kInterrupted; });
  EXPECT_EQ(world.Poll(polled).error(), Errno::kInterrupted);
  std::vector<posix::PollDescriptor> many(40, polled[0]);
  world.world.memory.failure.FailAfter(0);
  EXPECT_EQ(world.Poll(many).error(), Errno::kOutOfMemory);
  world.world.memory.failure.FailNothing();
}

TEST(Select, LeavesWhatIsReady) {
  PollWorld world;
  const auto bit = [](int descriptor) { return uintptr_t{1} << descriptor; };
  const uintptr_t all = bit(world.reading) | bit(world.writing) | bit(world.directory);
  std::array<uintptr_t, 1> readable = {all};
  std::array<uintptr_t, 1> writable = {all};
  const DescriptorSets sets = {readable, writable, {}};
  const auto select = [&](size_t count) {
    return fs::Select(world.world.memory, *world.files, count, sets, sched::Deadline::Never());
  };
  EXPECT_EQ(*select(3), 3U);
  EXPECT_EQ(readable[0], bit(world.directory));
  EXPECT_EQ(writable[0], bit(world.writing) | bit(world.directory));
  readable = {bit(5)};
  EXPECT_EQ(select(6).error(), Errno::kBadDescriptor);
  readable = {bit(world.reading)};
  writable = {0};
  EXPECT_EQ(world.Write("x"), 1);
  EXPECT_EQ(*select(3), 1U);
}

}  // namespace
}  // namespace fs
