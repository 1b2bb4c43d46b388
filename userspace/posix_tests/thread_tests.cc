// Threads, their storage, and futexes.

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <ctime>
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
using support::Require;

constexpr size_t kThreads = 8;

thread_local int local_number = 11;
thread_local int local_zero;

struct Task {
  pthread_t thread;
  void* (*run)(Task&);
  size_t index;
};

void* RunTask(void* argument) {
  auto& task = *static_cast<Task*>(argument);
  return task.run(task);
}

// Starts kThreads threads and waits for all of them.
void RunAll(void* (*run)(Task&)) {
  Task tasks[kThreads];
  for (size_t i = 0; i < kThreads; ++i) {
    tasks[i].run = run;
    tasks[i].index = i;
    Require(pthread_create(&tasks[i].thread, nullptr, RunTask, &tasks[i]) == 0, "pthread_create");
  }
  for (Task& task : tasks) {
    void* result = nullptr;
    ExpectEqual(pthread_join(task.thread, &result), 0, "pthread_join");
    Expect(result == &task, "its result");
  }
}

void LocalStorage() {
  local_number = 5;
  RunAll([](Task& task) -> void* {
    Expect(local_number == 11 && local_zero == 0, "fresh in each thread");
    local_number = static_cast<int>(task.index);
    for (int i = 0; i < 100; ++i) {
      sched_yield();
      Expect(local_number == static_cast<int>(task.index), "each has its own");
    }
    return &task;
  });
  ExpectEqual(local_number, 5, "the first thread's own");
}

pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
int guarded = 0;

void Mutexes() {
  constexpr int kRounds = 200;
  RunAll([](Task& task) -> void* {
    for (int i = 0; i < kRounds; ++i) {
      pthread_mutex_lock(&mutex);
      const int seen = guarded;
      sched_yield();
      guarded = seen + 1;
      pthread_mutex_unlock(&mutex);
    }
    return &task;
  });
  ExpectEqual(guarded, kRounds * static_cast<int>(kThreads), "no turn is lost");
}

pthread_cond_t condition = PTHREAD_COND_INITIALIZER;
size_t turn = 0;

void Conditions() {
  RunAll([](Task& task) -> void* {
    pthread_mutex_lock(&mutex);
    while (turn != task.index) pthread_cond_wait(&condition, &mutex);
    ++turn;
    pthread_cond_broadcast(&condition);
    pthread_mutex_unlock(&mutex);
    return &task;
  });
  ExpectEqual(static_cast<int64_t>(turn), static_cast<int64_t>(kThreads), "one after the other");
}

std::atomic<int> touched = 0;

// What a thread maps, another one unmaps; memory is one for all of them.
void OneAddressSpace() {
  static char* pages[kThreads];
  RunAll([](Task& task) -> void* {
    pages[task.index] = NewPages(1);
    pages[task.index][0] = static_cast<char>(task.index + 1);
    return &task;
  });
  RunAll([](Task& task) -> void* {
    const size_t next = (task.index + 1) % kThreads;
    if (pages[next][0] == static_cast<char>(next + 1)) ++touched;
    return &task;
  });
  ExpectEqual(touched, static_cast<int>(kThreads), "seen by others");
}

void Identities() {
  static std::atomic<pid_t> ids[kThreads];
  static const pid_t process = getpid();
  RunAll([](Task& task) -> void* {
    ids[task.index] = static_cast<pid_t>(Call(SYS_gettid));
    Expect(getpid() == process, "one process");
    return &task;
  });
  for (size_t i = 0; i < kThreads; ++i) {
    Expect(ids[i] != process, "a number of its own");
  }
  ExpectEqual(Call(SYS_gettid), process, "the first thread has the process's");
}

void* Sleep(void*) {
  while (true) pause();
}

// A process ends with all its threads, whoever ends it.
void ExitEndsAllThreads() {
  const pid_t child = fork();
  if (child == 0) {
    pthread_t thread;
    pthread_create(&thread, nullptr, Sleep, nullptr);
    pthread_create(&thread, nullptr, [](void*) -> void* { _exit(23); }, nullptr);
    Sleep(nullptr);
  }
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(23), "another thread's exit");
}

// A fault in one thread is handled by it, and the others go on.
void FaultsAreAThreadsOwn() {
  static std::atomic<bool> over = false;
  pthread_t thread;
  const auto count = [](void* argument) -> void* {
    auto& counter = *static_cast<std::atomic<int>*>(argument);
    while (!over) {
      ++counter;
      sched_yield();
    }
    return nullptr;
  };
  static std::atomic<int> counter = 0;
  Require(pthread_create(&thread, nullptr, count, &counter) == 0, "pthread_create");
  char* const page = NewPages(1, PROT_NONE);
  for (int i = 0; i < 20; ++i) {
    Expect(support::Write(page).signal == SIGSEGV, "a fault");
    sched_yield();
  }
  const int before = counter;
  while (counter == before) sched_yield();
  over = true;
  ExpectEqual(pthread_join(thread, nullptr), 0, "the other thread");
}

