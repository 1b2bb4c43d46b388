// Locks whose holder dies: the kernel walks a list of them in the program's memory, which may hold
// anything.

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
#include <cstring>
#include <limits>

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

// Linux's uapi/linux/futex.h.
constexpr uint32_t kOwnerDied = uint32_t{1} << 30;
constexpr uint32_t kHasWaiters = uint32_t{1} << 31;
constexpr int kFutexWait = 0;

constexpr timespec kMoment = {0, 20'000'000};

struct Lock {
  uintptr_t next;
  std::atomic<uint32_t> word;
};

struct Head {
  uintptr_t first;
  long word_offset;
  uintptr_t pending;
};

// Shared by a process that dies and the one that looks.
struct Table {
  Head head;
  Lock locks[3];
};

uintptr_t AddressOf(const void* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

// An empty list.
Table& NewTable() {
  auto* const table = reinterpret_cast<Table*>(NewPages(1, kReadWrite, MAP_SHARED | MAP_ANONYMOUS));
  table->head = {AddressOf(&table->head), offsetof(Lock, word), 0};
  return *table;
}

uint32_t OwnId() { return static_cast<uint32_t>(Call(SYS_gettid)); }

long SetList(const void* head) { return Call(SYS_set_robust_list, head, sizeof(Head)); }

// A process that prepares the table, hands over its head and ends: how.
template <class Prepare>
int Die(Prepare&& prepare) {
  const pid_t child = fork();
  if (child == 0) {
    const void* const head = prepare();
    _exit(SetList(head) == 0 ? 0 : 1);
  }
  int status = 0;
  return waitpid(child, &status, 0) == child ? status : -1;
}

// Puts the locks into the list, one after the other, as the process's own.
void Link(Table& table) {
  uintptr_t* link = &table.head.first;
  for (Lock& lock : table.locks) {
    *link = AddressOf(&lock);
    link = &lock.next;
    lock.word = OwnId();
  }
  *link = AddressOf(&table.head);
}

void Lists() {
  Table& table = NewTable();
  const auto own_and_others = [&] {
    Link(table);
    table.locks[1].word = OwnId() + 1;
    table.locks[2].word = OwnId() | kHasWaiters;
    return &table.head;
  };
  ExpectEqual(Die(own_and_others), Exited(0), "a list");
  ExpectEqual(table.locks[0].word, kOwnerDied, "one without waiters");
  Expect((table.locks[1].word & kOwnerDied) == 0, "another thread's");
  ExpectEqual(table.locks[2].word, kOwnerDied | kHasWaiters, "one with waiters");
  const auto being_locked = [&] {
    table.head.first = AddressOf(&table.head);
    table.head.pending = AddressOf(&table.locks[0]);
    table.locks[0].word = OwnId();
    return &table.head;
  };
  ExpectEqual(Die(being_locked), Exited(0), "an empty list");
  ExpectEqual(table.locks[0].word, kOwnerDied, "one that is just being locked");
}

void ListArguments() {
  Table& table = NewTable();
  ExpectResult(Call(SYS_set_robust_list, &table.head, sizeof(Head) - 1), EINVAL, "another size");
  ExpectResult(SetList(&table.head), 0, "set");
  uintptr_t head = 0;
  size_t size_bytes = 0;
  ExpectResult(Call(SYS_get_robust_list, 0, &head, &size_bytes), 0, "get");
  Expect(head == AddressOf(&table.head) && size_bytes == sizeof(Head), "what was set");
  constexpr int kNobody = std::numeric_limits<int>::max();
  ExpectResult(Call(SYS_get_robust_list, kNobody, &head, &size_bytes), ESRCH, "nobody's");
  ExpectResult(Call(SYS_get_robust_list, 0, nullptr, &size_bytes), EFAULT, "to nowhere");
}

// Lists that never come back to their head, and what leads nowhere.
void HostileLists() {
  Table& table = NewTable();
  const auto circle = [&] {
    Link(table);
    table.locks[2].next = AddressOf(&table.locks[0]);
    return &table.head;
  };
  ExpectEqual(Die(circle), Exited(0), "a circle");
  ExpectEqual(table.locks[2].word, kOwnerDied, "once around");
  const auto itself = [&] {
    Link(table);
    table.locks[0].next = AddressOf(&table.locks[0]);
    return &table.head;
  };
  ExpectEqual(Die(itself), Exited(0), "a lock that follows itself");

  char* const pages = NewPages(2);
  Require(munmap(pages + kPage, kPage) == 0, "munmap");
  const uintptr_t hole = AddressOf(pages + kPage);
  const uintptr_t nowhere[] = {hole, hole - sizeof(uintptr_t), ~uintptr_t{7}, ~uintptr_t{7} >> 1,
                               0};
  for (const uintptr_t place : nowhere) {
    const auto bad_head = [&] { return reinterpret_cast<void*>(place); };
    ExpectEqual(Die(bad_head), Exited(0), "a head that leads nowhere");
    const auto bad_lock = [&] {
      Link(table);
      table.locks[0].next = place;
      return &table.head;
    };
    ExpectEqual(Die(bad_lock), Exited(0), "a lock that leads nowhere");
    ExpectEqual(table.locks[0].word, kOwnerDied, "the one before it");
    const auto bad_pending = [&] {
      Link(table);
      table.head.pending = place;
      return &table.head;
    };
    ExpectEqual(Die(bad_pending), Exited(0), "one that is just being locked nowhere");
    ExpectEqual(table.locks[2].word, kOwnerDied, "those that are locked");
    table.head.pending = 0;
    const auto bad_offset = [&] {
      Link(table);
      table.head.word_offset = static_cast<long>(place - AddressOf(&table.locks[0]));
      return &table.head;
    };
    ExpectEqual(Die(bad_offset), Exited(0), "words that are nowhere");
    table.head.word_offset = offsetof(Lock, word);
  }

  // Misaligned words, and one that may only be read.
  const auto misaligned = [&] {
    Link(table);
    table.head.word_offset = 1;
    return &table.head;
  };
  ExpectEqual(Die(misaligned), Exited(0), "misaligned words");
  table.head.word_offset = offsetof(Lock, word);
  const auto read_only = [&] {
    Link(table);
    mprotect(&table, kPage, PROT_READ);
    return &table.head;
  };
  ExpectEqual(Die(read_only), Exited(0), "words that may only be read");
  Expect((table.locks[0].word & kOwnerDied) == 0, "are not written");
}

// It was unlocked, and nobody has been woken yet.
void UnlockedHalfWay() {
  Table& table = NewTable();
  const pid_t child = fork();
  if (child == 0) {
    nanosleep(&kMoment, nullptr);
    table.head.pending = AddressOf(&table.locks[0]);
    _exit(SetList(&table.head) == 0 ? 0 : 1);
  }
  const long limit[] = {10, 0};
  ExpectResult(Call(SYS_futex, &table.locks[0].word, kFutexWait, 0, limit), 0, "woken");
  ExpectEqual(table.locks[0].word, 0, "it is free");
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(0), "the child");
}

