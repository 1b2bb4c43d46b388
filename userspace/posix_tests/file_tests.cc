// Files and pipes, as far as the memory behind them has to do with it.

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Require;

void Offsets() {
  const int file = NewFile(100);
  ExpectEqual(lseek(file, 0, SEEK_CUR), 100, "behind what was written");
  ExpectEqual(lseek(file, 10, SEEK_SET), 10, "SEEK_SET");
  ExpectEqual(lseek(file, 5, SEEK_CUR), 15, "SEEK_CUR");
  ExpectEqual(lseek(file, -1, SEEK_END), 99, "SEEK_END");
  char bytes[8];
  ExpectEqual(read(file, bytes, sizeof bytes), 1, "the last byte");
  ExpectEqual(read(file, bytes, sizeof bytes), 0, "the end");
  ExpectResult(lseek(file, -200, SEEK_END) < 0 ? -errno : 0, EINVAL, "before the start");
  ExpectResult(lseek(file, 0, 77) < 0 ? -errno : 0, EINVAL, "an unknown origin");
  ExpectEqual(pread(file, bytes, 4, 20), 4, "pread");
  ExpectEqual(bytes[0], Pattern(20), "from its own offset");
  ExpectEqual(lseek(file, 0, SEEK_CUR), 100, "which leaves the file's alone");
}

// What lies between the old end and a write behind it is zero.
void HolesAreZero() {
  const int file = NewFile(10);
  ExpectEqual(pwrite(file, "x", 1, static_cast<off_t>(2 * kPage)), 1, "a write behind the end");
  char bytes[64];
  ExpectEqual(pread(file, bytes, sizeof bytes, kPage), sizeof bytes, "in the hole");
  Expect(AllAre(bytes, sizeof bytes, 0), "zeroes");
  struct stat status = {};
  ExpectEqual(fstat(file, &status), 0, "fstat");
  ExpectEqual(status.st_size, static_cast<int64_t>(2 * kPage + 1), "its size");
  ExpectEqual(S_ISREG(status.st_mode), 1, "a file");
}

void Descriptors() {
  const int file = NewFile(100);
  const int copy = dup(file);
  Expect(copy > file, "the lowest free number");
  lseek(file, 40, SEEK_SET);
  ExpectEqual(lseek(copy, 0, SEEK_CUR), 40, "one offset for both");
  constexpr int kHigh = 77;
  ExpectEqual(dup2(file, kHigh), kHigh, "dup2");
  ExpectEqual(dup2(file, file), file, "dup2 onto itself");
  ExpectEqual(fcntl(kHigh, F_GETFD), 0, "a copy is not closed by execve");
  ExpectEqual(fcntl(kHigh, F_SETFD, FD_CLOEXEC), 0, "F_SETFD");
  ExpectEqual(fcntl(kHigh, F_GETFD), FD_CLOEXEC, "F_GETFD");
  ExpectEqual(close(file), 0, "close");
  char byte = 0;
  ExpectEqual(read(copy, &byte, 1), 1, "the copy still reads");
  ExpectEqual(byte, Pattern(40), "from there");
  ExpectResult(Call(SYS_read, file, &byte, 1), EBADF, "the closed one does not");
  ExpectResult(Call(SYS_close, file), EBADF, "nor is it closed again");
  ExpectEqual(dup(copy), file, "its number is free");
}

void Vectors() {
  const int file = NewFile(0);
  char one[] = "one";
  char two[] = "two2";
  const iovec out[] = {{one, 3}, {nullptr, 0}, {two, 4}};
  ExpectEqual(writev(file, out, 3), 7, "writev");
  char first[2];
  char second[9] = {};
  const iovec in[] = {{first, 2}, {second, 8}};
  lseek(file, 0, SEEK_SET);
  ExpectEqual(readv(file, in, 2), 7, "readv");
  Expect(std::memcmp(first, "on", 2) == 0 && std::strcmp(second, "etwo2") == 0, "in order");
  ExpectResult(Call(SYS_writev, file, out, -1), EINVAL, "a negative count");
  ExpectResult(Call(SYS_writev, file, out, 1025), EINVAL, "too many");
  ExpectEqual(Call(SYS_writev, file, out, 0), 0, "none");
}

