#include "kernel/fs/devices.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "kernel/fs/file_world.h"
#include "kernel/fs/terminal_world.h"
#include "testing/unit/test.h"

namespace fs {
namespace {

using posix::Errno;
namespace open_flag = posix::open_flag;

struct DeviceWorld {
  DeviceWorld() { EXPECT_TRUE(MakeDeviceFiles(names).has_value()); }

  posix::Result<Ref<OpenFile>> Open(std::string_view path) {
    return names.Open(names.root(), path, open_flag::kReadWrite);
  }

  FileWorld world;
  TestScreen screen;
  TestJobs jobs;
  Terminal terminal{screen, jobs, world.environment};
  Devices devices{{world.memory, world.environment, terminal, jobs}};
  TmpFileSystem system{
      {world.memory, world.environment, world.pool, devices}, {0, 3}, FileWorld::kMostPages};
  FileNamespace names{*system.MakeRoot(), "tmpfs"};
};

TEST(Devices, MemoryDevices) {
  constexpr auto kNoSpace = -static_cast<intptr_t>(Errno::kNoSpace);
  struct Row {
    std::string_view path;
    std::string_view read;  // four bytes at most
    intptr_t written;       // of three
    MappedAs mapped_as;
  };
  constexpr Row kRows[] = {
      {"/dev/null", "", 3, MappedAs::kNothing},
      {"/dev/zero", std::string_view("\0\0\0\0", 4), 3, MappedAs::kZeroes},
      {"/dev/full", std::string_view("\0\0\0\0", 4), kNoSpace, MappedAs::kNothing},
      {"/dev/random", "\x01\x02\x03\x04", 3, MappedAs::kNothing},
      {"/dev/urandom", "\x05\x06\x07\x08", 3, MappedAs::kNothing},
  };
  DeviceWorld world;
  for (const Row& row : kRows) {
    const Ref<OpenFile> file = *world.Open(row.path);
    EXPECT_EQ(TextReader(*file, 4).text(), row.read) << row.path;
    EXPECT_EQ(WriteText(*file, "abc"), row.written) << row.path;
    EXPECT_TRUE(file->inode().mapped_as() == row.mapped_as) << row.path;
    EXPECT_EQ(*file->Seek(100, posix::Whence::kEnd), 0U) << row.path;
    BrokenDestination part(1000, 300);
    const posix::Result<size_t> moved = file->Read(part);
    EXPECT_EQ(*moved, row.read.empty() ? 0U : 300U) << row.path;
  }
}

TEST(Devices, WhatIsWrittenStirsRandomBytes) {
  DeviceWorld world;
  const Ref<OpenFile> random = *world.Open("/dev/random");
  EXPECT_EQ(WriteText(*random, "abc"), 3);
  EXPECT_EQ(world.world.environment.stirred_bytes, 3U);
  const Ref<OpenFile> unlimited = *world.Open("/dev/urandom");
  EXPECT_EQ(WriteText(*unlimited, std::string(1000, 'x')), 1000);
  EXPECT_EQ(world.world.environment.stirred_bytes, 3U + 256U);
  const Ref<OpenFile> null = *world.Open("/dev/null");
  EXPECT_EQ(WriteText(*null, "abc"), 3);
  EXPECT_EQ(world.world.environment.stirred_bytes, 3U + 256U);
}

TEST(Devices, TheTerminalBecomesASessions) {
  DeviceWorld world;
  EXPECT_TRUE(world.Open("/dev/tty").error() == Errno::kNoDevice);
  const auto flags = open_flag::kReadWrite | open_flag::kNoControllingTerminal;
  EXPECT_TRUE(world.names.Open(world.names.root(), "/dev/ttyS0", flags).has_value());
  const Ref<OpenFile> console = *world.Open("/dev/console");
  EXPECT_EQ(world.terminal.session(), 0);
  EXPECT_TRUE(world.Open("/dev/ttyS0").has_value());
  EXPECT_EQ(world.terminal.session(), 7);
  const Ref<OpenFile> own = *world.Open("/dev/tty");
  EXPECT_EQ(WriteText(*own, "hello\n"), 6);
  EXPECT_EQ(world.screen.Take(), "hello\r\n");
  world.terminal.Receive('\n');
  EXPECT_EQ(TextReader(*console).text(), "\n");
  world.jobs.session = 9;
  EXPECT_TRUE(world.Open("/dev/tty").error() == Errno::kNoDevice);
}

TEST(Devices, OthersAreNotThere) {
  DeviceWorld world;
  constexpr posix::DeviceNumber kNumbers[] = {{1, 1}, {1, 4}, {4, 0}, {5, 2}, {0, 0}};
  for (const posix::DeviceNumber& number : kNumbers) {
    const NewInode device = {posix::FileType::kCharacterDevice, 0600, number, {}};
    ASSERT_TRUE(world.names.Create(world.names.root(), "/d", device).has_value());
    EXPECT_TRUE(world.Open("/d").error() == Errno::kNoDevice) << number.major << number.minor;
    ASSERT_TRUE(world.names.Unlink(world.names.root(), "/d").has_value());
  }
  const NewInode block = {posix::FileType::kBlockDevice, 0600, {1, 3}, {}};
  ASSERT_TRUE(world.names.Create(world.names.root(), "/b", block).has_value());
  EXPECT_TRUE(world.Open("/b").error() == Errno::kNoDevice);
  // Made twice, all stays as it is.
  EXPECT_TRUE(MakeDeviceFiles(world.names).has_value());
}

}  // namespace
}  // namespace fs
