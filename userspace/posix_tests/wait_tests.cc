// waitid, and children of all kinds.

#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
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

// A process of which nothing is told by SIGCHLD but by that signal, or by none.
template <class Run>
long Clone(int signal, Run&& run) {
  const long child = Call(SYS_clone, signal, nullptr, nullptr, nullptr, nullptr);
  if (child == 0) _exit(run());
  return child;
}

int ExitWithSeven() { return 7; }

void Kinds() {
  int status = 0;
  const struct {
    const char* what;
    int signal;
    uint32_t options;
    bool is_meant;
  } rows[] = {
      {"an ordinary child", SIGCHLD, 0, true},
      {"not as a clone", SIGCHLD, __WCLONE, false},
      {"of any kind", SIGCHLD, __WALL, true},
      {"of any kind, though a clone", SIGCHLD, __WALL | __WCLONE, true},
      {"a clone", 0, __WCLONE, true},
      {"not as an ordinary child", 0, 0, false},
      {"of any kind", 0, __WALL, true},
      {"with a signal of its own", SIGWINCH, __WCLONE, true},
      {"not as an ordinary child", SIGWINCH, 0, false},
  };
  for (const auto& row : rows) {
    const long child = Clone(row.signal, ExitWithSeven);
    const long found = Call(SYS_wait4, child, &status, row.options, 0);
    if (row.is_meant) {
      ExpectEqual(found, child, row.what);
      ExpectEqual(status, Exited(7), row.what);
    } else {
      ExpectResult(found, ECHILD, row.what);
      ExpectEqual(Call(SYS_wait4, child, &status, __WALL, 0), child, "there all the same");
    }
  }
}

volatile sig_atomic_t told = 0;

void EndTellsBySignal() {
  struct sigaction action = {};
  action.sa_handler = [](int signal) { told = signal; };
  action.sa_flags = SA_RESTART;
  sigaction(SIGUSR2, &action, nullptr);
  const long child = Clone(SIGUSR2, ExitWithSeven);
  ExpectEqual(Call(SYS_wait4, child, nullptr, __WCLONE, 0), child, "it has ended");
  ExpectEqual(told, SIGUSR2, "by which it told");
}

// What waitid() says.
siginfo_t Wait(idtype_t kind, id_t id, int options) {
  siginfo_t said = {};
  ExpectResult(Raw(waitid(kind, id, &said, options)), 0, "waitid");
  return said;
}

void ExpectSaid(const siginfo_t& said, pid_t child, int code, int status, const char* what) {
  ExpectEqual(said.si_signo, SIGCHLD, what);
  ExpectEqual(said.si_pid, child, what);
  ExpectEqual(said.si_code, code, what);
  ExpectEqual(said.si_status, status, what);
}

pid_t Sleeper() {
  const pid_t child = fork();
  if (child == 0) {
    while (true) pause();
  }
  return child;
}

void Informations() {
  pid_t child = fork();
  if (child == 0) _exit(42);
  ExpectSaid(Wait(P_PID, static_cast<id_t>(child), WEXITED | WNOWAIT), child, CLD_EXITED, 42,
             "an end, left there");
  const siginfo_t said = Wait(P_ALL, 0, WEXITED);
  ExpectSaid(said, child, CLD_EXITED, 42, "an end");
  ExpectEqual(said.si_uid, getuid(), "whose it was");
  siginfo_t nothing = {};
  ExpectResult(Raw(waitid(P_ALL, 0, &nothing, WEXITED)), ECHILD, "only once");

  child = Sleeper();
  const auto id = static_cast<id_t>(child);
  ExpectEqual(Wait(P_PID, id, WEXITED | WNOHANG).si_pid, 0, "nothing to tell");
  kill(child, SIGSTOP);
  ExpectSaid(Wait(P_PID, id, WSTOPPED), child, CLD_STOPPED, SIGSTOP, "it stopped");
  ExpectEqual(Wait(P_PID, id, WSTOPPED | WNOHANG).si_pid, 0, "said once");
  kill(child, SIGCONT);
  ExpectSaid(Wait(P_PID, id, WCONTINUED), child, CLD_CONTINUED, SIGCONT, "it goes on");
  kill(child, SIGTERM);
  rusage usage = {};
  usage.ru_maxrss = -1;
  siginfo_t last = {};
  ExpectResult(Call(SYS_waitid, P_PID, child, &last, WEXITED, &usage), 0, "with its usage");
  ExpectSaid(last, child, CLD_KILLED, SIGTERM, "it was killed");
  Expect(usage.ru_maxrss >= 0, "which is told");
}

void Groups() {
  const pid_t child = Sleeper();
  const pid_t other = Sleeper();
  ExpectResult(Raw(setpgid(child, child)), 0, "a group of its own");
  kill(child, SIGKILL);
  kill(other, SIGKILL);
  ExpectSaid(Wait(P_PGID, static_cast<id_t>(child), WEXITED), child, CLD_KILLED, SIGKILL,
             "the one in the group");
  siginfo_t nothing = {};
  ExpectResult(Raw(waitid(P_PGID, static_cast<id_t>(child), &nothing, WEXITED)), ECHILD,
               "it had no other");
  ExpectSaid(Wait(P_PGID, 0, WEXITED), other, CLD_KILLED, SIGKILL, "one in this group");
}

void Arguments() {
  constexpr int kNoKind = 77;
  const pid_t child = Sleeper();
  siginfo_t said = {};
  const struct {
    const char* what;
    int kind;
    int id;
    int options;
    int error;
  } rows[] = {
      {"nothing to wait for", P_ALL, 0, WNOHANG, EINVAL},
      {"an unknown option", P_ALL, 0, WEXITED | 0x1000, EINVAL},
      {"nobody's kind", kNoKind, 1, WEXITED, EINVAL},
      {"process 0", P_PID, 0, WEXITED, EINVAL},
      {"a negative process", P_PID, -1, WEXITED, EINVAL},
      {"a negative group", P_PGID, -1, WEXITED, EINVAL},
      {"not a child", P_PID, getpid(), WEXITED, ECHILD},
      {"a child that lives", P_PID, child, WEXITED | WNOHANG, 0},
  };
  for (const auto& row : rows) {
    ExpectResult(Call(SYS_waitid, row.kind, row.id, &said, row.options, nullptr), row.error,
                 row.what);
  }
  kill(child, SIGKILL);
  ExpectResult(Call(SYS_waitid, P_PID, child, ~uintptr_t{7}, WEXITED, nullptr), EFAULT,
               "told to nowhere");
  ExpectResult(Call(SYS_waitid, P_ALL, 0, nullptr, WEXITED, nullptr), ECHILD,
               "and not a second time");
}

constexpr support::Test kTests[] = {
    {"wait: kinds of children", Kinds},     {"wait: a signal of its own", EndTellsBySignal},
    {"waitid: what it says", Informations}, {"waitid: groups", Groups},
    {"waitid: arguments", Arguments},
};

}  // namespace

Group WaitTests() { return kTests; }

}  // namespace posix