void Pipes() {
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  ExpectEqual(write(ends[1], "hello", 5), 5, "write");
  char bytes[16];
  ExpectEqual(read(ends[0], bytes, 3), 3, "a part");
  ExpectEqual(read(ends[0], bytes, sizeof bytes), 2, "what is left");
  ExpectResult(Call(SYS_lseek, ends[0], 0, SEEK_SET), ESPIPE, "no offset");
  ExpectEqual(fcntl(ends[0], F_SETFL, O_NONBLOCK), 0, "O_NONBLOCK");
  ExpectResult(Call(SYS_read, ends[0], bytes, 1), EAGAIN, "empty");
  ExpectResult(Call(SYS_read, ends[1], bytes, 1), EBADF, "the wrong end");
  close(ends[1]);
  ExpectEqual(read(ends[0], bytes, 1), 0, "nobody writes any more");
}

// A pipe holds 64 KiB; who writes more waits, or is told.
void FullPipes() {
  int ends[2];
  Require(pipe2(ends, O_NONBLOCK) == 0, "a pipe");
  char* const bytes = NewPages(1);
  size_t held = 0;
  long result = 0;
  while ((result = Call(SYS_write, ends[1], bytes, kPage)) > 0) held += static_cast<size_t>(result);
  ExpectResult(result, EAGAIN, "full");
  ExpectEqual(static_cast<int64_t>(held), 64 << 10, "its size");
  ExpectEqual(read(ends[0], bytes, kPage), kPage, "room again");
  ExpectEqual(write(ends[1], bytes, kPage), kPage, "for as much");
  close(ends[0]);
  signal(SIGPIPE, SIG_IGN);
  ExpectResult(Call(SYS_write, ends[1], bytes, 1), EPIPE, "nobody reads any more");
}

short Poll(int file, short events, int milliseconds = 0) {
  pollfd one = {file, events, 0};
  ExpectEqual(poll(&one, 1, milliseconds) >= 0, 1, "poll");
  return one.revents;
}

void Polls() {
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  ExpectEqual(Poll(ends[0], POLLIN), 0, "nothing to read");
  ExpectEqual(Poll(ends[0], POLLIN, 20), 0, "nor soon");
  ExpectEqual(Poll(ends[1], POLLOUT), POLLOUT, "room to write");
  ExpectEqual(write(ends[1], "x", 1), 1, "write");
  ExpectEqual(Poll(ends[0], POLLIN), POLLIN, "something to read");
  ExpectEqual(Poll(NewFile(0), POLLIN | POLLOUT), POLLIN | POLLOUT, "a file is always ready");
  ExpectEqual(Poll(999, POLLIN), POLLNVAL, "no such file");
  ExpectEqual(Poll(-1, POLLIN), 0, "a negative one is left out");
  close(ends[1]);
  ExpectEqual(Poll(ends[0], POLLIN), POLLIN | POLLHUP, "the writer is gone");
}

void Directories() {
  char path[256];
  std::snprintf(path, sizeof path, "%s/posix_tests.directory.%d", support::Directory(), getpid());
  Require(mkdir(path, 0700) == 0, "mkdir");
  ExpectResult(mkdir(path, 0700) < 0 ? -errno : 0, EEXIST, "once");
  Require(chdir(path) == 0, "chdir");
  constexpr int kFiles = 60;
  char name[16];
  for (int i = 0; i < kFiles; ++i) {
    std::snprintf(name, sizeof name, "file%d", i);
    close(open(name, O_CREAT | O_WRONLY | O_EXCL, 0600));
  }
  ExpectResult(open(name, O_CREAT | O_WRONLY | O_EXCL, 0600) < 0 ? -errno : 0, EEXIST, "O_EXCL");
  DIR* const directory = opendir(".");
  Require(directory != nullptr, "opendir");
  int files = 0;
  int others = 0;
  while (const dirent* const entry = readdir(directory)) {
    if (std::strncmp(entry->d_name, "file", 4) == 0) {
      ++files;
    } else {
      ++others;
    }
  }
  closedir(directory);
  ExpectEqual(files, kFiles, "each file once");
  ExpectEqual(others, 2, "and the two directories");
  ExpectResult(rmdir(path) < 0 ? -errno : 0, ENOTEMPTY, "not empty");
  for (int i = 0; i < kFiles; ++i) {
    std::snprintf(name, sizeof name, "file%d", i);
    ExpectEqual(unlink(name), 0, "unlink");
  }
  ExpectEqual(chdir("/"), 0, "chdir");
  ExpectEqual(rmdir(path), 0, "rmdir");
}