// The old program's locks are not the new one's.
void ExecuteReleases() {
  Table& table = NewTable();
  const pid_t child = fork();
  if (child == 0) {
    Link(table);
    SetList(&table.head);
    char path[256] = {};
    std::strncpy(path, support::ProgramPath(), sizeof path - 1);
    char nothing[] = "test=none of them";
    char* const arguments[] = {path, nothing, nullptr};
    close(STDOUT_FILENO);
    execve(path, arguments, arguments + 2);
    _exit(1);
  }
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, Exited(0), "another program");
  for (const Lock& lock : table.locks) ExpectEqual(lock.word, kOwnerDied, "released");
}

pthread_mutex_t* NewMutex(int shared) {
  pthread_mutexattr_t attributes;
  pthread_mutexattr_init(&attributes);
  ExpectEqual(pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST), 0, "robust");
  ExpectEqual(pthread_mutexattr_setpshared(&attributes, shared), 0, "whose");
  auto* const mutex =
      reinterpret_cast<pthread_mutex_t*>(NewPages(1, kReadWrite, MAP_SHARED | MAP_ANONYMOUS));
  Require(pthread_mutex_init(mutex, &attributes) == 0, "a mutex");
  return mutex;
}

void ThreadsDie() {
  pthread_mutex_t* const mutex = NewMutex(PTHREAD_PROCESS_PRIVATE);
  const auto lock_and_die = [&] {
    pthread_t thread;
    const auto lock = [](void* which) -> void* {
      pthread_mutex_lock(static_cast<pthread_mutex_t*>(which));
      return nullptr;
    };
    Require(pthread_create(&thread, nullptr, lock, mutex) == 0, "pthread_create");
    pthread_join(thread, nullptr);
  };
  lock_and_die();
  ExpectEqual(pthread_mutex_lock(mutex), EOWNERDEAD, "its holder died");
  ExpectEqual(pthread_mutex_consistent(mutex), 0, "in order again");
  ExpectEqual(pthread_mutex_unlock(mutex), 0, "unlock");
  ExpectEqual(pthread_mutex_lock(mutex), 0, "lock");
  ExpectEqual(pthread_mutex_unlock(mutex), 0, "unlock");
  lock_and_die();
  ExpectEqual(pthread_mutex_trylock(mutex), EOWNERDEAD, "its holder died");
  ExpectEqual(pthread_mutex_unlock(mutex), 0, "unlock without order");
  ExpectEqual(pthread_mutex_lock(mutex), ENOTRECOVERABLE, "never again");
}

pid_t holder = 0;

void ProcessesDie() {
  pthread_mutex_t* const mutex = NewMutex(PTHREAD_PROCESS_SHARED);
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  holder = fork();
  if (holder == 0) {
    pthread_mutex_lock(mutex);
    if (write(ends[1], "x", 1) != 1) _exit(1);
    while (true) pause();
  }
  char byte = 0;
  Require(read(ends[0], &byte, 1) == 1, "the child has it");
  ExpectEqual(pthread_mutex_trylock(mutex), EBUSY, "and lives");
  pthread_t thread;
  const auto kill_it = [](void*) -> void* {
    nanosleep(&kMoment, nullptr);
    kill(holder, SIGKILL);
    return nullptr;
  };
  Require(pthread_create(&thread, nullptr, kill_it, nullptr) == 0, "pthread_create");
  ExpectEqual(pthread_mutex_lock(mutex), EOWNERDEAD, "who waits is woken");
  ExpectEqual(pthread_mutex_consistent(mutex), 0, "in order again");
  ExpectEqual(pthread_mutex_unlock(mutex), 0, "unlock");
  pthread_join(thread, nullptr);
  int status = 0;
  ExpectEqual(waitpid(holder, &status, 0), holder, "waitpid");
  ExpectEqual(status, support::Killed(SIGKILL), "the child");
}

constexpr support::Test kTests[] = {
    {"robust locks: lists", Lists},
    {"robust locks: arguments", ListArguments},
    {"robust locks: hostile lists", HostileLists},
    {"robust locks: unlocked half-way", UnlockedHalfWay},
    {"robust locks: execve", ExecuteReleases},
    {"robust locks: threads die", ThreadsDie},
    {"robust locks: processes die", ProcessesDie},
};

}  // namespace

Group RobustTests() { return kTests; }

}  // namespace posix
