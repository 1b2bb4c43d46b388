#include "kernel/fs/devices.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

#include "kernel/fs/disk.h"
#include "kernel/fs/file_world.h"
#include "kernel/fs/terminal_world.h"
#include "kernel/posix/ioctl.h"
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
  Disk disk{world.memory, world.pool};
  Devices devices{{world.memory, world.environment, terminal, jobs, disk}};
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

struct IdleDriver final : DiskDriver {
  void OnTransfers() override {}
  [[nodiscard]] bool MayBeAwaited() const override { return false; }
};

class TestIoctl final : public IoctlArgument {
 public:
  TestIoctl() : IoctlArgument(0) {}
  posix::Result<> Read(std::span<std::byte>) override { return {}; }
  posix::Result<> Write(std::span<const std::byte> structure) override {
    std::memcpy(&written, structure.data(), structure.size());
    bytes = structure.size();
    return {};
  }
  uint64_t written = 0;
  size_t bytes = 0;
};

TEST(Devices, TheDiskComesAndGoes) {
  DeviceWorld world;
  IdleDriver driver;
  EXPECT_TRUE(world.Open("/dev/vda").error() == Errno::kNoEntry);
  ASSERT_TRUE(MakeDiskFile(world.names).has_value());
  EXPECT_TRUE(MakeDiskFile(world.names).error() == Errno::kExists);
  EXPECT_TRUE(world.Open("/dev/vda").error() == Errno::kNoDevice) << "nobody drives it";
  ASSERT_TRUE(world.disk.Offer(driver, 8192 + 512, Disk::Writing::kAllowed).has_value());
  Ref<OpenFile> file = *world.Open("/dev/vda");
  EXPECT_TRUE(file->inode().mapped_as() == MappedAs::kPages);
  EXPECT_TRUE(world.disk.pages()->owner() == &file->inode());
  EXPECT_TRUE(file->inode().pages() == world.disk.pages());
  EXPECT_EQ(file->inode().Status().size_bytes, 0U);
  EXPECT_EQ(*file->Seek(-512, posix::Whence::kEnd), 8192U);
  EXPECT_TRUE(TextReader(*file).error() == Errno::kInputOutput);
  EXPECT_TRUE(file->inode().Resize(0).error() == Errno::kInvalid);
  EXPECT_TRUE(file->inode().Sync().error() == Errno::kInputOutput);
  struct Row {
    uint32_t request;
    uint64_t answer;
    size_t bytes;
  };
  for (const Row& row :
       {Row{posix::ioctl::kGetDiskBytes, 8704, 8},
        Row{posix::ioctl::kGetDiskSectors, 17, sizeof(uintptr_t)},
        Row{posix::ioctl::kGetSectorBytes, 512, 4}, Row{posix::ioctl::kGetDiskReadOnly, 0, 4}}) {
    TestIoctl argument;
    EXPECT_TRUE(file->Ioctl(row.request, argument).has_value());
    EXPECT_EQ(argument.written, row.answer);
    EXPECT_EQ(argument.bytes, row.bytes);
  }
  TestIoctl other;
  EXPECT_TRUE(file->Ioctl(posix::ioctl::kGetTerminal, other).error() == Errno::kNotTerminal);
  RemoveDiskFile(world.names);
  RemoveDiskFile(world.names);
  EXPECT_TRUE(world.Open("/dev/vda").error() == Errno::kNoEntry);
  world.disk.Revoke(Disk::Device::kQuiet);
  EXPECT_TRUE(world.disk.pages()->owner() == &file->inode());
  file = {};
  EXPECT_TRUE(world.disk.pages()->owner() == nullptr) << "it is gone";
  // One that cannot be written.
  ASSERT_TRUE(world.disk.Offer(driver, 8192 + 512, Disk::Writing::kForbidden).has_value());
  ASSERT_TRUE(MakeDiskFile(world.names).has_value());
  EXPECT_TRUE(world.Open("/dev/vda").error() == Errno::kReadOnly);
  EXPECT_TRUE(world.names.Open(world.names.root(), "/dev/vda", open_flag::kReadOnly).has_value());
  world.disk.Revoke(Disk::Device::kQuiet);
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