std::atomic<int> signalled = 0;

void SignalsToAThread() {
  signal(SIGUSR1, [](int) { signalled = static_cast<int>(Call(SYS_gettid)); });
  static std::atomic<int> id = 0;
  pthread_t thread;
  const auto wait = [](void*) -> void* {
    id = static_cast<int>(Call(SYS_gettid));
    while (signalled == 0) sched_yield();
    return nullptr;
  };
  Require(pthread_create(&thread, nullptr, wait, nullptr) == 0, "pthread_create");
  while (id == 0) sched_yield();
  ExpectEqual(pthread_kill(thread, SIGUSR1), 0, "pthread_kill");
  ExpectEqual(pthread_join(thread, nullptr), 0, "pthread_join");
  ExpectEqual(signalled, id, "that thread");
}

// Linux's numbers, for which musl has no header.
constexpr int kFutexWait = 0;
constexpr int kFutexWake = 1;
constexpr int kFutexCompareRequeue = 4;
constexpr int kFutexWakeOperation = 5;
constexpr int kFutexLockPi = 6;
constexpr int kFutexUnlockPi = 7;
constexpr int kFutexWaitBits = 9;
constexpr int kFutexPrivate = 128;
constexpr int kFutexRealTime = 256;

template <class... More>
long Futex(void* word, int operation, long value, More... more) {
  return Call(SYS_futex, word, operation, value, more...);
}

void FutexArguments() {
  static uint32_t word = 5;
  ExpectResult(Futex(&word, kFutexWait, 4, nullptr), EAGAIN, "another value");
  ExpectEqual(Futex(&word, kFutexWake, 1), 0, "nobody waits");
  ExpectResult(Futex(reinterpret_cast<char*>(&word) + 1, kFutexWait, 5, nullptr), EINVAL,
               "not aligned");
  ExpectResult(Futex(FreePages(1), kFutexWait, 0, nullptr), EFAULT, "not mapped");
  ExpectResult(Futex(&word, 99, 0, nullptr), ENOSYS, "an unknown operation");
  // As old as the call: both members are long.
  const long moment[] = {0, 20'000'000};
  ExpectResult(Futex(&word, kFutexWait, 5, moment), ETIMEDOUT, "a time limit");
  ExpectResult(Futex(&word, kFutexWait | kFutexPrivate, 5, moment), ETIMEDOUT, "a private one");
  const long bad[] = {0, 2'000'000'000};
  ExpectResult(Futex(&word, kFutexWait, 5, bad), EINVAL, "no such time");
  // Only a wait until some moment needs to know by which clock.
  for (const int operation : {kFutexWait, kFutexWake, kFutexCompareRequeue}) {
    ExpectResult(Futex(&word, operation | kFutexRealTime, 4, nullptr), ENOSYS, "another clock");
  }
  ExpectResult(Futex(&word, kFutexWaitBits | kFutexRealTime, 4, nullptr, nullptr, ~0U), EAGAIN,
               "which has a meaning there");
}

std::atomic<uint32_t> gate = 0;
std::atomic<uint32_t> second_gate = 0;
std::atomic<int> waiting = 0;
std::atomic<int> passed = 0;

void* WaitAtGate(Task& task) {
  ++waiting;
  while (gate == 0 && second_gate == 0) {
    if (Futex(&gate, kFutexWait | kFutexPrivate, 0, nullptr) == 0) break;
  }
  ++passed;
  return &task;
}

void* OpenGate(void*) {
  const timespec moment = {0, 50'000'000};
  while (waiting < static_cast<int>(kThreads)) nanosleep(&moment, nullptr);
  nanosleep(&moment, nullptr);
  ExpectEqual(Futex(&gate, kFutexWake | kFutexPrivate, 2), 2, "two are woken");
  nanosleep(&moment, nullptr);
  ExpectEqual(passed, 2, "and no others");
  ExpectEqual(Futex(&gate, kFutexCompareRequeue | kFutexPrivate, 1, 2, &second_gate, 0), 3,
              "one woken, two moved");
  ExpectResult(Futex(&gate, kFutexCompareRequeue | kFutexPrivate, 1, 2, &second_gate, 7), EAGAIN,
               "another value");
  nanosleep(&moment, nullptr);
  ExpectEqual(passed, 3, "one more");
  ExpectEqual(Futex(&second_gate, kFutexWake | kFutexPrivate, 100), 2, "those that were moved");
  ExpectEqual(Futex(&gate, kFutexWake | kFutexPrivate, 100), static_cast<int>(kThreads) - 5,
              "the rest");
  return nullptr;
}

void FutexWakesAndMoves() {
  pthread_t thread;
  Require(pthread_create(&thread, nullptr, OpenGate, nullptr) == 0, "pthread_create");
  RunAll(WaitAtGate);
  pthread_join(thread, nullptr);
}

// The word is found by its page, wherever each process sees it.
void FutexBetweenProcesses() {
  auto* const word =
      reinterpret_cast<std::atomic<uint32_t>*>(NewPages(1, kReadWrite, MAP_SHARED | MAP_ANONYMOUS));
  const pid_t child = fork();
  if (child == 0) {
    const long moved = Call(SYS_mremap, word, 0, kPage, MREMAP_MAYMOVE);
    auto* const elsewhere = reinterpret_cast<std::atomic<uint32_t>*>(moved);
    while (*elsewhere == 0) Futex(elsewhere, kFutexWait, 0, nullptr);
    _exit(static_cast<int>(*elsewhere));
  }
  const timespec moment = {0, 50'000'000};
  nanosleep(&moment, nullptr);
  *word = 31;
  Futex(word, kFutexWake, 1);
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(31), "the child was woken");
}

