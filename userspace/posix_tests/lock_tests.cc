// Locks on files: flock()'s belong to an open file, fcntl()'s to a process.

#include <fcntl.h>
#include <sys/file.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <limits>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Exited;
using support::ExpectEqual;
using support::ExpectResult;
using support::Raw;
using support::Require;

constexpr timespec kMoment = {0, 20'000'000};

// A file that can be opened more than once; its name goes with the test.
class NamedFile {
 public:
  NamedFile() {
    std::snprintf(path_, sizeof path_, "%s/posix_tests.lock.%d", support::Directory(), getpid());
    close(Open(O_RDWR | O_CREAT | O_TRUNC));
  }
  ~NamedFile() { unlink(path_); }
  NamedFile(const NamedFile&) = delete;
  NamedFile& operator=(const NamedFile&) = delete;

  int Open(int flags = O_RDWR) const {
    const int file = open(path_, flags, 0600);
    Require(file >= 0, "a file");
    return file;
  }

 private:
  char path_[256];
};

int StatusOfChild(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child ? status : -1;
}

void WholeFiles() {
  const NamedFile named;
  const int one = named.Open();
  const int other = named.Open();
  ExpectResult(Raw(flock(one, LOCK_EX)), 0, "nobody has it");
  ExpectResult(Raw(flock(other, LOCK_EX | LOCK_NB)), EAGAIN, "another open file, exclusive");
  ExpectResult(Raw(flock(other, LOCK_SH | LOCK_NB)), EAGAIN, "another open file, shared");
  ExpectResult(Raw(flock(one, LOCK_SH | LOCK_NB)), 0, "its own becomes shared");
  ExpectResult(Raw(flock(other, LOCK_SH | LOCK_NB)), 0, "as many as want to");
  ExpectResult(Raw(flock(other, LOCK_UN)), 0, "unlock");
  ExpectResult(Raw(flock(other, LOCK_UN)), 0, "what is not locked");
  ExpectResult(Raw(flock(one, LOCK_EX | LOCK_NB)), 0, "alone again");
  const int copy = dup(one);
  ExpectResult(Raw(flock(copy, LOCK_EX | LOCK_NB)), 0, "a copy is the same open file");
  close(one);
  ExpectResult(Raw(flock(other, LOCK_SH | LOCK_NB)), EAGAIN, "as long as a copy is open");
  close(copy);
  ExpectResult(Raw(flock(other, LOCK_SH | LOCK_NB)), 0, "its end is the lock's");
  const int reading = named.Open(O_RDONLY);
  ExpectResult(Raw(flock(other, LOCK_UN)), 0, "unlock");
  ExpectResult(Raw(flock(reading, LOCK_EX | LOCK_NB)), 0, "who only reads may have it");
  ExpectResult(Call(SYS_flock, reading, 0), EINVAL, "nothing to do");
  ExpectResult(Call(SYS_flock, reading, LOCK_SH | LOCK_EX), EINVAL, "two things");
  ExpectResult(Call(SYS_flock, 999, LOCK_SH), EBADF, "no such file");
}

void WholeFilesInherited() {
  const NamedFile named;
  const int file = named.Open();
  ExpectResult(Raw(flock(file, LOCK_EX)), 0, "the parent's");
  pid_t child = fork();
  if (child == 0) _exit(flock(file, LOCK_EX | LOCK_NB) == 0 && flock(file, LOCK_UN) == 0 ? 0 : 1);
  ExpectEqual(StatusOfChild(child), Exited(0), "the child has the same open file");
  const int other = named.Open();
  ExpectResult(Raw(flock(other, LOCK_EX | LOCK_NB)), 0, "and has unlocked it");
  child = fork();
  if (child == 0) {
    const int own = named.Open();
    _exit(flock(own, LOCK_EX) == 0 ? 7 : 1);
  }
  nanosleep(&kMoment, nullptr);
  ExpectEqual(waitpid(child, nullptr, WNOHANG), 0, "another child waits for it");
  ExpectResult(Raw(flock(other, LOCK_UN)), 0, "unlock");
  ExpectEqual(StatusOfChild(child), Exited(7), "and gets it");
}

