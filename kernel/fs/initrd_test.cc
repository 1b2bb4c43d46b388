#include "kernel/fs/initrd.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/fs/cpio.h"
#include "kernel/fs/cpio_archive.h"
#include "kernel/fs/file_world.h"
#include "testing/unit/test.h"

namespace fs {
namespace {

using posix::Errno;
using posix::FileType;
namespace open_flag = posix::open_flag;

// Too large for a kernel's stack.
[[clang::no_destroy]] constinit std::optional<CpioWriter> archive_storage;

struct InitrdWorld {
  UnpackReport Unpack() {
    archive.emplace(writer.bytes());
    return UnpackArchive(world.memory, *archive, names);
  }
  Ref<Inode> At(std::string_view path) { return *names.Find(names.root(), path, FinalLink::kKeep); }
  bool Has(std::string_view path) {
    return names.Find(names.root(), path, FinalLink::kKeep).has_value();
  }
  Ref<OpenFile> Open(std::string_view path, uint32_t flags = 0) {
    return *names.Open(names.root(), path, flags);
  }

  CpioWriter& writer = archive_storage.emplace();
  FileWorld world;
  std::optional<SpanArchive> archive;
  FileNamespace names = world.MakeNames();
};

TEST(Initrd, UnpacksFilesOfAllKinds) {
  InitrdWorld world;
  world.writer.Add({.name = ".", .mode = 040700});
  world.writer.Add({.name = "bin", .mode = 040755});
  world.writer.Add({.name = "./bin/sh", .mode = 0100755, .data = "#!shell"});
  world.writer.Add({.name = "/etc/deep/er/file", .data = "x"});
  world.writer.Add({.name = "link", .mode = 0120777, .data = "bin/sh"});
  world.writer.Add({.name = "null", .mode = 020666});
  world.writer.Add({.name = "fifo", .mode = 010600});
  world.writer.End();
  const UnpackReport report = world.Unpack();
  EXPECT_EQ(report.files, 7U);
  EXPECT_EQ(report.passed_over, 0U);
  EXPECT_TRUE(report.fault == CpioFault::kNone);
  EXPECT_EQ(world.names.root().permissions(), 0700U);
  EXPECT_EQ(world.At("/bin/sh")->permissions(), 0755U);
  EXPECT_EQ(world.At("/bin/sh")->Status().modified.seconds, 77);
  EXPECT_EQ(TextReader(*world.Open("/link")).text(), "#!shell");
  EXPECT_EQ(TextReader(*world.Open("/etc/deep/er/file")).text(), "x");
  constexpr posix::DeviceNumber kNull = {1, 3};
  EXPECT_TRUE(world.At("/null")->Status().device == kNull);
  EXPECT_TRUE(world.At("/fifo")->type() == FileType::kFifo);
}

TEST(Initrd, ContentsComeWhenTheyAreRead) {
  InitrdWorld world;
  static std::array<char, 9000> data;
  for (size_t i = 0; i < data.size(); ++i) data[i] = static_cast<char>('a' + i % 23);
  world.writer.Add({.name = "file", .data = {data.data(), data.size()}});
  world.writer.End();
  ASSERT_EQ(world.Unpack().files, 1U);
  EXPECT_EQ(world.At("/file")->size_bytes(), 9000U);
  EXPECT_EQ(world.world.pool.pages().value, 0U);
  const Ref<OpenFile> file = world.Open("/file", open_flag::kReadWrite);
  EXPECT_EQ(*file->Seek(4090, posix::Whence::kSet), 4090U);
  EXPECT_EQ(TextReader(*file, 12).text(), std::string_view(data.data() + 4090, 12));
  EXPECT_EQ(world.world.pool.pages().value, 2U);
  // A page that is half written keeps its other half.
  EXPECT_EQ(*file->Seek(8200, posix::Whence::kSet), 8200U);
  EXPECT_EQ(WriteText(*file, "NEW"), 3);
  EXPECT_EQ(*file->Seek(8198, posix::Whence::kSet), 8198U);
  EXPECT_EQ(TextReader(*file, 7).text().substr(2, 3), "NEW");
  EXPECT_EQ(TextReader(*file, 1).text(), std::string_view(data.data() + 8205, 1));
}

TEST(Initrd, WhatIsCutOffDoesNotComeBack) {
  InitrdWorld world;
  static std::array<char, 6000> data;
  data.fill('x');
  world.writer.Add({.name = "file", .data = {data.data(), data.size()}});
  world.writer.End();
  ASSERT_EQ(world.Unpack().files, 1U);
  ASSERT_TRUE(world.At("/file")->Resize(4098).has_value());
  ASSERT_TRUE(world.At("/file")->Resize(6000).has_value());
  const Ref<OpenFile> file = world.Open("/file");
  EXPECT_EQ(*file->Seek(4094, posix::Whence::kSet), 4094U);
  EXPECT_EQ(TextReader(*file, 6).text(), std::string_view("xxxx\0\0", 6));
}

TEST(Initrd, LinksShareAFile) {
  InitrdWorld world;
  world.writer.Add({.name = "a", .links = 3, .inode = 5});
  world.writer.Add({.name = "b", .links = 3, .inode = 5});
  world.writer.Add({.name = "c", .data = "data", .links = 3, .inode = 5});
  world.writer.Add({.name = "d", .data = "other", .links = 2, .inode = 6});
  world.writer.End();
  ASSERT_EQ(world.Unpack().files, 4U);
  EXPECT_TRUE(world.At("/a") == world.At("/c"));
  EXPECT_EQ(world.At("/b")->Status().links, 3U);
  EXPECT_EQ(TextReader(*world.Open("/a")).text(), "data");
  EXPECT_EQ(TextReader(*world.Open("/d")).text(), "other");
}

TEST(Initrd, LaterEntriesReplaceEarlierOnes) {
  InitrdWorld world;
  world.writer.Add({.name = "file", .data = "old"});
  world.writer.Add({.name = "file", .data = "new!"});
  world.writer.Add({.name = "dir", .mode = 040755});
  world.writer.Add({.name = "dir", .mode = 040711});
  world.writer.End();
  world.writer.Put(std::string_view("\0\0\0\0", 4));
  world.writer.Add({.name = "file2", .mode = 0120777, .data = "file"});
  world.writer.End();
  EXPECT_EQ(world.Unpack().files, 5U);
  EXPECT_EQ(TextReader(*world.Open("/file2")).text(), "new!");
  EXPECT_EQ(world.At("/dir")->permissions(), 0711U);
}

TEST(Initrd, PassesOverWhatMakesNoSense) {
  InitrdWorld world;
  world.writer.Add({.name = "../out", .data = "x"});
  world.writer.Add({.name = "a/../../out", .data = "x"});
  world.writer.Add({.name = "sock", .mode = 0140644});
  world.writer.Add({.name = "link", .mode = 0120777});
  world.writer.Add({.name = "dir", .mode = 040755});
  world.writer.Add({.name = "dir", .data = "a file over a directory"});
  world.writer.Add({.name = "good"});
  world.writer.End();
  const UnpackReport report = world.Unpack();
  EXPECT_EQ(report.files, 2U);
  EXPECT_EQ(report.passed_over, 5U);
  EXPECT_FALSE(world.Has("/out"));
  EXPECT_TRUE(world.Has("/good"));
}

TEST(Initrd, SaysWhereAnArchiveIsBroken) {
  struct Row {
    size_t at;
    std::string_view bytes;
    size_t keep;  // of the archive's bytes
    CpioFault fault;
    uint64_t offset;
  };
  constexpr size_t kAll = 10000;
  // The second entry begins at 116, its name at 226.
  constexpr Row kRows[] = {
      {0, "X", kAll, CpioFault::kMagic, 0},
      {116, "070700", kAll, CpioFault::kMagic, 116},
      {116 + 6 + 8, "g", kAll, CpioFault::kNotHex, 116},
      {116 + 6 + 8 + 4, "f", kAll, CpioFault::kMode, 116},
      {116 + 6 + 8 * 6, "7fffffff", kAll, CpioFault::kBeyondEnd, 116},
      {116 + 6 + 8 * 6, "ffffffff", kAll, CpioFault::kBeyondEnd, 116},
      {116 + 6 + 8 * 11, "00000000", kAll, CpioFault::kNameLength, 116},
      {116 + 6 + 8 * 11, "00000001", kAll, CpioFault::kNameLength, 116},
      {116 + 6 + 8 * 11, "ffffffff", kAll, CpioFault::kNameLength, 116},
      {116 + 6 + 8 * 11, "00001000", kAll, CpioFault::kBeyondEnd, 116},
      {116 + 6 + 8 * 11, "00000004", kAll, CpioFault::kName, 116},
      {226, std::string_view("\0", 1), kAll, CpioFault::kName, 116},
      {0, "", 0, CpioFault::kNone, 0},
      {0, "", 50, CpioFault::kBeyondEnd, 0},
      {0, "", 112, CpioFault::kBeyondEnd, 0},
      {0, "", 116, CpioFault::kNoTrailer, 116},
      {0, "", 230, CpioFault::kBeyondEnd, 116},
  };
  for (const Row& row : kRows) {
    InitrdWorld world;
    world.writer.Add({.name = "first"});
    world.writer.Add({.name = "file", .data = "data"});
    world.writer.End();
    const std::span<std::byte> bytes = world.writer.bytes();
    std::ranges::copy(std::as_bytes(std::span(row.bytes)),
                      bytes.begin() + static_cast<ptrdiff_t>(row.at));
    const SpanArchive archive(bytes.first(std::min(row.keep, bytes.size())));
    const UnpackReport report = UnpackArchive(world.world.memory, archive, world.names);
    EXPECT_TRUE(report.fault == row.fault) << CpioFaultName(report.fault) << row.at << row.bytes;
    EXPECT_EQ(report.fault_offset, row.offset) << row.at << row.bytes;
  }
}

TEST(Initrd, LacksMemoryWithoutHarm) {
  for (unsigned failing = 0;; ++failing) {
    InitrdWorld world;
    world.writer.Add({.name = "a/b/c", .data = "x", .links = 2, .inode = 1});
    world.writer.Add({.name = "a/link", .mode = 0120777, .data = "target"});
    world.writer.End();
    world.world.memory.failure.FailAfter(failing);
    const UnpackReport report = world.Unpack();
    world.world.memory.failure.FailNothing();
    if (!report.out_of_memory) {
      EXPECT_EQ(report.files, 2U);
      break;
    }
    ASSERT_LT(failing, 100U);
  }
}

}  // namespace
}  // namespace fs
