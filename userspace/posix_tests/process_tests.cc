// fork and copy-on-write, clone, vfork, execve, exit and wait.

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
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

// A pipe by which one process tells another that it has come so far.
class Signpost {
 public:
  Signpost() { Require(pipe(ends_) == 0, "a pipe"); }
  void Say(char byte) const { Require(write(ends_[1], &byte, 1) == 1, "write"); }
  char Hear() const {
    char byte = 0;
    Require(read(ends_[0], &byte, 1) == 1, "read");
    return byte;
  }

 private:
  int ends_[2];
};

int StatusOfChild(pid_t child) {
  int status = 0;
  return waitpid(child, &status, 0) == child ? status : -1;
}

constexpr size_t kPages = 8;

void CopyOnWrite() {
  char* const mine = NewPages(kPages);
  for (size_t i = 0; i < kPages; ++i) mine[i * kPage] = 1;
  const Signpost there;
  const Signpost back;
  const pid_t child = fork();
  if (child == 0) {
    for (size_t i = 0; i < kPages; ++i) ExpectEqual(mine[i * kPage], 1, "the child has what was");
    mine[0] = 2;
    back.Say('a');
    there.Hear();
    ExpectEqual(mine[0], 2, "the child's write");
    ExpectEqual(mine[kPage], 1, "not the parent's write");
    _exit(mine[0] == 2 && mine[kPage] == 1 ? 0 : 1);
  }
  back.Hear();
  ExpectEqual(mine[0], 1, "not the child's write");
  mine[kPage] = 3;
  there.Say('b');
  ExpectEqual(StatusOfChild(child), Exited(0), "the child");
  ExpectEqual(mine[kPage], 3, "the parent's write");
  mine[0] = 4;
  ExpectEqual(mine[0], 4, "a write to a page that is its own again");
}

// Shared anonymous memory, a shared file and a private one after fork.
void SharedStaysShared() {
  const int file = NewFile(kPage);
  char* const shared = NewPages(1, kReadWrite, MAP_SHARED | MAP_ANONYMOUS);
  const auto map = [&](int flags) {
    return reinterpret_cast<char*>(Map(0, kPage, kReadWrite, flags, file));
  };
  char* const shared_file = map(MAP_SHARED);
  char* const private_file = map(MAP_PRIVATE);
  shared[0] = 1;
  const pid_t child = fork();
  if (child == 0) {
    shared[1] = 2;
    shared_file[1] = '!';
    private_file[2] = '?';
    _exit(shared[0]);
  }
  ExpectEqual(StatusOfChild(child), Exited(1), "the child sees the parent's write");
  ExpectEqual(shared[1], 2, "the parent sees the child's");
  ExpectEqual(shared_file[1], '!', "in the file, too");
  ExpectEqual(private_file[2], Pattern(2), "but nothing private");
}

// Three generations have the same page, and each its own after a write.
void Generations() {
  volatile char* const page = NewPages(1);
  page[0] = 1;
  const pid_t child = fork();
  if (child == 0) {
    page[1] = 2;
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      page[2] = 3;
      _exit(page[0] == 1 && page[1] == 2 && page[2] == 3 ? 0 : 1);
    }
    const int status = StatusOfChild(grandchild);
    _exit(status == 0 && page[1] == 2 && page[2] == 0 ? 0 : 1);
  }
  ExpectEqual(StatusOfChild(child), Exited(0), "both");
  ExpectEqual(page[1] + page[2], 0, "nothing of theirs");
}

// Rights and holes are inherited; what happens to them afterwards is each one's own affair.
void MappingsAreInherited() {
  char* const pages = NewPages(3);
  ExpectResult(Call(SYS_mprotect, pages, kPage, PROT_READ), 0, "mprotect");
  ExpectResult(Call(SYS_munmap, pages + kPage, kPage), 0, "munmap");
  const pid_t child = fork();
  if (child == 0) {
    const bool same = support::Write(pages).code == SEGV_ACCERR &&
                      support::Read(pages + kPage).code == SEGV_MAPERR;
    const bool changed = Call(SYS_mprotect, pages, kPage, kReadWrite) == 0 &&
                         Call(SYS_munmap, pages + 2 * kPage, kPage) == 0;
    _exit(same && changed ? 0 : 1);
  }
  ExpectEqual(StatusOfChild(child), Exited(0), "the child");
  Expect(support::Write(pages).code == SEGV_ACCERR, "still read-only");
  Expect(support::Write(pages + 2 * kPage) == support::kNoFault, "still mapped");
}

int ExitWith(uintptr_t code) { return static_cast<int>(code); }
int KillSelf(uintptr_t signal) {
  raise(static_cast<int>(signal));
  return 0;
}

void StatusOfTheEnd() {
  for (const int code : {0, 1, 42, 255})
    ExpectEqual(StatusOf(ExitWith, code), Exited(code), "exit");
  ExpectEqual(StatusOf(ExitWith, 256 + 7), Exited(7), "only the low byte");
  for (const int signal : {SIGTERM, SIGKILL, SIGUSR1, SIGALRM, SIGPIPE}) {
    ExpectEqual(StatusOf(KillSelf, static_cast<uintptr_t>(signal)), Killed(signal), "a signal");
  }
  constexpr int kCore = 0x80;
  ExpectEqual(StatusOf(KillSelf, SIGABRT) & ~kCore, Killed(SIGABRT), "SIGABRT");
  ExpectEqual(StatusOf(KillSelf, SIGCHLD), Exited(0), "one that is ignored by default");
}

