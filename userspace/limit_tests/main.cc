// Programs that take all there is of something: each is told so or ended, everybody else goes on,
// and all of it is given back. KTAP. Not for a machine that has anything else to do.
//
//   limit_tests [test=TEXT...]
//
// Runs the tests whose names contain one of the texts, or all.

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "userspace/limit_tests/trial.h"
#include "userspace/support/test.h"

namespace {

using limits::End;
using limits::ExpectGivenBack;
using limits::kPage;
using limits::LeaveFree;

constexpr int kReadWrite = PROT_READ | PROT_WRITE;
// What is left for things that take little each.
constexpr int64_t kLittleKib = 2 << 10;

// Of the process that takes: it cannot do without, and its end says so.
void Demand(bool holds, const support::Where& where = support::Where::current()) {
  support::Require(holds, "as it should be", where);
}

bool IsEnd(int error) { return error == ENOMEM || error == EAGAIN; }

// --- Memory ---

int TakeMemory(int flags) {
  constexpr size_t kStep = 1 << 20;
  while (true) {
    void* const pages = mmap(nullptr, kStep, kReadWrite, flags | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
      Demand(errno == ENOMEM);
      return 0;
    }
    for (size_t at = 0; at < kStep; at += kPage) static_cast<volatile char*>(pages)[at] = 1;
  }
}
int TakePrivateMemory() { return TakeMemory(MAP_PRIVATE); }
int TakeSharedMemory() { return TakeMemory(MAP_SHARED); }

void PrivateMemory() {
  constexpr int64_t kAll = INT64_MAX;
  ExpectGivenBack(TakePrivateMemory, End::kToldOrKilled, kAll);
}
void SharedMemory() { ExpectGivenBack(TakeSharedMemory, End::kToldOrKilled); }

// A child that copies its parent's pages until there is no memory for more.
int CopyAll() {
  constexpr size_t kBytes = 4 << 20;
  void* const pages = mmap(nullptr, kBytes, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Demand(pages != MAP_FAILED);
  auto* const bytes = static_cast<volatile char*>(pages);
  for (size_t at = 0; at < kBytes / 2; at += kPage) bytes[at] = 1;
  LeaveFree(1 << 10);
  const pid_t child = fork();
  if (child == 0) {
    for (size_t at = 0; at < kBytes; at += kPage) bytes[at] = 2;
    _exit(0);
  }
  Demand(child > 0);
  int status = 0;
  Demand(waitpid(child, &status, 0) == child);
  // Its memory is there again, and what it did not get is this one's as it was.
  Demand(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
  for (size_t at = 0; at < kBytes / 2; at += kPage) Demand(bytes[at] == 1);
  return 0;
}

void CopiedMemory() { ExpectGivenBack(CopyAll, End::kTold); }

int WriteFile() {
  static char bytes[64 << 10];
  const int file = memfd_create("all", 0);
  Demand(file >= 0);
  ssize_t written = 0;
  do {
    written = write(file, bytes, sizeof bytes);
  } while (written > 0);
  Demand(errno == ENOSPC || errno == ENOMEM);
  Demand(ftruncate(file, 0) == 0);
  Demand(write(file, bytes, sizeof bytes) == sizeof bytes);
  return 0;
}

void Files() { ExpectGivenBack(WriteFile, End::kTold); }

// --- Areas ---

// Neighbours that differ in their rights are areas of their own.
int TakeAreas() {
  LeaveFree(kLittleKib);
  constexpr size_t kMost = size_t{1} << 17;
  void* const all = mmap(nullptr, kMost * kPage, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Demand(all != MAP_FAILED);
  char* const pages = static_cast<char*>(all);
  size_t count = 0;
  while (count < kMost && mprotect(pages + count * kPage, kPage, PROT_READ) == 0) count += 2;
  Demand(count < kMost && count > 0 && errno == ENOMEM);
  // Whole areas can be given back, and the next ones have room then.
  Demand(munmap(pages, count / 2 * kPage) == 0);
  Demand(mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED);
  return 0;
}

void Areas() { ExpectGivenBack(TakeAreas, End::kTold); }

// --- Processes and threads ---

int TakeProcesses() {
  LeaveFree(kLittleKib);
  int ends[2];
  Demand(pipe(ends) == 0);
  int count = 0;
  pid_t child = 0;
  while ((child = fork()) > 0) ++count;
  if (child == 0) {
    char byte = 0;
    close(ends[1]);
    _exit(read(ends[0], &byte, 1) == 0 ? 0 : 1);
  }
  Demand(count > 1 && IsEnd(errno));
  close(ends[1]);
  int told = 0;
  int killed = 0;
  for (int i = 0; i < count; ++i) {
    int status = -1;
    Demand(wait(&status) > 0);
    told += status == 0 ? 1 : 0;
    // One that found no memory for its own copy of a page.
    killed += WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? 1 : 0;
  }
  Demand(told > 0 && told + killed == count);
  Demand(wait(nullptr) < 0 && errno == ECHILD);
  child = fork();
  if (child == 0) _exit(0);
  Demand(child > 0 && wait(nullptr) == child);
  return 0;
}

void Processes() { ExpectGivenBack(TakeProcesses, End::kToldOrKilled); }

pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER;

void* Pass(void*) {
  pthread_mutex_lock(&gate);
  pthread_mutex_unlock(&gate);
  return nullptr;
}

int TakeThreads() {
  LeaveFree(kLittleKib);
  constexpr size_t kMost = 4096;
  static pthread_t threads[kMost];
  pthread_mutex_lock(&gate);
  size_t count = 0;
  int error = 0;
  while (count < kMost && (error = pthread_create(&threads[count], nullptr, Pass, nullptr)) == 0) {
    ++count;
  }
  Demand(count > 1 && count < kMost && IsEnd(error));
  pthread_mutex_unlock(&gate);
  for (size_t i = 0; i < count; ++i) Demand(pthread_join(threads[i], nullptr) == 0);
  return 0;
}

void Threads() { ExpectGivenBack(TakeThreads, End::kToldOrKilled); }

// --- Files and what is like them ---

// Up to the process's limit, which can be found out and moved.
int TakeDescriptors() {
  rlimit limit = {};
  Demand(getrlimit(RLIMIT_NOFILE, &limit) == 0);
  limit.rlim_cur = limit.rlim_max < 4096 ? limit.rlim_max : 4096;
  Demand(setrlimit(RLIMIT_NOFILE, &limit) == 0);
  int last = -1;
  int next = -1;
  while ((next = dup(STDOUT_FILENO)) >= 0) last = next;
  Demand(errno == EMFILE && last == static_cast<int>(limit.rlim_cur) - 1);
  Demand(close(last) == 0 && dup(STDOUT_FILENO) == last);
  int ends[2];
  Demand(close(last) == 0 && pipe(ends) < 0 && errno == EMFILE);
  Demand(dup(STDOUT_FILENO) == last);
  return 0;
}

void Descriptors() { ExpectGivenBack(TakeDescriptors, End::kTold); }

// Pipes, each with as much in it as it takes.
int TakePipes() {
  LeaveFree(kLittleKib);
  static char bytes[kPage];
  int ends[2];
  size_t count = 0;
  while (pipe2(ends, O_NONBLOCK) == 0) {
    ++count;
    ssize_t written = 0;
    do {
      written = write(ends[1], bytes, sizeof bytes);
    } while (written > 0);
    if (errno != EAGAIN) break;
  }
  Demand(count > 1 && (errno == ENOMEM || errno == EMFILE || errno == ENFILE));
  close(ends[0]);
  close(ends[1]);
  return 0;
}

void Pipes() { ExpectGivenBack(TakePipes, End::kTold); }

// --- System V ---

int TakeSegments() {
  constexpr size_t kMost = 100'000;
  static int segments[kMost];
  size_t count = 0;
  while (count < kMost && (segments[count] = shmget(IPC_PRIVATE, kPage, IPC_CREAT | 0600)) >= 0) {
    ++count;
  }
  Demand(count > 1 && count < kMost && (errno == ENOSPC || errno == ENOMEM));
  for (size_t i = 0; i < count; ++i) Demand(shmctl(segments[i], IPC_RMID, nullptr) == 0);
  const int one = shmget(IPC_PRIVATE, kPage, IPC_CREAT | 0600);
  Demand(one >= 0 && shmctl(one, IPC_RMID, nullptr) == 0);
  return 0;
}

void Segments() { ExpectGivenBack(TakeSegments, End::kTold); }

// Queues, each with as much in it as it takes.
int TakeQueues() {
  LeaveFree(kLittleKib);
  constexpr size_t kMost = 4096;
  constexpr size_t kBytes = 1024;
  struct {
    long type;
    char bytes[kBytes];
  } message = {1, {}};
  static int queues[kMost];
  size_t count = 0;
  int error = 0;
  while (count < kMost && (queues[count] = msgget(IPC_PRIVATE, IPC_CREAT | 0600)) >= 0) {
    while (msgsnd(queues[count], &message, kBytes, IPC_NOWAIT) == 0) {
    }
    error = errno;
    ++count;
    if (error != EAGAIN) break;
  }
  if (error == EAGAIN) error = errno;
  Demand(count > 1 && count < kMost && (error == ENOSPC || error == ENOMEM));
  Demand(msgrcv(queues[0], &message, kBytes, 0, IPC_NOWAIT) == kBytes);
  for (size_t i = 0; i < count; ++i) Demand(msgctl(queues[i], IPC_RMID, nullptr) == 0);
  return 0;
}

void Queues() { ExpectGivenBack(TakeQueues, End::kTold); }

constexpr support::Test kTests[] = {
    {"memory: private", PrivateMemory},
    {"memory: shared", SharedMemory},
    {"memory: copied", CopiedMemory},
    {"memory: files", Files},
    {"areas", Areas},
    {"processes", Processes},
    {"threads", Threads},
    {"descriptors", Descriptors},
    {"pipes", Pipes},
    {"segments", Segments},
    {"queues", Queues},
};

}  // namespace

int main(int argc, char** argv) {
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}