// A file that nobody can name lives as long as somebody has it open or mapped.
void MemoryFiles() {
  const int file = memfd_create("posix_tests", MFD_CLOEXEC);
  Require(file >= 0, "memfd_create");
  ExpectEqual(ftruncate(file, static_cast<off_t>(3 * kPage)), 0, "ftruncate");
  const long mapped = Map(0, 3 * kPage, kReadWrite, MAP_SHARED, file);
  ExpectResult(mapped, 0, "mmap");
  auto* const bytes = reinterpret_cast<char*>(mapped);
  Expect(AllAre(bytes, 3 * kPage, 0), "zeroes");
  ExpectEqual(pwrite(file, "!", 1, kPage), 1, "pwrite");
  ExpectEqual(bytes[kPage], '!', "the mapping shows it");
  bytes[kPage + 1] = '?';
  char byte = 0;
  ExpectEqual(pread(file, &byte, 1, kPage + 1), 1, "pread");
  ExpectEqual(byte, '?', "the file has it");
  close(file);
  ExpectEqual(bytes[kPage], '!', "closed, it is still there");
  ExpectResult(Call(SYS_memfd_create, "x", 0x4000), EINVAL, "an unknown flag");
  char name[251];
  std::memset(name, 'n', sizeof name);
  name[250] = 0;
  ExpectResult(Call(SYS_memfd_create, name, 0), EINVAL, "a name of 250 bytes");
  name[249] = 0;
  Expect(Call(SYS_memfd_create, name, 0) >= 0, "of 249");
  Expect(Call(SYS_memfd_create, "", 0) >= 0, "an empty name");
  ExpectResult(Call(SYS_memfd_create, nullptr, 0), EFAULT, "no name");
}

// A kernel either seals, or says that it does not.
void SealsOrNot() {
  constexpr long kGetSeals = 1034;
  constexpr long kAddSeals = 1033;
  constexpr long kSealed = 1;
  constexpr long kNoGrowth = 4;
  const long plain = Call(SYS_memfd_create, "plain", 0);
  ExpectEqual(Call(SYS_fcntl, plain, kGetSeals), kSealed, "not asked for, nothing can be sealed");
  ExpectResult(Call(SYS_fcntl, plain, kAddSeals, kNoGrowth), EPERM, "nor is it");
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  ExpectResult(Call(SYS_fcntl, ends[0], kGetSeals), EINVAL, "of a pipe");
  const long file = Call(SYS_memfd_create, "sealed", MFD_ALLOW_SEALING);
  if (file == -EINVAL) return;
  ExpectEqual(Call(SYS_fcntl, file, kGetSeals), 0, "no seals");
  ExpectEqual(Call(SYS_fcntl, file, kAddSeals, kNoGrowth), 0, "sealed");
  ExpectResult(Call(SYS_ftruncate, file, kPage, 0), EPERM, "it does not grow");
}

// What a kernel does not do, it does not promise either.
void Promises() {
  const int file = NewFile(10);
  ExpectEqual(fcntl(file, F_SETFL, O_ASYNC), 0, "signals");
  ExpectEqual(fcntl(file, F_GETFL) & O_ASYNC, 0, "which a file does not send");
  for (const int advice : {POSIX_FADV_NORMAL, POSIX_FADV_WILLNEED, POSIX_FADV_NOREUSE}) {
    ExpectEqual(posix_fadvise(file, 0, 10, advice), 0, "advice");
  }
  ExpectEqual(posix_fadvise(file, -5, 0, POSIX_FADV_NORMAL), 0, "from anywhere");
  ExpectEqual(posix_fadvise(file, 0, -1, POSIX_FADV_NORMAL), EINVAL, "a negative length");
  ExpectEqual(posix_fadvise(file, 0, 10, POSIX_FADV_NOREUSE + 1), EINVAL, "unknown advice");
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  ExpectEqual(posix_fadvise(ends[0], 0, 10, 99), ESPIPE, "of a pipe");
  ExpectEqual(posix_fadvise(999, 0, 10, POSIX_FADV_NORMAL), EBADF, "no such file");
}

void Limits() {
  int files = 0;
  constexpr int kMost = 5000;
  int last = 0;
  const int one = NewFile(0);
  while (files < kMost && (last = dup(one)) >= 0) ++files;
  if (files == kMost) return;  // where so many may be open
  ExpectResult(-errno, EMFILE, "the last that was possible");
  close(one);
  Expect(dup(last < 0 ? one + 1 : last) >= 0, "room for one again");
}

constexpr support::Test kTests[] = {
    {"files: offsets", Offsets},
    {"files: holes are zero", HolesAreZero},
    {"files: descriptors", Descriptors},
    {"files: vectors", Vectors},
    {"files: directories", Directories},
    {"files: how many", Limits},
    {"pipes", Pipes},
    {"pipes: full ones", FullPipes},
    {"poll", Polls},
    {"memfd_create", MemoryFiles},
    {"memfd_create: seals", SealsOrNot},
    {"files: promises", Promises},
};

}  // namespace

Group FileTests() { return kTests; }

}  // namespace posix