void WaitFindsChildren() {
  int status = 0;
  ExpectResult(Call(SYS_wait4, -1, &status, 0, 0), ECHILD, "no children");
  const Signpost word;
  const pid_t child = fork();
  if (child == 0) {
    word.Hear();
    _exit(3);
  }
  ExpectEqual(Call(SYS_wait4, child, &status, WNOHANG, 0), 0, "it still lives");
  ExpectResult(Call(SYS_wait4, getpid(), &status, 0, 0), ECHILD, "not a child");
  word.Say('x');
  ExpectEqual(Call(SYS_wait4, -1, &status, 0, 0), child, "it has ended");
  ExpectEqual(status, Exited(3), "so");
  ExpectResult(Call(SYS_wait4, child, &status, 0, 0), ECHILD, "only once");
  ExpectResult(Call(SYS_kill, child, 0), ESRCH, "it is gone");
}

void IdentitiesAreRight() {
  const pid_t parent = getpid();
  const pid_t child = fork();
  if (child == 0) _exit(getppid() == parent && getpid() != parent ? 0 : 1);
  ExpectEqual(StatusOfChild(child), Exited(0), "parent and child");
}

// An orphan's parent is another process than the one that has gone.
void OrphansHaveAParent() {
  const Signpost word;
  const Signpost answer;
  const pid_t child = fork();
  if (child == 0) {
    const pid_t parent = getpid();
    if (fork() == 0) {
      word.Hear();
      answer.Say(getppid() != parent && getppid() > 0 ? 'y' : 'n');
      _exit(0);
    }
    _exit(0);
  }
  ExpectEqual(StatusOfChild(child), Exited(0), "the child");
  word.Say('x');
  ExpectEqual(answer.Hear(), 'y', "a parent");
}

void VforkLendsItsMemory() {
  volatile int shared = 1;
  const pid_t child = vfork();
  if (child == 0) {
    shared = 2;
    _exit(9);
  }
  ExpectEqual(shared, 2, "the child has run in this memory, and first");
  ExpectEqual(StatusOfChild(child), Exited(9), "its end");
}

int AddOne(void* argument) {
  auto& counter = *static_cast<volatile int*>(argument);
  counter = counter + 1;
  return 5;
}

void CloneSharesWhatItSays() {
  constexpr size_t kStackPages = 4;
  char* const stack = NewPages(kStackPages);
  static volatile int counter = 0;
  const auto start = [&](int flags) {
    const pid_t child =
        clone(AddOne, stack + kStackPages * kPage, flags | SIGCHLD, const_cast<int*>(&counter));
    ExpectEqual(StatusOfChild(child), Exited(5), "the child's result");
  };
  start(0);
  ExpectEqual(counter, 0, "memory of its own");
  start(CLONE_VM);
  ExpectEqual(counter, 1, "the same memory");
}

int Execute(uintptr_t argument) {
  char path[256];
  std::strncpy(path, support::ProgramPath(), sizeof path - 1);
  char mode[] = "executed";
  char* const arguments[] = {path, mode, reinterpret_cast<char*>(argument), nullptr};
  char variable[] = "POSIX_TESTS=here";
  char* const environment[] = {variable, nullptr};
  execve(path, arguments, environment);
  return errno;
}

void ExecuteStartsAnew() {
  char text[] = "17";
  ExpectEqual(StatusOf(Execute, reinterpret_cast<uintptr_t>(text)), Exited(17),
              "with arguments and an environment");
  char* const arguments[] = {text, nullptr};
  ExpectResult(Call(SYS_execve, "/no such file", arguments, arguments), ENOENT, "nothing there");
  ExpectResult(Call(SYS_execve, support::Directory(), arguments, arguments), EACCES, "a directory");
}

void ManyProcesses() {
  constexpr int kCount = 40;
  pid_t children[kCount];
  for (int i = 0; i < kCount; ++i) {
    children[i] = fork();
    if (children[i] == 0) _exit(i);
    Require(children[i] > 0, "fork");
  }
  for (int i = kCount; i-- > 0;)
    ExpectEqual(StatusOfChild(children[i]), Exited(i), "each one's end");
}

constexpr support::Test kTests[] = {
    {"fork: copy on write", CopyOnWrite},
    {"fork: what is shared stays so", SharedStaysShared},
    {"fork: three generations", Generations},
    {"fork: mappings are inherited", MappingsAreInherited},
    {"fork: identities", IdentitiesAreRight},
    {"fork: orphans", OrphansHaveAParent},
    {"fork: many processes", ManyProcesses},
    {"wait: how a process ended", StatusOfTheEnd},
    {"wait: which children", WaitFindsChildren},
    {"vfork", VforkLendsItsMemory},
    {"clone", CloneSharesWhatItSays},
    {"execve", ExecuteStartsAnew},
};

}  // namespace

Group ProcessTests() { return kTests; }

void RunAsExecuted(int argc, char** argv) {
  constexpr int kArguments = 3;
  if (argc != kArguments || std::strcmp(argv[1], "executed") != 0) return;
  const char* const variable = std::getenv("POSIX_TESTS");
  const bool right = variable != nullptr && std::strcmp(variable, "here") == 0;
  _exit(right ? std::atoi(argv[2]) : 1);
}

}  // namespace posix
