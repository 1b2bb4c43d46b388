// Signals: actions, masks, restarts, other stacks, and those of children.

#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Exited;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Killed;
using support::Require;
using support::StatusOf;

volatile int count = 0;
volatile int last_signal = 0;
volatile int last_code = 0;
volatile pid_t last_sender = 0;

void Note(int signal, siginfo_t* information, void*) {
  count = count + 1;
  last_signal = signal;
  last_code = information->si_code;
  last_sender = information->si_pid;
}

void Handle(int signal, int flags, void (*handler)(int, siginfo_t*, void*) = Note) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | flags;
  ExpectEqual(sigaction(signal, &action, nullptr), 0, "sigaction");
}

sigset_t SetOf(int signal) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  return set;
}

bool IsPending(int signal) {
  sigset_t pending;
  return sigpending(&pending) == 0 && sigismember(&pending, signal) == 1;
}

void HandlersAreCalled() {
  Handle(SIGUSR1, 0);
  ExpectEqual(kill(getpid(), SIGUSR1), 0, "kill");
  ExpectEqual(count, 1, "at once");
  ExpectEqual(last_signal, SIGUSR1, "the signal");
  ExpectEqual(last_code, SI_USER, "from a process");
  ExpectEqual(last_sender, getpid(), "from this one");
  raise(SIGUSR1);
  ExpectEqual(count, 2, "again");
}

void ActionsAreKept() {
  struct sigaction before = {};
  ExpectEqual(sigaction(SIGUSR1, nullptr, &before), 0, "query");
  Expect(before.sa_handler == SIG_DFL, "by default");
  Handle(SIGUSR1, SA_RESTART);
  ExpectEqual(sigaction(SIGUSR1, nullptr, &before), 0, "query");
  Expect(before.sa_sigaction == Note, "the handler");
  Expect((before.sa_flags & SA_RESTART) != 0, "its flags");
  Handle(SIGUSR2, static_cast<int>(SA_RESETHAND));
  raise(SIGUSR2);
  ExpectEqual(sigaction(SIGUSR2, nullptr, &before), 0, "query");
  Expect(before.sa_handler == SIG_DFL, "SA_RESETHAND: only once");
  for (const int signal : {SIGKILL, SIGSTOP}) {
    struct sigaction action = {};
    action.sa_handler = SIG_IGN;
    ExpectEqual(sigaction(signal, &action, nullptr), -1, "nobody ignores it");
    ExpectEqual(errno, EINVAL, "EINVAL");
  }
}

void MasksHoldBack() {
  Handle(SIGUSR1, 0);
  const sigset_t set = SetOf(SIGUSR1);
  sigset_t old;
  ExpectEqual(sigprocmask(SIG_BLOCK, &set, &old), 0, "block");
  Expect(sigismember(&old, SIGUSR1) == 0, "it was not blocked");
  raise(SIGUSR1);
  raise(SIGUSR1);
  ExpectEqual(count, 0, "held back");
  Expect(IsPending(SIGUSR1), "pending");
  ExpectEqual(sigprocmask(SIG_SETMASK, &old, nullptr), 0, "set");
  ExpectEqual(count, 1, "once, however often it was sent");
  Expect(!IsPending(SIGUSR1), "not pending any more");
  sigset_t bad;
  ExpectResult(Call(SYS_rt_sigprocmask, 77, &set, &bad, 8), EINVAL, "an unknown operation");
}

// A handler is not interrupted by its own signal, and not by those of its mask.
void HandlersHoldBackToo() {
  struct sigaction action = {};
  action.sa_mask = SetOf(SIGUSR2);
  action.sa_handler = [](int) {
    raise(SIGUSR1);
    raise(SIGUSR2);
    Expect(IsPending(SIGUSR1) && IsPending(SIGUSR2), "both are pending");
    Expect(count == 0, "neither has come");
    signal(SIGUSR1, SIG_IGN);
    Expect(!IsPending(SIGUSR1), "who ignores it has it no more");
  };
  ExpectEqual(sigaction(SIGUSR1, &action, nullptr), 0, "sigaction");
  Handle(SIGUSR2, 0);
  raise(SIGUSR1);
  ExpectEqual(count, 1, "the other one comes afterwards");
}

// A child that sends a signal after a while, and a pipe into which it writes after another.
pid_t Disturber(const int ends[2], int signal) {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) {
    const timespec moment = {0, 100'000'000};
    nanosleep(&moment, nullptr);
    kill(parent, signal);
    nanosleep(&moment, nullptr);
    _exit(write(ends[1], "x", 1) == 1 ? 0 : 1);
  }
  return child;
}

