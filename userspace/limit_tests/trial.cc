#include "userspace/limit_tests/trial.h"

#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <cstdlib>
#include <cstring>

#include "userspace/support/kernel_memory.h"
#include "userspace/support/test.h"
#include "userspace/support/text.h"

namespace limits {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::MemoryUse;
using support::NumberBehind;
using support::Require;
using support::TextOf;

constexpr int kReadWrite = PROT_READ | PROT_WRITE;

// Threads that have not ended: "0.00 0.00 0.00 1/3 42".
int64_t CountThreads() { return NumberBehind(TextOf("/proc/loadavg"), "/"); }

// Somebody who wants nothing but to go on.
class Bystander {
 public:
  Bystander() {
    void* const place = mmap(nullptr, kPage, kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    Require(place != MAP_FAILED, "memory for a bystander");
    rounds_ = static_cast<std::atomic<uint32_t>*>(place);
    process_ = fork();
    if (process_ == 0) Live();
    Require(process_ > 0, "a bystander");
    ExpectGoesOn();
  }
  Bystander(const Bystander&) = delete;
  Bystander& operator=(const Bystander&) = delete;
  ~Bystander() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
    munmap(rounds_, kPage);
  }

  void ExpectGoesOn() const {
    constexpr timespec kMoment = {0, 1'000'000};
    constexpr int kMostMoments = 2000;
    const uint32_t before = *rounds_;
    int moments = 0;
    for (; *rounds_ == before && moments < kMostMoments; ++moments) nanosleep(&kMoment, nullptr);
    Expect(moments < kMostMoments, "a bystander goes on");
  }

 private:
  [[noreturn]] void Live() const {
    static volatile char own[4 * kPage];
    constexpr timespec kMoment = {0, 500'000};
    for (char value = 0;; ++value) {
      for (size_t i = 0; i < sizeof own; i += kPage) {
        if (own[i] != value) _exit(1);
        own[i] = static_cast<char>(value + 1);
      }
      rounds_->fetch_add(1);
      nanosleep(&kMoment, nullptr);
    }
  }

  std::atomic<uint32_t>* rounds_;
  pid_t process_;
};

// Of all memory but so much.
class Holder {
 public:
  explicit Holder(int64_t left_kib) {
    int ends[2];
    Require(pipe(ends) == 0, "a pipe");
    process_ = fork();
    if (process_ == 0) {
      LeaveFree(left_kib);
      close(ends[1]);
      while (true) pause();
    }
    Require(process_ > 0, "a holder of memory");
    close(ends[1]);
    // It has what it wants when its end is closed.
    char byte = 0;
    Require(read(ends[0], &byte, 1) == 0, "its word");
    close(ends[0]);
  }
  Holder(const Holder&) = delete;
  Holder& operator=(const Holder&) = delete;
  ~Holder() {
    kill(process_, SIGKILL);
    waitpid(process_, nullptr, 0);
  }

 private:
  pid_t process_;
};

void RunOnce(int (*take)(), End end) {
  const pid_t child = fork();
  if (child == 0) _exit(take());
  int status = -1;
  Require(child > 0 && waitpid(child, &status, 0) == child, "a process");
  const bool is_killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  if (end == End::kToldOrKilled && is_killed) return;
  ExpectEqual(status, 0, "the end of the one who takes all");
}

// Those that lost their parent end by themselves, and somebody else waits for them.
void WaitForOrphans(int64_t threads) {
  constexpr timespec kMoment = {0, 1'000'000};
  constexpr int kMostMoments = 2000;
  for (int i = 0; i < kMostMoments && CountThreads() > threads; ++i) nanosleep(&kMoment, nullptr);
  ExpectEqual(CountThreads(), threads, "threads of all processes");
}

}  // namespace

void ExpectGivenBack(int (*take)(), End end, int64_t left_kib) {
  constexpr unsigned kTimesBefore = 2;
  constexpr unsigned kTimes = 3;
  const Holder holder(left_kib);
  const Bystander bystander;
  const int64_t threads = CountThreads();
  const auto run = [&] {
    RunOnce(take, end);
    WaitForOrphans(threads);
    bystander.ExpectGoesOn();
    return MemoryUse();
  };
  for (unsigned i = 1; i < kTimesBefore; ++i) static_cast<void>(run());
  const MemoryUse before = run();
  int64_t least_before = before.unused_kib();
  for (unsigned i = 0; i < kTimes; ++i) least_before = std::min(least_before, run().unused_kib());
  MemoryUse after = run();
  int64_t most_after = after.unused_kib();
  for (unsigned i = 1; i < kTimes; ++i) {
    after = run();
    most_after = std::max(most_after, after.unused_kib());
  }
  // Pages of nodes that several spaces share are more or fewer from one time to the next; what
  // stays each time makes the most of the later ones less than the least of those before.
  Expect(most_after >= least_before, "memory is given back");
  after.ExpectKeepsNoMoreThan(before);
  after.Print();
}

int64_t FreeKib() { return NumberBehind(TextOf("/proc/meminfo"), "MemFree:"); }

void LeaveFree(int64_t kib) {
  constexpr int64_t kLeastKib = 64;
  int64_t more_kib = 0;
  while ((more_kib = FreeKib() - kib) > kLeastKib) {
    // Half of it each time: page tables take some as well, and to look takes long.
    const size_t bytes = static_cast<size_t>(std::max(more_kib / 2, kLeastKib)) * 1024;
    void* const pages = mmap(nullptr, bytes, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) return;
    for (size_t at = 0; at < bytes; at += kPage) static_cast<volatile char*>(pages)[at] = 1;
  }
}

}  // namespace limits
