// What files and file systems say of themselves.

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <initializer_list>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Raw;
using support::Require;

// A directory with a file of 5 bytes, `file`, a link to it, `link`, and one to nothing, `broken`;
// the test's working directory while this lives.
class Place {
 public:
  Place() {
    std::snprintf(path_, sizeof path_, "%s/posix_tests.status.%d", support::Directory(), getpid());
    umask(0);
    Require(mkdir(path_, 0750) == 0 && chdir(path_) == 0, "a directory");
    const int file = open("file", O_WRONLY | O_CREAT | O_EXCL, 0640);
    Require(file >= 0 && write(file, "12345", 5) == 5 && close(file) == 0, "a file");
    Require(symlink("file", "link") == 0 && symlink("nothing", "broken") == 0, "links");
  }
  ~Place() {
    for (const char* const name : {"file", "link", "broken"}) unlink(name);
    Expect(chdir("/") == 0 && rmdir(path_) == 0, "the directory is empty");
  }
  Place(const Place&) = delete;
  Place& operator=(const Place&) = delete;

 private:
  char path_[256];
};

void LinksAreFollowedOrNot() {
  const Place place;
  struct stat file = {};
  struct stat followed = {};
  struct stat link = {};
  ExpectResult(Raw(stat("file", &file)), 0, "stat");
  ExpectEqual(file.st_mode, S_IFREG | 0640, "a file");
  ExpectEqual(file.st_size, 5, "its size");
  ExpectEqual(file.st_nlink, 1, "its names");
  ExpectEqual(file.st_uid, geteuid(), "its owner");
  ExpectResult(Raw(stat("link", &followed)), 0, "stat of a link");
  ExpectEqual(static_cast<int64_t>(followed.st_ino), static_cast<int64_t>(file.st_ino),
              "is that of the file");
  ExpectResult(Raw(lstat("link", &link)), 0, "lstat");
  ExpectEqual(link.st_mode & S_IFMT, S_IFLNK, "is that of the link");
  ExpectEqual(link.st_size, 4, "which has a name in it");
  Expect(link.st_ino != file.st_ino && link.st_dev == file.st_dev, "another file");
  ExpectResult(Raw(stat("broken", &followed)), ENOENT, "stat of a link to nothing");
  ExpectResult(Raw(lstat("broken", &link)), 0, "lstat of a link to nothing");
  ExpectResult(Raw(lstat("file/", &link)), ENOTDIR, "a file is no directory");
  ExpectResult(Raw(lstat("", &link)), ENOENT, "no name");
  ExpectResult(Raw(fstatat(AT_FDCWD, "link", &link, AT_SYMLINK_NOFOLLOW)), 0, "fstatat");
  ExpectEqual(link.st_mode & S_IFMT, S_IFLNK, "is that of the link, too");
  ExpectResult(Raw(fstatat(AT_FDCWD, "link", &link, 1)), EINVAL, "an unknown flag");
  ExpectResult(Raw(lstat(".", &link)), 0, "a directory");
  ExpectEqual(link.st_mode, S_IFDIR | 0750, "and its rights");
}

// struct statx, as far as it is looked at here.
struct ExtendedStatus {
  uint32_t mask;
  uint32_t block_bytes;
  uint64_t attributes;
  uint32_t links;
  uint32_t user;
  uint32_t group;
  uint16_t mode;
  uint16_t spare;
  uint64_t inode;
  uint64_t size;
  uint64_t blocks;
  uint64_t rest[25];
};
static_assert(sizeof(ExtendedStatus) == 256);

void ExtendedStatuses() {
  constexpr unsigned kBasic = 0x7ff;  // STATX_BASIC_STATS
  constexpr int kEmptyPath = 0x1000;
  constexpr int kBothSyncs = 0x6000;
  constexpr unsigned kReserved = 1U << 31;
  const Place place;
  struct stat file = {};
  ExpectResult(Raw(stat("file", &file)), 0, "stat");
  ExtendedStatus status = {};
  const auto ask = [&](long directory, const char* path, int flags, unsigned mask) {
    return Call(SYS_statx, directory, path, flags, mask, &status);
  };
  ExpectResult(ask(AT_FDCWD, "link", 0, kBasic), 0, "statx");
  ExpectEqual(status.mask & kBasic, kBasic, "all that was asked for");
  ExpectEqual(static_cast<int64_t>(status.inode), static_cast<int64_t>(file.st_ino), "the file");
  ExpectEqual(status.mode, file.st_mode, "its mode");
  ExpectEqual(static_cast<int64_t>(status.size), 5, "its size");
  ExpectEqual(status.user, file.st_uid, "its owner");
  ExpectResult(ask(AT_FDCWD, "link", AT_SYMLINK_NOFOLLOW, kBasic), 0, "the link itself");
  ExpectEqual(status.mode & S_IFMT, S_IFLNK, "is one");
  const int open_file = open("file", O_RDONLY);
  ExpectResult(ask(open_file, "", kEmptyPath, kBasic), 0, "an open file");
  ExpectEqual(static_cast<int64_t>(status.inode), static_cast<int64_t>(file.st_ino), "by itself");
  ExpectResult(ask(open_file, "", 0, kBasic), ENOENT, "no name");
  ExpectResult(ask(open_file, "x", 0, kBasic), ENOTDIR, "within a file");
  ExpectResult(ask(AT_FDCWD, "file", kBothSyncs, kBasic), EINVAL, "two wishes");
  ExpectResult(ask(AT_FDCWD, "file", 1, kBasic), EINVAL, "an unknown flag");
  ExpectResult(ask(AT_FDCWD, "file", 0, kReserved), EINVAL, "a reserved bit");
  ExpectResult(ask(999, "file", 0, kBasic), EBADF, "from nowhere");
}

void FileSystems() {
  const Place place;
  struct statfs by_path = {};
  struct statfs by_file = {};
  ExpectResult(Raw(statfs("file", &by_path)), 0, "statfs");
  Expect(by_path.f_bsize > 0 && by_path.f_blocks > 0, "it has blocks");
  Expect(by_path.f_bfree <= by_path.f_blocks && by_path.f_bavail <= by_path.f_bfree, "some free");
  ExpectEqual(by_path.f_namelen, 255, "the longest name");
  const int file = open("file", O_RDONLY);
  ExpectResult(Raw(fstatfs(file, &by_file)), 0, "fstatfs");
  Expect(by_file.f_type == by_path.f_type && by_file.f_blocks == by_path.f_blocks, "the same");
  ExpectResult(Raw(statfs("nothing", &by_path)), ENOENT, "nothing there");
  ExpectResult(Raw(fstatfs(999, &by_path)), EBADF, "no such file");
}

constexpr support::Test kTests[] = {
    {"stat, lstat: links", LinksAreFollowedOrNot},
    {"statx", ExtendedStatuses},
    {"statfs", FileSystems},
};

}  // namespace

Group StatusTests() { return kTests; }

}  // namespace posix
