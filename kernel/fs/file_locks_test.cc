#include "kernel/fs/file_locks.h"

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "gtest/gtest.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/file_world.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/host/block.h"

namespace fs {
namespace {

using posix::Errno;
using Mode = FileLock::Mode;
using Kind = FileLock::Kind;

constexpr std::array<char, 3> kOwners = {};

FileLock LockOf(size_t owner, uint64_t first, uint64_t last, Mode mode, Kind kind = Kind::kRecord) {
  return {kind, mode, &kOwners[owner], static_cast<int32_t>(owner), first, last};
}

struct LockWorld {
  // Who may not lock byte by byte of the first 10, exclusively: a letter each, or '.'.
  std::string Picture() {
    EXPECT_TRUE(locks->CheckInvariants().has_value());
    std::string picture;
    for (uint64_t at = 0; at < 10; ++at) {
      const auto found =
          locks->ScanForConflict({Kind::kRecord, Mode::kExclusive, nullptr, 0, at, at});
      picture +=
          !found ? '.'
                 : static_cast<char>((found->mode == Mode::kShared ? 'a' : 'A') + found->process);
    }
    return picture;
  }
  std::optional<Errno> Set(const FileLock& lock) {
    const posix::Result<> result = locks->Set(lock);
    EXPECT_TRUE(locks->CheckInvariants().has_value());
    if (!result) return result.error();
    return std::nullopt;
  }

  FileWorld world;
  Ref<FileLocks> locks = *MakeObject<FileLocks>(world.memory);
};

TEST(FileLocks, ReplaceWhatTheyCover) {
  LockWorld world;
  EXPECT_EQ(world.Set(LockOf(0, 2, 7, Mode::kExclusive)), std::nullopt);
  EXPECT_EQ(world.Picture(), "..AAAAAA..");
  EXPECT_EQ(world.Set(LockOf(0, 4, 5, Mode::kShared)), std::nullopt);
  EXPECT_EQ(world.Picture(), "..AAaaAA..");
  EXPECT_EQ(world.Set(LockOf(0, 0, 2, Mode::kShared)), std::nullopt);
  EXPECT_EQ(world.Picture(), "aaaAaaAA..");
  EXPECT_TRUE(world.locks->Remove(LockOf(0, 5, 6, Mode::kShared)).has_value());
  EXPECT_EQ(world.Picture(), "aaaAa..A..");
  EXPECT_EQ(world.Set(LockOf(0, 0, FileLock::kEnd, Mode::kShared)), std::nullopt);
  EXPECT_EQ(world.Picture(), "aaaaaaaaaa");
  world.locks->RemoveAll(&kOwners[0]);
  EXPECT_TRUE(world.locks->IsEmpty());
}

TEST(FileLocks, OnlyExclusiveOnesAreInTheWay) {
  LockWorld world;
  EXPECT_EQ(world.Set(LockOf(0, 0, 5, Mode::kShared)), std::nullopt);
  EXPECT_EQ(world.Set(LockOf(1, 3, 8, Mode::kShared)), std::nullopt);
  EXPECT_EQ(world.Set(LockOf(1, 5, 5, Mode::kExclusive)), Errno::kAgain);
  EXPECT_EQ(world.Set(LockOf(1, 6, 8, Mode::kExclusive)), std::nullopt);
  EXPECT_EQ(world.Set(LockOf(0, 8, 9, Mode::kShared)), Errno::kAgain);
  // Of another kind they do not see each other.
  EXPECT_EQ(world.Set(LockOf(2, 0, FileLock::kEnd, Mode::kExclusive, Kind::kWhole)), std::nullopt);
  EXPECT_EQ(world.Set(LockOf(1, 0, FileLock::kEnd, Mode::kShared, Kind::kWhole)), Errno::kAgain);
}

TEST(FileLocks, WaitUntilTheOtherIsGone) {
  LockWorld world;
  EXPECT_EQ(world.Set(LockOf(0, 0, 5, Mode::kExclusive)), std::nullopt);
  const FileLock wanted = LockOf(1, 5, 9, Mode::kShared);
  {
    const sched::host::WhileBlocked other([&](sched::Deadline) {
      world.locks->RemoveAll(&kOwners[0]);
      return sched::WaitResult::kWoken;
    });
    EXPECT_TRUE(world.locks->WaitToSet(wanted).has_value());
  }
  EXPECT_EQ(world.Picture(), ".....bbbbb");
  const sched::host::WhileBlocked signal(
      [](sched::Deadline) { return sched::WaitResult::kInterrupted; });
  EXPECT_EQ(world.locks->WaitToSet(LockOf(0, 0, 9, Mode::kExclusive)).error(), Errno::kRestart);
}

TEST(FileLocks, LackMemoryWithoutHarm) {
  LockWorld world;
  EXPECT_EQ(world.Set(LockOf(0, 0, 9, Mode::kExclusive)), std::nullopt);
  for (unsigned failing = 1; failing <= 2; ++failing) {
    world.world.memory.failure.FailAllocation(failing);
    EXPECT_EQ(world.Set(LockOf(0, 3, 4, Mode::kShared)), Errno::kOutOfMemory);
  }
  world.world.memory.failure.FailAllocation(1);
  EXPECT_EQ(world.locks->Remove(LockOf(0, 3, 4, Mode::kShared)).error(), Errno::kOutOfMemory);
  world.world.memory.failure.FailNothing();
  EXPECT_EQ(world.Picture(), "AAAAAAAAAA");
}

TEST(FileLocks, GoWithTheDescriptors) {
  FileWorld world;
  const Ref<Inode> inode = *world.system.MakeUnnamed(0600);
  const Ref<FileTable> files = *MakeObject<FileTable>(world.memory);
  const Ref<FileLocks> locks(*inode->MakeLocks());
  const auto open = [&] {
    return *files->Add(*inode->Open(posix::open_flag::kReadWrite), CloseOnExec::kNo);
  };
  const int one = open();
  const int two = open();
  EXPECT_TRUE(locks->Set({.owner = files.get()}));
  EXPECT_TRUE(locks->Set({.kind = Kind::kWhole, .owner = files->Find(one)}));
  // A copy of the descriptor keeps the open file; any close ends the record locks.
  EXPECT_TRUE(files->Add(*files->Get(one), CloseOnExec::kNo));
  EXPECT_TRUE(files->Close(two));
  EXPECT_FALSE(locks->ScanForConflict({.mode = Mode::kExclusive}));
  const FileLock whole = {.kind = Kind::kWhole, .mode = Mode::kExclusive};
  EXPECT_TRUE(locks->ScanForConflict(whole));
  EXPECT_TRUE(files->Close(one));
  EXPECT_TRUE(locks->ScanForConflict(whole));
  files->CloseRange(0, 100);
  EXPECT_TRUE(locks->IsEmpty());
}

}  // namespace
}  // namespace fs
