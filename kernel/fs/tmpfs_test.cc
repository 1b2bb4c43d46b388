#include "kernel/fs/tmpfs.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/fs/file_world.h"
#include "kernel/fs/tmpfs_inode.h"
#include "kernel/mm/test_failures.h"
#include "testing/unit/test.h"

namespace fs {
namespace {

using posix::Errno;
using posix::FileType;
namespace open_flag = posix::open_flag;

constexpr NewInode kFile = {FileType::kRegular, 0644, {}, {}};
constexpr NewInode kDirectory = {FileType::kDirectory, 0755, {}, {}};

bool IsSound(Inode& directory) {
  return static_cast<tmp::Directory&>(directory).CheckInvariants().has_value();
}

// Two letters and two digits.
struct ShortName {
  explicit ShortName(unsigned number) {
    text[2] = static_cast<char>('0' + number / 10 % 10);
    text[3] = static_cast<char>('0' + number % 10);
    text[1] = static_cast<char>('a' + number / 100);
  }
  [[nodiscard]] std::string_view view() const { return {text.data(), text.size()}; }
  std::array<char, 4> text = {'n', 'a', '0', '0'};
};

TEST(Tmpfs, ManyNamesInADirectory) {
  FileWorld world;
  const Ref<Inode> root = *world.system.MakeRoot();
  constexpr unsigned kNames = 150;
  for (unsigned i = 0; i < kNames; ++i) {
    ASSERT_TRUE(root->Create(ShortName(i).view(), {FileType::kSymlink, 0, {}, "x"}).has_value());
    ASSERT_TRUE(IsSound(*root));
  }
  EXPECT_TRUE(root->Create(ShortName(7).view(), kFile).error() == Errno::kExists);
  for (unsigned i = 0; i < kNames; i += 2) {
    ASSERT_TRUE(root->Unlink(ShortName(i).view()).has_value());
    ASSERT_TRUE(IsSound(*root));
  }
  for (unsigned i = 0; i < kNames; ++i) {
    EXPECT_EQ(root->Lookup(ShortName(i).view()).has_value(), i % 2 == 1) << i;
  }
}

TEST(Tmpfs, ListsWhatIsThereOnce) {
  FileWorld world;
  const Ref<Inode> root = *world.system.MakeRoot();
  for (unsigned i = 0; i < 6; ++i) ASSERT_TRUE(root->Create(ShortName(i).view(), kFile));
  const Ref<OpenFile> file = *root->Open(open_flag::kReadOnly);
  // Two at a time; of what was listed, one is removed, and of what was not, one, and one comes.
  std::array<char, 64> seen{};
  size_t count = 0;
  for (unsigned call = 0; call < 8; ++call) {
    unsigned in_call = 0;
    ASSERT_TRUE(file->List([&](const DirectoryEntry& entry) {
      if (in_call++ == 2) return Listing::kStop;
      seen[count++] = entry.name.back();
      return Listing::kGoOn;
    }));
    if (call == 1) {
      ASSERT_TRUE(root->Unlink(ShortName(0).view()));
      ASSERT_TRUE(root->Unlink(ShortName(3).view()));
      ASSERT_TRUE(root->Create(ShortName(9).view(), kFile));
    }
  }
  EXPECT_EQ(std::string_view(seen.data(), count), "..012459");
}

TEST(Tmpfs, CountsOfLinks) {
  FileWorld world;
  const Ref<Inode> root = *world.system.MakeRoot();
  EXPECT_EQ(root->Status().links, 2U);
  const Ref<Inode> sub = *root->Create("sub", kDirectory);
  EXPECT_EQ(root->Status().links, 3U);
  EXPECT_EQ(sub->Status().links, 2U);
  const Ref<Inode> file = *sub->Create("file", kFile);
  EXPECT_EQ(sub->Status().links, 2U);
  EXPECT_EQ(file->Status().links, 1U);
  EXPECT_TRUE(sub->Unlink("file"));
  EXPECT_EQ(file->Status().links, 0U);
  EXPECT_TRUE(root->RemoveDirectory("sub"));
  EXPECT_EQ(sub->Status().links, 0U);
  EXPECT_EQ(root->Status().links, 2U);
}

TEST(Tmpfs, ReadsWhatWasWritten) {
  FileWorld world;
  const Ref<Inode> root = *world.system.MakeRoot();
  const Ref<Inode> inode = *root->Create("file", kFile);
  const Ref<OpenFile> file = *inode->Open(open_flag::kReadWrite);
  EXPECT_EQ(WriteText(*file, "hello "), 6);
  EXPECT_EQ(WriteText(*file, "world"), 5);
  EXPECT_EQ(TextReader(*file).text(), "");
  EXPECT_EQ(*file->Seek(-5, posix::Whence::kEnd), 6U);
  EXPECT_EQ(TextReader(*file, 3).text(), "wor");
  EXPECT_EQ(TextReader(*file, 3).text(), "ld");
  // Across a page's edge, and behind a hole.
  EXPECT_EQ(*file->Seek(4094, posix::Whence::kSet), 4094U);
  EXPECT_EQ(WriteText(*file, "abcd"), 4);
  EXPECT_EQ(inode->size_bytes(), 4098U);
  EXPECT_EQ(inode->Status().allocated_bytes, 8192U);
  EXPECT_EQ(*file->Seek(4090, posix::Whence::kSet), 4090U);
  EXPECT_EQ(TextReader(*file).text(), std::string_view("\0\0\0\0abcd", 8));
  EXPECT_EQ(*file->Seek(3 * 4096, posix::Whence::kCurrent), 4098U + 3 * 4096);
  EXPECT_EQ(WriteText(*file, "z"), 1);
  EXPECT_EQ(inode->Status().allocated_bytes, 3U * 4096);
  EXPECT_TRUE(inode->Resize(4095));
  EXPECT_TRUE(inode->Resize(8192));
  EXPECT_EQ(*file->Seek(4092, posix::Whence::kSet), 4092U);
  EXPECT_EQ(TextReader(*file, 6).text(), std::string_view("\0\0a\0\0\0", 6));
}

TEST(Tmpfs, SeeksWithinBounds) {
  FileWorld world;
  const Ref<Inode> root = *world.system.MakeRoot();
  const Ref<OpenFile> file = *(*root->Create("f", kFile))->Open(open_flag::kReadWrite);
  EXPECT_EQ(WriteText(*file, "12345"), 5);
  constexpr int64_t kMost = INT64_MAX;
  EXPECT_TRUE(file->Seek(-6, posix::Whence::kCurrent).error() == Errno::kInvalid);
  EXPECT_TRUE(file->Seek(kMost, posix::Whence::kEnd).error() == Errno::kOverflow);
  EXPECT_TRUE(file->Seek(5, posix::Whence::kData).error() == Errno::kNoDevice);
  EXPECT_EQ(*file->Seek(2, posix::Whence::kData), 2U);
  EXPECT_EQ(*file->Seek(2, posix::Whence::kHole), 5U);
  EXPECT_EQ(*file->Seek(kMost, posix::Whence::kSet), static_cast<uint64_t>(kMost));
  EXPECT_EQ(WriteText(*file, "x"), posix::ReturnValueOf(Errno::kFileTooLarge));
  EXPECT_EQ(TextReader(*file).text(), "");
  EXPECT_TRUE(file->inode().Resize(uint64_t{1} << 63).error() == Errno::kInvalid);
  EXPECT_TRUE(file->inode().Resize(kMost).error() == Errno::kFileTooLarge);
}

TEST(Tmpfs, AppendsWhereverItStands) {
  FileWorld world;
  const Ref<Inode> root = *world.system.MakeRoot();
  const Ref<Inode> inode = *root->Create("f", kFile);
  const Ref<OpenFile> one = *inode->Open(open_flag::kReadWrite | open_flag::kAppend);
  const Ref<OpenFile> two = *inode->Open(open_flag::kWriteOnly);
  EXPECT_EQ(WriteText(*one, "a"), 1);
  EXPECT_EQ(WriteText(*two, "bcd"), 3);
  EXPECT_EQ(WriteText(*one, "e"), 1);
  EXPECT_EQ(*one->Seek(0, posix::Whence::kSet), 0U);
  EXPECT_EQ(TextReader(*one).text(), "bcde");
}

TEST(Tmpfs, MemoryThatIsNotThereEndsACopy) {
  FileWorld world;
  const Ref<Inode> root = *world.system.MakeRoot();
  const Ref<Inode> inode = *root->Create("f", kFile);
  BrokenSource half(10, 4);
  EXPECT_EQ(*inode->WriteAt(0, half), 4U);
  EXPECT_EQ(inode->size_bytes(), 4U);
  BrokenSource none(10, 0);
  EXPECT_TRUE(inode->WriteAt(100, none).error() == Errno::kFault);
  EXPECT_EQ(inode->size_bytes(), 4U);
  BrokenSource page(5000, 4097);
  EXPECT_EQ(*inode->WriteAt(0, page), 4097U);
  BrokenDestination part(5000, 4096);
  EXPECT_EQ(*inode->ReadAt(0, part), 4096U);
  BrokenDestination nothing(5000, 0);
  EXPECT_TRUE(inode->ReadAt(0, nothing).error() == Errno::kFault);
}

TEST(Tmpfs, EndsWhereItsShareOfMemoryEnds) {
  FileWorld world;
  const Ref<Inode> root = *world.system.MakeRoot();
  const Ref<OpenFile> file = *(*root->Create("f", kFile))->Open(open_flag::kReadWrite);
  size_t written = 0;
  static std::array<char, 4096> page;
  while (WriteText(*file, {page.data(), page.size()}) == 4096) ++written;
  EXPECT_EQ(written, FileWorld::kMostPages.value);
  EXPECT_EQ(WriteText(*file, "x"), posix::ReturnValueOf(Errno::kNoSpace));
  // What has its page can still change.
  EXPECT_EQ(*file->Seek(5, posix::Whence::kSet), 5U);
  EXPECT_EQ(WriteText(*file, "x"), 1);
  EXPECT_TRUE(file->inode().Resize(0));
  EXPECT_EQ(world.pool.pages().value, 0U);
}

TEST(Tmpfs, EveryChangeSurvivesALackOfMemory) {
  FileWorld world;
  const Ref<Inode> root = *world.system.MakeRoot();
  const Ref<Inode> sub = *root->Create("sub", kDirectory);
  ASSERT_TRUE(sub->Create("file", kFile));
  const size_t blocks = world.memory.blocks();
  struct Failing {
    mm::FailurePoint& point;
    void FailAllocation(unsigned n) { point.FailAllocation(n); }
    void FailNothing() { point.FailNothing(); }
    [[nodiscard]] bool has_failed() const { return point.has_failed(); }
  } failing{world.memory.failure};
  const auto as_base = [](const auto& result) -> base::Result<> {
    if (result.has_value()) return {};
    const bool is_memory = result.error() == Errno::kOutOfMemory;
    return std::unexpected(is_memory ? base::Error::kOutOfMemory : base::Error::kCorrupt);
  };
  const auto unchanged = [&] {
    return IsSound(*root) && IsSound(*sub) && world.memory.blocks() == blocks &&
           static_cast<tmp::Directory&>(*root).entries() == 1;
  };
  const auto check = [&](auto operation) {
    const mm::FailureRun run =
        mm::FailEachAllocation(failing, [&] { return as_base(operation()); }, unchanged);
    EXPECT_EQ(run.fault, "") << run.failed;
    EXPECT_GT(run.failed, 0U);
  };
  check([&] { return root->Create("new", kFile); });
  ASSERT_TRUE(root->Unlink("new"));
  check([&] { return root->Create("new", {FileType::kSymlink, 0, {}, "target"}); });
  ASSERT_TRUE(root->Unlink("new"));
  check([&] { return root->Create("new", {FileType::kFifo, 0644, {}, {}}); });
  ASSERT_TRUE(root->Unlink("new"));
  check([&] { return root->Create("new", kDirectory); });
  ASSERT_TRUE(root->RemoveDirectory("new"));
  check([&] { return root->Link("new", **sub->Lookup("file")); });
  ASSERT_TRUE(root->Unlink("new"));
  check([&] { return sub->Rename("file", *root, "new"); });
  EXPECT_TRUE(root->Lookup("new"));
}

TEST(Tmpfs, NothingIsLeft) {
  FileWorld world;
  {
    const Ref<Inode> root = *world.system.MakeRoot();
    const Ref<Inode> sub = *root->Create("sub", kDirectory);
    const Ref<Inode> deep = *sub->Create("deep", kDirectory);
    const Ref<OpenFile> file = *(*deep->Create("f", kFile))->Open(open_flag::kReadWrite);
    EXPECT_EQ(WriteText(*file, "x"), 1);
    EXPECT_TRUE(deep->Unlink("f"));
    EXPECT_EQ(world.pool.pages().value, 1U);  // somebody has it open
    const Ref<Inode> unnamed = *world.system.MakeUnnamed(0600);
    EXPECT_EQ(unnamed->Status().links, 0U);
  }
  EXPECT_EQ(world.memory.blocks(), 0U);
  EXPECT_EQ(world.pool.pages().value, 0U);
}

}  // namespace
}  // namespace fs