void CallsAreInterrupted() {
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  char byte = 0;
  Handle(SIGUSR1, 0);
  pid_t child = Disturber(ends, SIGUSR1);
  ExpectResult(Call(SYS_read, ends[0], &byte, 1), EINTR, "without SA_RESTART");
  ExpectEqual(count, 1, "the handler");
  ExpectEqual(read(ends[0], &byte, 1), 1, "afterwards");
  waitpid(child, nullptr, 0);
  Handle(SIGUSR1, SA_RESTART);
  child = Disturber(ends, SIGUSR1);
  ExpectEqual(Call(SYS_read, ends[0], &byte, 1), 1, "with SA_RESTART");
  ExpectEqual(count, 2, "the handler");
  waitpid(child, nullptr, 0);
  signal(SIGUSR1, SIG_IGN);
  child = Disturber(ends, SIGUSR1);
  ExpectEqual(Call(SYS_read, ends[0], &byte, 1), 1, "ignored");
  waitpid(child, nullptr, 0);
}

// Sleep says how much of it is left, and is never restarted for a handler.
void SleepIsInterrupted() {
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  Handle(SIGUSR1, SA_RESTART);
  const pid_t child = Disturber(ends, SIGUSR1);
  const timespec wanted = {20, 0};
  timespec left = {};
  ExpectEqual(nanosleep(&wanted, &left), -1, "nanosleep");
  ExpectEqual(errno, EINTR, "EINTR");
  Expect(left.tv_sec >= 10 && left.tv_sec < 20, "the rest of it");
  waitpid(child, nullptr, 0);
}

void SuspendWaits() {
  Handle(SIGUSR1, 0);
  const sigset_t set = SetOf(SIGUSR1);
  sigset_t old;
  sigprocmask(SIG_BLOCK, &set, &old);
  raise(SIGUSR1);
  ExpectEqual(sigsuspend(&old), -1, "sigsuspend");
  ExpectEqual(errno, EINTR, "EINTR");
  ExpectEqual(count, 1, "the handler has run");
  raise(SIGUSR1);
  ExpectEqual(count, 1, "the mask is the old one again");
  int caught = 0;
  ExpectEqual(sigwait(&set, &caught), 0, "sigwait");
  ExpectEqual(caught, SIGUSR1, "it takes what is pending");
  Expect(!IsPending(SIGUSR1), "and leaves nothing");
}

volatile uintptr_t frame_in_handler = 0;

void OtherStack() {
  constexpr size_t kPages = 8;
  char* const memory = NewPages(kPages);
  stack_t stack = {};
  stack.ss_sp = memory;
  stack.ss_size = kPages * kPage;
  ExpectEqual(sigaltstack(&stack, nullptr), 0, "sigaltstack");
  const auto note_frame = [](int, siginfo_t*, void*) {
    frame_in_handler = reinterpret_cast<uintptr_t>(__builtin_frame_address(0));
  };
  const auto on_it = [&] {
    return frame_in_handler - reinterpret_cast<uintptr_t>(memory) < kPages * kPage;
  };
  Handle(SIGUSR1, SA_ONSTACK, note_frame);
  raise(SIGUSR1);
  Expect(on_it(), "SA_ONSTACK");
  Handle(SIGUSR1, 0, note_frame);
  raise(SIGUSR1);
  Expect(!on_it(), "without it");
  stack.ss_size = 16;
  ExpectResult(Call(SYS_sigaltstack, &stack, 0), ENOMEM, "too small");
  stack.ss_flags = 0x40;
  ExpectResult(Call(SYS_sigaltstack, &stack, 0), EINVAL, "an unknown flag");
  stack.ss_flags = SS_DISABLE;
  ExpectEqual(sigaltstack(&stack, nullptr), 0, "none");
}

void ChildrenSaySo() {
  Handle(SIGCHLD, SA_RESTART);
  const pid_t child = fork();
  if (child == 0) _exit(6);
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(count, 1, "SIGCHLD");
  ExpectEqual(last_code, CLD_EXITED, "it ended by itself");
  ExpectEqual(last_sender, child, "which child");
  signal(SIGCHLD, SIG_IGN);
  const pid_t other = fork();
  if (other == 0) _exit(0);
  ExpectEqual(waitpid(other, &status, 0), -1, "nobody waits for children of one who ignores them");
  ExpectEqual(errno, ECHILD, "ECHILD");
}