void OnAlarm(int) {}

// A wait that a signal ends.
void WholeFilesInterrupted() {
  const NamedFile named;
  const int one = named.Open();
  const int other = named.Open();
  ExpectResult(Raw(flock(one, LOCK_EX)), 0, "the first");
  struct sigaction action = {};
  action.sa_handler = OnAlarm;
  sigaction(SIGUSR1, &action, nullptr);
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    nanosleep(&kMoment, nullptr);
    kill(parent, SIGUSR1);
    _exit(0);
  }
  ExpectResult(Raw(flock(other, LOCK_SH)), EINTR, "interrupted");
  ExpectEqual(StatusOfChild(child), Exited(0), "the child");
}

struct flock Record(short type, off_t start, off_t length, short whence = SEEK_SET) {
  struct flock record = {};
  record.l_type = type;
  record.l_whence = whence;
  record.l_start = start;
  record.l_len = length;
  return record;
}

long Set(int file, const struct flock& record) { return Raw(fcntl(file, F_SETLK, &record)); }

// What the kernel says is in the record's way.
struct flock Ask(int file, struct flock record) {
  ExpectResult(Raw(fcntl(file, F_GETLK, &record)), 0, "F_GETLK");
  return record;
}

int InChild(int (*run)(int file), int file) {
  const pid_t child = fork();
  if (child == 0) _exit(run(file));
  return StatusOfChild(child);
}

void Records() {
  const int file = NewFile(100);
  ExpectResult(Set(file, Record(F_WRLCK, 10, 20)), 0, "10 to 29");
  ExpectResult(Set(file, Record(F_RDLCK, 15, 5)), 0, "15 to 19 shared");
  ExpectEqual(Ask(file, Record(F_WRLCK, 0, 0)).l_type, F_UNLCK, "its own are not in the way");
  static pid_t parent;
  parent = getpid();
  const auto look = [](int inherited) {
    const struct flock first = Ask(inherited, Record(F_RDLCK, 0, 0));
    const bool is_told = first.l_type == F_WRLCK && first.l_whence == SEEK_SET &&
                         first.l_start == 10 && first.l_len == 5 && first.l_pid == parent;
    const struct flock shared = Ask(inherited, Record(F_WRLCK, 15, 5));
    const bool is_shared = shared.l_type == F_RDLCK && shared.l_start == 15 && shared.l_len == 5;
    const bool is_free = Set(inherited, Record(F_WRLCK, 0, 10)) == 0 &&
                         Set(inherited, Record(F_WRLCK, 30, 0)) == 0 &&
                         Set(inherited, Record(F_RDLCK, 15, 5)) == 0;
    const bool is_held = Set(inherited, Record(F_WRLCK, 15, 5)) == -EAGAIN &&
                         Set(inherited, Record(F_RDLCK, 0, 11)) == -EAGAIN &&
                         Set(inherited, Record(F_RDLCK, -1, 12, SEEK_END)) == 0;
    return (is_told ? 0 : 1) | (is_shared ? 0 : 2) | (is_free ? 0 : 4) | (is_held ? 0 : 8);
  };
  ExpectEqual(InChild(look, file), Exited(0), "what a child meets");
  ExpectResult(Set(file, Record(F_WRLCK, 0, 0)), 0, "the child's went with it");
  ExpectResult(Set(file, Record(F_UNLCK, 40, 10)), 0, "a hole");
  const auto use_hole = [](int inherited) {
    const bool fits = Set(inherited, Record(F_WRLCK, 40, 10)) == 0;
    const bool ends = Set(inherited, Record(F_WRLCK, 50, 1)) == -EAGAIN &&
                      Set(inherited, Record(F_WRLCK, 39, 1)) == -EAGAIN &&
                      Set(inherited, Record(F_WRLCK, 50, -10)) == 0;
    return fits && ends ? 0 : 1;
  };
  ExpectEqual(InChild(use_hole, file), Exited(0), "it has the size of the hole");
  // A process loses its locks with any of a file's descriptors.
  close(dup(file));
  const auto take_all = [](int inherited) {
    return Set(inherited, Record(F_WRLCK, 0, 0)) == 0 ? 0 : 1;
  };
  ExpectEqual(InChild(take_all, file), Exited(0), "none is left");
}

