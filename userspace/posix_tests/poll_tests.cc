// Waiting for files: select, pselect and ppoll.

#include <poll.h>
#include <sys/select.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Exited;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Raw;
using support::Require;

constexpr timespec kMoment = {0, 20'000'000};
constexpr int kSet = 16;  // above all descriptors of these tests

struct Pipe {
  Pipe() { Require(pipe(ends) == 0, "a pipe"); }
  [[nodiscard]] int reading() const { return ends[0]; }
  [[nodiscard]] int writing() const { return ends[1]; }

  int ends[2];
};

int SelectNow(fd_set* reading, fd_set* writing) {
  timeval none = {0, 0};
  return static_cast<int>(Raw(select(kSet, reading, writing, nullptr, &none)));
}

void Select() {
  const Pipe pipe;
  fd_set reading;
  fd_set writing;
  const auto set_both = [&] {
    FD_ZERO(&reading);
    FD_ZERO(&writing);
    FD_SET(pipe.reading(), &reading);
    FD_SET(pipe.writing(), &writing);
  };
  set_both();
  ExpectEqual(SelectNow(&reading, &writing), 1, "room to write");
  Expect(!FD_ISSET(pipe.reading(), &reading), "nothing to read");
  Expect(FD_ISSET(pipe.writing(), &writing), "where there is room");
  ExpectEqual(write(pipe.writing(), "x", 1), 1, "write");
  set_both();
  ExpectEqual(SelectNow(&reading, &writing), 2, "both");
  set_both();
  ExpectEqual(SelectNow(&reading, nullptr), 1, "one set alone");
  FD_ZERO(&reading);
  ExpectEqual(SelectNow(&reading, nullptr), 0, "nothing asked for");
  FD_SET(kSet - 1, &reading);
  ExpectResult(SelectNow(&reading, nullptr), EBADF, "a file that is not open");
  timeval bad = {0, -1};
  ExpectResult(Raw(select(0, nullptr, nullptr, nullptr, &bad)), EINVAL, "no such time");
  timeval none = {0, 0};
  ExpectResult(Raw(select(-1, nullptr, nullptr, nullptr, &none)), EINVAL, "a negative number");
}

// It goes to sleep, and a writer or the end of time wakes it.
void SelectWaits() {
  const Pipe pipe;
  const pid_t child = fork();
  if (child == 0) {
    nanosleep(&kMoment, nullptr);
    _exit(write(pipe.writing(), "x", 1) == 1 ? 0 : 1);
  }
  fd_set reading;
  FD_ZERO(&reading);
  FD_SET(pipe.reading(), &reading);
  ExpectEqual(select(kSet, &reading, nullptr, nullptr, nullptr), 1, "somebody writes");
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(0), "the child");
  char byte = 0;
  ExpectEqual(read(pipe.reading(), &byte, 1), 1, "read");
  timeval moment = {0, 20'000};
  ExpectEqual(select(kSet, &reading, nullptr, nullptr, &moment), 0, "nobody writes");
  Expect(!FD_ISSET(pipe.reading(), &reading), "and the set says so");
}

volatile sig_atomic_t seen = 0;

// The mask holds while it waits: what is blocked before comes then, and the old mask comes back.
template <class Wait>
void ExpectMaskWhileWaiting(Wait&& wait) {
  struct sigaction action = {};
  action.sa_handler = [](int signal) { seen = signal; };
  sigaction(SIGUSR1, &action, nullptr);
  sigset_t blocked;
  sigset_t none;
  sigemptyset(&none);
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGUSR1);
  sigprocmask(SIG_BLOCK, &blocked, nullptr);
  seen = 0;
  raise(SIGUSR1);
  ExpectEqual(seen, 0, "it is blocked");
  ExpectResult(wait(nullptr), 0, "and does not interrupt");
  ExpectResult(wait(&none), EINTR, "let through, it does");
  ExpectEqual(seen, SIGUSR1, "it was handled");
  sigset_t now;
  sigprocmask(SIG_BLOCK, nullptr, &now);
  Expect(sigismember(&now, SIGUSR1) == 1, "and is blocked again");
}

void SelectWithMask() {
  ExpectMaskWhileWaiting([](const sigset_t* mask) {
    return Raw(pselect(0, nullptr, nullptr, nullptr, &kMoment, mask));
  });
}

void PollWithMask() {
  ExpectMaskWhileWaiting(
      [](const sigset_t* mask) { return Raw(ppoll(nullptr, 0, &kMoment, mask)); });
  const Pipe pipe;
  pollfd one = {pipe.writing(), POLLOUT, 0};
  ExpectEqual(ppoll(&one, 1, nullptr, nullptr), 1, "without a limit");
  ExpectEqual(one.revents, POLLOUT, "room to write");
  const timespec bad = {0, 2'000'000'000};
  ExpectResult(Raw(ppoll(&one, 1, &bad, nullptr)), EINVAL, "no such time");
  constexpr long kNoTime[] = {0, 0};
  sigset_t none;
  sigemptyset(&none);
  ExpectResult(Call(SYS_ppoll, &one, 1, kNoTime, &none, 3), EINVAL, "a mask of another size");
}

constexpr support::Test kTests[] = {
    {"select", Select},
    {"select: waits", SelectWaits},
    {"pselect: its mask", SelectWithMask},
    {"ppoll: its mask", PollWithMask},
};

}  // namespace

Group PollTests() { return kTests; }

}  // namespace posix