void KillOthers() {
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  for (const int signal : {SIGTERM, SIGKILL}) {
    const pid_t child = fork();
    if (child == 0) {
      char byte = 0;
      _exit(static_cast<int>(read(ends[0], &byte, 1)));
    }
    ExpectEqual(kill(child, 0), 0, "it is there");
    ExpectEqual(kill(child, signal), 0, "kill");
    int status = 0;
    ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
    ExpectEqual(status, Killed(signal), "killed");
  }
  ExpectResult(Call(SYS_kill, getpid(), 65), EINVAL, "no such signal");
  ExpectResult(Call(SYS_kill, 1'000'000'000, 0), ESRCH, "no such process");
}

int StopAndGo(uintptr_t) {
  raise(SIGSTOP);
  return 4;
}

void StopAndContinue() {
  const pid_t child = fork();
  if (child == 0) _exit(StopAndGo(0));
  int status = 0;
  ExpectEqual(waitpid(child, &status, WUNTRACED), child, "it stops");
  Expect(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "by SIGSTOP");
  ExpectEqual(waitpid(child, &status, WNOHANG), 0, "and does nothing");
  ExpectEqual(kill(child, SIGCONT), 0, "SIGCONT");
  ExpectEqual(waitpid(child, &status, 0), child, "it ends");
  ExpectEqual(status, Exited(4), "as if nothing had been");
}

// Whose stopped job is left alone, and in which session the job is.
enum class Job { kInTheSession, kInASessionOfItsOwn };

volatile int hung_up = 0;

// The leader of a session has a job that stops, and ends; then whoever is left says whether the job
// was told to hang up and go on.
int LeaveAStoppedJob(uintptr_t job) {
  int ends[2];
  if (pipe(ends) != 0) return 1;
  const pid_t leader = fork();
  if (leader == 0) {
    setsid();
    const pid_t child = fork();
    if (child == 0) {
      if (static_cast<Job>(job) == Job::kInTheSession) {
        setpgid(0, 0);
      } else {
        setsid();
      }
      signal(SIGHUP, [](int) { hung_up = 1; });
      raise(SIGSTOP);
      const char found = hung_up != 0 ? 'h' : '-';
      _exit(write(ends[1], &found, 1) == 1 ? 0 : 1);
    }
    int status = 0;
    if (waitpid(child, &status, WUNTRACED) != child || !WIFSTOPPED(status)) _exit(1);
    if (write(ends[1], &child, sizeof child) != sizeof child) _exit(1);
    _exit(0);
  }
  pid_t child = 0;
  int status = 0;
  if (read(ends[0], &child, sizeof child) != sizeof child) return 2;
  if (waitpid(leader, &status, 0) != leader || status != 0) return 3;
  if (static_cast<Job>(job) == Job::kInASessionOfItsOwn) kill(child, SIGCONT);
  char found = 0;
  if (read(ends[0], &found, 1) != 1) return 4;
  return found;
}

void StoppedOrphansHangUp() {
  const auto status = [](Job job) {
    return StatusOf(LeaveAStoppedJob, static_cast<uintptr_t>(job));
  };
  ExpectEqual(status(Job::kInTheSession), Exited('h'), "SIGHUP and SIGCONT");
  ExpectEqual(status(Job::kInASessionOfItsOwn), Exited('-'), "it was an orphan all the time");
}

int HeirOfActions(uintptr_t) {
  struct sigaction action = {};
  sigaction(SIGUSR1, nullptr, &action);
  sigset_t mask;
  sigprocmask(SIG_BLOCK, nullptr, &mask);
  sigset_t pending;
  sigpending(&pending);
  const bool same = action.sa_sigaction == Note && sigismember(&mask, SIGUSR2) == 1;
  return same && sigismember(&pending, SIGUSR2) == 0 ? 0 : 1;
}

void ForkInherits() {
  Handle(SIGUSR1, 0);
  const sigset_t set = SetOf(SIGUSR2);
  sigprocmask(SIG_BLOCK, &set, nullptr);
  raise(SIGUSR2);
  ExpectEqual(StatusOf(HeirOfActions, 0), Exited(0), "actions and mask, but nothing pending");
}

void AlarmComes() {
  Handle(SIGALRM, 0);
  alarm(1);
  ExpectEqual(pause(), -1, "pause");
  ExpectEqual(count, 1, "SIGALRM");
  alarm(50);
  Expect(alarm(0) >= 49, "what was left of it");
}

constexpr support::Test kTests[] = {
    {"signals: handlers", HandlersAreCalled},
    {"signals: actions", ActionsAreKept},
    {"signals: masks", MasksHoldBack},
    {"signals: masks of handlers", HandlersHoldBackToo},
    {"signals: interrupted and restarted calls", CallsAreInterrupted},
    {"signals: interrupted sleep", SleepIsInterrupted},
    {"signals: sigsuspend and sigwait", SuspendWaits},
    {"signals: another stack", OtherStack},
    {"signals: SIGCHLD", ChildrenSaySo},
    {"signals: kill", KillOthers},
    {"signals: stop and continue", StopAndContinue},
    {"signals: stopped orphans", StoppedOrphansHangUp},
    {"signals: fork inherits", ForkInherits},
    {"signals: alarm", AlarmComes},
};

}  // namespace

Group SignalTests() { return kTests; }

}  // namespace posix