void RecordsWait() {
  const int file = NewFile(10);
  ExpectResult(Set(file, Record(F_WRLCK, 0, 10)), 0, "the parent's");
  const pid_t child = fork();
  if (child == 0) {
    const struct flock wanted = Record(F_RDLCK, 5, 1);
    _exit(fcntl(file, F_SETLKW, &wanted) == 0 ? 9 : 1);
  }
  nanosleep(&kMoment, nullptr);
  ExpectResult(Set(file, Record(F_UNLCK, 0, 5)), 0, "another part");
  nanosleep(&kMoment, nullptr);
  ExpectEqual(waitpid(child, nullptr, WNOHANG), 0, "it still waits");
  ExpectResult(Set(file, Record(F_UNLCK, 5, 1)), 0, "what it waits for");
  ExpectEqual(StatusOfChild(child), Exited(9), "it has it");
}

void RecordArguments() {
  constexpr off_t kMost = std::numeric_limits<off_t>::max();
  const NamedFile named;
  const int file = named.Open();
  const struct {
    struct flock record;
    int error;
    const char* what;
  } rows[] = {
      {Record(F_WRLCK, kMost, 1), 0, "the last byte"},
      {Record(F_WRLCK, kMost, 2), EOVERFLOW, "beyond the last byte"},
      {Record(F_WRLCK, kMost, 1, SEEK_END), 0, "from the end of an empty file"},
      {Record(F_WRLCK, -1, 1), EINVAL, "before the first byte"},
      {Record(F_WRLCK, 5, -6), EINVAL, "a length before the first byte"},
      {Record(F_WRLCK, 0, 1, 3), EINVAL, "an unknown origin"},
      {Record(7, 0, 1), EINVAL, "an unknown type"},
      {Record(F_UNLCK, 0, 0), 0, "all of them"},
  };
  for (const auto& row : rows) ExpectResult(Set(file, row.record), row.error, row.what);
  ExpectResult(Set(named.Open(O_RDONLY), Record(F_WRLCK, 0, 1)), EBADF, "only to read");
  ExpectResult(Set(named.Open(O_WRONLY), Record(F_RDLCK, 0, 1)), EBADF, "only to write");
  ExpectResult(Set(999, Record(F_RDLCK, 0, 1)), EBADF, "no such file");
  ExpectResult(Call(machine::kFileControlCall, file, F_SETLK, nullptr), EFAULT, "no record");
  struct flock record = Record(F_UNLCK, 0, 1);
  ExpectResult(Raw(fcntl(file, F_GETLK, &record)), EINVAL, "a question about nothing");
  ExpectResult(Raw(flock(file, LOCK_EX)), 0, "flock");
  const auto ask = [](int inherited) {
    return Ask(inherited, Record(F_WRLCK, 0, 0)).l_type == F_UNLCK ? 0 : 1;
  };
  ExpectEqual(InChild(ask, file), Exited(0), "is another kind of lock");
}

constexpr support::Test kTests[] = {
    {"flock", WholeFiles},
    {"flock: inherited and waited for", WholeFilesInherited},
    {"flock: interrupted", WholeFilesInterrupted},
    {"record locks", Records},
    {"record locks: waited for", RecordsWait},
    {"record locks: arguments", RecordArguments},
};

}  // namespace

Group LockTests() { return kTests; }

}  // namespace posix