// FUTEX_WAKE_OP: the second word changes, and whether who waits for it is woken depends on what it
// was.
void FutexChangesAWord() {
  auto* const words =
      reinterpret_cast<std::atomic<uint32_t>*>(NewPages(1, kReadWrite, MAP_SHARED | MAP_ANONYMOUS));
  const auto change = [&](uint32_t operation, uint32_t comparison, uint32_t with) {
    constexpr long kOne = 1;
    constexpr uint32_t kOperand = 6;
    const uint32_t packed = operation << 28 | comparison << 24 | kOperand << 12 | with;
    return Futex(&words[0], kFutexWakeOperation, kOne, kOne, &words[1], packed);
  };
  constexpr uint32_t kSet = 0;
  constexpr uint32_t kAdd = 1;
  constexpr uint32_t kXor = 4;
  constexpr uint32_t kEqual = 0;
  ExpectEqual(change(kAdd, kEqual, 0), 0, "nobody waits");
  ExpectEqual(words[1], 6, "added");
  ExpectEqual(change(kXor, kEqual, 0), 0, "nobody waits");
  ExpectEqual(words[1], 0, "and gone");
  ExpectResult(change(7, kEqual, 0), ENOSYS, "an unknown change");
  const pid_t child = fork();
  if (child == 0) {
    while (words[1] == 0) Futex(&words[1], kFutexWait, 0, nullptr);
    _exit(static_cast<int>(words[1]));
  }
  const timespec moment = {0, 50'000'000};
  nanosleep(&moment, nullptr);
  ExpectEqual(change(kXor, kEqual, 1), 0, "not what it was");
  ExpectEqual(words[1], 6, "changed all the same");
  words[1] = 0;
  ExpectEqual(change(kSet, kEqual, 0), 1, "woken");
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(6), "the child has seen it");
}

// A kernel either hands on priorities, or says that it does not.
void FutexInheritsPrioritiesOrNot() {
  static uint32_t word = 0;
  const long locked = Futex(&word, kFutexLockPi | kFutexPrivate, 0, nullptr);
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  const int wanted = pthread_mutexattr_setprotocol(&attributes, PTHREAD_PRIO_INHERIT);
  if (locked == 0) {
    ExpectEqual(word, static_cast<int64_t>(Call(SYS_gettid)), "the owner");
    ExpectResult(Futex(&word, kFutexUnlockPi | kFutexPrivate, 0, nullptr), 0, "unlocked");
    ExpectEqual(wanted, 0, "the C library knows");
  } else {
    ExpectResult(locked, ENOSYS, "not done");
    ExpectResult(Futex(&word, kFutexUnlockPi | kFutexPrivate, 0, nullptr), ENOSYS, "not done");
    ExpectEqual(wanted, ENOSYS, "the C library knows");
  }
}

constexpr support::Test kTests[] = {
    {"threads: storage of their own", LocalStorage},
    {"threads: mutexes", Mutexes},
    {"threads: conditions", Conditions},
    {"threads: one address space", OneAddressSpace},
    {"threads: identities", Identities},
    {"threads: exit ends all", ExitEndsAllThreads},
    {"threads: faults", FaultsAreAThreadsOwn},
    {"threads: signals", SignalsToAThread},
    {"futex: arguments", FutexArguments},
    {"futex: wake and requeue", FutexWakesAndMoves},
    {"futex: between processes", FutexBetweenProcesses},
    {"futex: changes a word", FutexChangesAWord},
    {"futex: priorities", FutexInheritsPrioritiesOrNot},
};

}  // namespace

Group ThreadTests() { return kTests; }

}  // namespace posix
