#include "kernel/fs/file_namespace.h"

#include <array>
#include <string_view>

#include "kernel/fs/file_world.h"
#include "testing/unit/test.h"

namespace fs {
namespace {

using posix::Errno;
using posix::FileType;
namespace open_flag = posix::open_flag;

constexpr int kFound = 0;

int ErrorOf(const auto& result) {
  return result.has_value() ? kFound : static_cast<int>(result.error());
}
int Number(Errno error) { return static_cast<int>(error); }

// /etc/passwd, /home/user, and links of all kinds.
struct Tree {
  Tree() {
    struct Row {
      std::string_view path;
      FileType type;
      std::string_view target;
    };
    constexpr Row kRows[] = {
        {"/etc", FileType::kDirectory, ""},
        {"/etc/passwd", FileType::kRegular, ""},
        {"/home", FileType::kDirectory, ""},
        {"/home/user", FileType::kDirectory, ""},
        {"/home/user/up", FileType::kSymlink, ".."},
        {"/home/user/rel", FileType::kSymlink, "../../etc/passwd"},
        {"/abs", FileType::kSymlink, "/etc/passwd"},
        {"/dir", FileType::kSymlink, "/etc/"},
        {"/chain", FileType::kSymlink, "dir/passwd"},
        {"/loop", FileType::kSymlink, "loop2"},
        {"/loop2", FileType::kSymlink, "/loop"},
        {"/dangling", FileType::kSymlink, "/etc/none"},
        {"/tail", FileType::kSymlink, "abs/"},
    };
    for (const Row& row : kRows) {
      EXPECT_TRUE(names.Create(root(), row.path, {row.type, 0755, {}, row.target}).has_value())
          << row.path;
    }
  }
  Inode& root() { return names.root(); }
  Ref<Inode> At(std::string_view path) { return *names.Find(root(), path, FinalLink::kKeep); }

  FileWorld world;
  FileNamespace names = world.MakeNames();
};

TEST(FileNamespace, Walks) {
  Tree tree;
  struct Row {
    std::string_view start;
    std::string_view path;
    FinalLink final_link;
    std::string_view leads_to;  // by a path without links
    int error;
  };
  constexpr auto kFollow = FinalLink::kFollow;
  constexpr auto kKeep = FinalLink::kKeep;
  constexpr int kNoEntry = static_cast<int>(Errno::kNoEntry);
  constexpr int kNotDirectory = static_cast<int>(Errno::kNotDirectory);
  constexpr int kLoop = static_cast<int>(Errno::kTooManySymlinks);
  constexpr Row kRows[] = {
      {"/", "/", kFollow, "/", kFound},
      {"/", "/////", kFollow, "/", kFound},
      {"/home", "/", kFollow, "/", kFound},
      {"/", "", kFollow, "", kNoEntry},
      {"/home", ".", kFollow, "/home", kFound},
      {"/home", "..", kFollow, "/", kFound},
      {"/", "../../..", kFollow, "/", kFound},
      {"/home/user", "../../etc/./passwd", kFollow, "/etc/passwd", kFound},
      {"/home", "user/", kFollow, "/home/user", kFound},
      {"/home", "user//.//..", kFollow, "/home", kFound},
      {"/", "/etc/passwd/", kFollow, "", kNotDirectory},
      {"/", "/etc/passwd/.", kFollow, "", kNotDirectory},
      {"/", "/etc/passwd/..", kFollow, "", kNotDirectory},
      {"/", "/etc/none", kFollow, "", kNoEntry},
      {"/", "/none/passwd", kFollow, "", kNoEntry},
      {"/", "/home/user/rel", kFollow, "/etc/passwd", kFound},
      {"/", "/home/user/up/user/up", kFollow, "/home", kFound},
      {"/", "/abs", kFollow, "/etc/passwd", kFound},
      {"/", "/abs", kKeep, "/abs", kFound},
      {"/", "/abs/", kKeep, "", kNotDirectory},
      {"/", "/dir", kKeep, "/dir", kFound},
      {"/", "/dir/", kKeep, "/etc", kFound},
      {"/", "/dir", kFollow, "/etc", kFound},
      {"/", "/dir/passwd", kKeep, "/etc/passwd", kFound},
      {"/", "/chain", kFollow, "/etc/passwd", kFound},
      {"/", "/loop", kFollow, "", kLoop},
      {"/", "/loop", kKeep, "/loop", kFound},
      {"/", "/loop/x", kKeep, "", kLoop},
      {"/", "/dangling", kFollow, "", kNoEntry},
      {"/", "/dangling/x", kFollow, "", kNoEntry},
      {"/", "/tail", kFollow, "", kNotDirectory},
  };
  for (const Row& row : kRows) {
    const auto found = tree.names.Find(*tree.At(row.start), row.path, row.final_link);
    EXPECT_EQ(ErrorOf(found), row.error) << row.path;
    if (found) EXPECT_TRUE(*found == tree.At(row.leads_to)) << row.path;
  }
}

TEST(FileNamespace, LengthsHaveLimits) {
  Tree tree;
  static std::array<char, posix::kPathMax + 1> text;
  text.fill('/');
  const std::string_view slashes(text.data(), text.size());
  EXPECT_EQ(ErrorOf(tree.names.Find(tree.root(), slashes.substr(0, posix::kPathMax - 1))), kFound);
  EXPECT_EQ(ErrorOf(tree.names.Find(tree.root(), slashes.substr(0, posix::kPathMax))),
            Number(Errno::kNameTooLong));
  text.fill('n');
  const std::string_view name(text.data(), text.size());
  const NewInode file = {.type = FileType::kRegular, .permissions = 0644};
  EXPECT_EQ(ErrorOf(tree.names.Create(tree.root(), name.substr(0, posix::kNameMax), file)), kFound);
  EXPECT_EQ(ErrorOf(tree.names.Create(tree.root(), name.substr(0, posix::kNameMax + 1), file)),
            Number(Errno::kNameTooLong));
}

TEST(FileNamespace, FortyLinksAreTheMost) {
  Tree tree;
  // a0 is a file, a1 links to it, a2 to a1, …
  std::array<char, 3> name = {'a', '0', '0'};
  std::array<char, 3> before = name;
  const auto text = [](const std::array<char, 3>& from) {
    return std::string_view(from.data(), from.size());
  };
  ASSERT_TRUE(tree.names.Create(tree.root(), text(name), {FileType::kRegular, 0644, {}, {}}));
  for (unsigned i = 1; i <= posix::kMaxSymlinks + 1; ++i) {
    name[1] = static_cast<char>('0' + i / 10);
    name[2] = static_cast<char>('0' + i % 10);
    ASSERT_TRUE(
        tree.names.Create(tree.root(), text(name), {FileType::kSymlink, 0, {}, text(before)}));
    const bool fits = i <= posix::kMaxSymlinks;
    EXPECT_EQ(ErrorOf(tree.names.Find(tree.root(), text(name))),
              fits ? kFound : Number(Errno::kTooManySymlinks))
        << i;
    before = name;
  }
}

TEST(FileNamespace, Opens) {
  constexpr uint32_t kCreate = open_flag::kCreate | open_flag::kWriteOnly;
  struct Row {
    std::string_view path;
    uint32_t flags;
    int error;
  };
  constexpr auto kError = [](Errno error) { return static_cast<int>(error); };
  constexpr Row kRows[] = {
      {"/etc/passwd", open_flag::kReadWrite, kFound},
      {"/etc", open_flag::kReadOnly, kFound},
      {"/etc", open_flag::kWriteOnly, kError(Errno::kIsDirectory)},
      {"/etc", kCreate, kError(Errno::kIsDirectory)},
      {"/etc/passwd", open_flag::kDirectory, kError(Errno::kNotDirectory)},
      {"/etc/", open_flag::kDirectory, kFound},
      {"/etc/passwd/", open_flag::kReadOnly, kError(Errno::kNotDirectory)},
      {"/none", open_flag::kReadOnly, kError(Errno::kNoEntry)},
      {"/new", kCreate, kFound},
      {"/new", kCreate, kFound},
      {"/new", kCreate | open_flag::kExclusive, kError(Errno::kExists)},
      {"/new2/", kCreate, kError(Errno::kIsDirectory)},
      {"/none/new", kCreate, kError(Errno::kNoEntry)},
      {"/dangling", kCreate | open_flag::kExclusive, kError(Errno::kExists)},
      {"/dangling", kCreate | open_flag::kNoFollow, kError(Errno::kTooManySymlinks)},
      {"/dangling", kCreate, kFound},
      {"/etc/none", open_flag::kReadOnly, kFound},  // that made what the link leads to
      {"/abs", open_flag::kNoFollow, kError(Errno::kTooManySymlinks)},
      {"/abs", open_flag::kNoFollow | open_flag::kPath, kFound},
      {"/abs", open_flag::kReadOnly, kFound},
      {"/.", kCreate, kError(Errno::kIsDirectory)},
      {"/", open_flag::kReadOnly, kFound},
  };
  Tree tree;
  for (const Row& row : kRows) {
    EXPECT_EQ(ErrorOf(tree.names.Open(tree.root(), row.path, row.flags, 0644)), row.error)
        << row.path << " " << row.flags;
  }
}

TEST(FileNamespace, TruncatesOnlyWhatIsWritten) {
  Tree tree;
  const auto open = [&](uint32_t flags) { return *tree.names.Open(tree.root(), "/abs", flags); };
  EXPECT_EQ(WriteText(*open(open_flag::kWriteOnly), "text"), 4);
  EXPECT_EQ(TextReader(*open(open_flag::kTruncate)).text(), "text");
  EXPECT_EQ(TextReader(*open(open_flag::kTruncate | open_flag::kReadWrite)).text(), "");
}

TEST(FileNamespace, MakesAndRemovesNames) {
  Tree tree;
  FileNamespace& names = tree.names;
  Inode& root = tree.root();
  const NewInode directory = {FileType::kDirectory, 0755, {}, {}};
  const NewInode file = {FileType::kRegular, 0644, {}, {}};
  EXPECT_EQ(ErrorOf(names.Create(root, "/etc", directory)), Number(Errno::kExists));
  EXPECT_EQ(ErrorOf(names.Create(root, "/", directory)), Number(Errno::kExists));
  EXPECT_EQ(ErrorOf(names.Create(root, "/etc/.", directory)), Number(Errno::kExists));
  EXPECT_EQ(ErrorOf(names.Create(root, "/abs", directory)), Number(Errno::kExists));
  EXPECT_EQ(ErrorOf(names.Create(root, "/file/", file)), Number(Errno::kNoEntry));
  EXPECT_EQ(ErrorOf(names.Create(root, "/sub/", directory)), kFound);
  EXPECT_EQ(ErrorOf(names.RemoveDirectory(root, "/")), Number(Errno::kBusy));
  EXPECT_EQ(ErrorOf(names.RemoveDirectory(root, "/sub/.")), Number(Errno::kInvalid));
  EXPECT_EQ(ErrorOf(names.RemoveDirectory(root, "/sub/..")), Number(Errno::kNotEmpty));
  EXPECT_EQ(ErrorOf(names.RemoveDirectory(root, "/home")), Number(Errno::kNotEmpty));
  EXPECT_EQ(ErrorOf(names.RemoveDirectory(root, "/abs")), Number(Errno::kNotDirectory));
  EXPECT_EQ(ErrorOf(names.Unlink(root, "/sub")), Number(Errno::kIsDirectory));
  EXPECT_EQ(ErrorOf(names.Unlink(root, "/etc/passwd/")), Number(Errno::kNotDirectory));
  EXPECT_EQ(ErrorOf(names.Unlink(root, "/none")), Number(Errno::kNoEntry));
  EXPECT_EQ(ErrorOf(names.Unlink(root, "/abs")), kFound);
  EXPECT_EQ(ErrorOf(names.Find(root, "/etc/passwd")), kFound);
  // A directory that is gone, but somebody's working directory.
  const Ref<Inode> sub = tree.At("/sub");
  EXPECT_EQ(ErrorOf(names.RemoveDirectory(root, "/sub/")), kFound);
  EXPECT_EQ(ErrorOf(names.Find(*sub, "..")), Number(Errno::kNoEntry));
  EXPECT_EQ(ErrorOf(names.Find(*sub, ".")), kFound);
  EXPECT_EQ(ErrorOf(names.Create(*sub, "x", file)), Number(Errno::kNoEntry));
}

TEST(FileNamespace, Renames) {
  struct Row {
    std::string_view from;
    std::string_view to;
    int error;
  };
  constexpr auto kError = [](Errno error) { return static_cast<int>(error); };
  constexpr Row kRows[] = {
      {"/none", "/x", kError(Errno::kNoEntry)},
      {"/etc/.", "/x", kError(Errno::kBusy)},
      {"/home", "/home/user/x", kError(Errno::kInvalid)},
      {"/home", "/home/user", kError(Errno::kInvalid)},
      {"/etc", "/home", kError(Errno::kNotEmpty)},
      {"/etc", "/abs", kError(Errno::kNotDirectory)},
      {"/abs", "/etc", kError(Errno::kIsDirectory)},
      {"/etc/passwd", "/x/", kError(Errno::kNotDirectory)},
      {"/etc/passwd", "/etc/passwd", kFound},
      {"/etc/passwd", "/home/user/p", kFound},
      {"/etc", "/home/etc/", kFound},
      {"/home/etc", "/home/user/../etc2", kFound},
      {"/abs", "/dir/", kError(Errno::kNotDirectory)},  // both links are dead now
      {"/loop", "/home/etc2/loop", kFound},
  };
  Tree tree;
  for (const Row& row : kRows) {
    EXPECT_EQ(ErrorOf(tree.names.Rename(tree.root(), row.from, tree.root(), row.to)), row.error)
        << row.from << " " << row.to;
  }
  EXPECT_EQ(ErrorOf(tree.names.Find(tree.root(), "/home/user/p")), kFound);
  EXPECT_EQ(ErrorOf(tree.names.Find(tree.root(), "/home/etc2")), kFound);
  EXPECT_EQ(ErrorOf(tree.names.Find(tree.root(), "/etc")), Number(Errno::kNoEntry));
  EXPECT_EQ(ErrorOf(tree.names.Rename(tree.root(), "/home/user/p", tree.root(), "/tail",
                                      FileNamespace::Replace::kForbidden)),
            Number(Errno::kExists));
}

TEST(FileNamespace, LinksAreNamesOfOneFile) {
  Tree tree;
  const Ref<Inode> file = tree.At("/etc/passwd");
  EXPECT_EQ(ErrorOf(tree.names.Link(*file, tree.root(), "/home/user/pw")), kFound);
  EXPECT_EQ(file->Status().links, 2U);
  EXPECT_EQ(ErrorOf(tree.names.Link(*file, tree.root(), "/abs")), Number(Errno::kExists));
  EXPECT_EQ(ErrorOf(tree.names.Link(*tree.At("/etc"), tree.root(), "/x")),
            Number(Errno::kNotPermitted));
  EXPECT_EQ(ErrorOf(tree.names.Unlink(tree.root(), "/etc/passwd")), kFound);
  EXPECT_EQ(file->Status().links, 1U);
  EXPECT_TRUE(tree.At("/home/user/pw") == file);
}

TEST(FileNamespace, PathsOfInodes) {
  Tree tree;
  std::array<char, 64> buffer;
  for (const std::string_view path : {"/", "/etc/passwd", "/home/user", "/abs"}) {
    const auto found = tree.names.PathOf(*tree.At(path), buffer);
    ASSERT_TRUE(found.has_value());
    EXPECT_EQ(*found, path);
  }
  std::array<char, 4> small;
  EXPECT_EQ(ErrorOf(tree.names.PathOf(*tree.At("/home"), small)), Number(Errno::kRange));
  EXPECT_EQ(ErrorOf(tree.names.PathOf(*tree.At("/etc"), small)), kFound);
  const Ref<Inode> file = tree.At("/etc/passwd");
  ASSERT_TRUE(tree.names.Unlink(tree.root(), "/etc/passwd").has_value());
  EXPECT_EQ(ErrorOf(tree.names.PathOf(*file, buffer)), Number(Errno::kNoEntry));
}

TEST(FileNamespace, Mounts) {
  Tree tree;
  TmpFileSystem other(tree.world.system.parts(), {0, 9}, FileWorld::kMostPages);
  const Ref<Inode> root = *other.MakeRoot();
  ASSERT_TRUE(tree.names.AddMount(tree.At("/home"), root, "tmpfs").has_value());
  EXPECT_TRUE(*tree.names.Find(tree.root(), "/home/") == root);
  EXPECT_EQ(ErrorOf(tree.names.Find(tree.root(), "/home/user")), Number(Errno::kNoEntry));
  EXPECT_TRUE(tree.names.Create(tree.root(), "/home/in", {FileType::kDirectory, 0755, {}, {}}));
  EXPECT_TRUE(*tree.names.Find(tree.root(), "/home/in/../../etc") == tree.At("/etc"));
  EXPECT_TRUE(*tree.names.Find(*root, "..") == tree.At("/"));
  std::array<char, 32> buffer;
  EXPECT_EQ(*tree.names.PathOf(*tree.At("/home/in"), buffer), "/home/in");
  EXPECT_EQ(*tree.names.PathOf(*root, buffer), "/home");
  EXPECT_EQ(ErrorOf(tree.names.RemoveDirectory(tree.root(), "/home")), Number(Errno::kBusy));
  EXPECT_EQ(ErrorOf(tree.names.Rename(tree.root(), "/home", tree.root(), "/h")),
            Number(Errno::kBusy));
  EXPECT_EQ(ErrorOf(tree.names.Rename(tree.root(), "/home/in", tree.root(), "/in")),
            Number(Errno::kCrossDevice));
  EXPECT_EQ(ErrorOf(tree.names.Link(*tree.At("/etc/passwd"), tree.root(), "/home/p")),
            Number(Errno::kCrossDevice));
}

}  // namespace
}  // namespace fs
