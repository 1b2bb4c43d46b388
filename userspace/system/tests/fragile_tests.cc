// What programs see of a disk whose driver breaks while they wait for it: the first process, beside
// the driver `fragile`. KTAP.

#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <csetjmp>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>
#include <utility>

#include "userspace/libatlas/native/message.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/test.h"
#include "userspace/system/tests/disk_lines.h"
#include "userspace/system/tests/fragile.h"

namespace {

using support::Expect;
using support::ExpectEqual;
using support::Require;
using trial::HoldsLines;

constexpr size_t kPageBytes = 4096;

char buffer[kPageBytes];

// The system process is on its way: to its first driver, or to the next one.
int WaitForDisk() {
  while (true) {
    const int file = open("/dev/vda", O_RDWR);
    if (file >= 0) return file;
    Require(errno == ENOENT || errno == ENXIO, "no other error");
    sched_yield();
  }
}

// Of a page that nobody has read before.
void ExpectWorks(uint64_t offset) {
  const int file = WaitForDisk();
  ExpectEqual(pread(file, buffer, kPageBytes, static_cast<off_t>(offset)), kPageBytes, "a read");
  Expect(HoldsLines(buffer, offset, kPageBytes), "what was read");
  close(file);
}

void ExpectFailedRead(uint64_t offset) {
  const int file = WaitForDisk();
  errno = 0;
  ExpectEqual(pread(file, buffer, 1, static_cast<off_t>(offset)), -1, "the read");
  ExpectEqual(errno, EIO, "its error");
  close(file);
}

void ACrashFailsAReadThatWaits() {
  ExpectWorks(0);
  const int before = WaitForDisk();
  ExpectFailedRead(trial::kCrashOffset);
  ExpectWorks(kPageBytes);
  // Who had it open has it again.
  ExpectEqual(pread(before, buffer, kPageBytes, 2 * kPageBytes), kPageBytes, "an old descriptor");
  ExpectEqual(pread(before, buffer, kPageBytes, 0), kPageBytes, "what was known before");
  close(before);
}

sigjmp_buf on_bus_error;

void OnBusError(int) { siglongjmp(on_bus_error, 1); }

// The process that drives the devices, as it answers.
pid_t FindSystemProcess() {
  atlas::Message reply;
  while (true) {
    const long result = atlas::Call(atlas::kSystemThread, {}, reply);
    if (result == 0) return reply.process;
    Require(result == -ESRCH || result == -EOWNERDEAD, "no other error");
    sched_yield();
  }
}

// Of the system process: what it has in memory.
int64_t ResidentPages() {
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%d/statm", FindSystemProcess());
  const char* const text = support::TextOf(path);  // of its size, of these, and more
  return support::NumberBehind(text, " ");
}

// In the handler, while the device has its line raised.
void ACrashFailsAFaultThatWaits() {
  const int file = WaitForDisk();
  void* const mapped = mmap(nullptr, trial::kDiskBytes, PROT_READ, MAP_SHARED, file, 0);
  Require(mapped != MAP_FAILED, "a mapping");
  close(file);
  const int64_t before = ResidentPages();
  const auto* const bytes = static_cast<const volatile char*>(mapped);
  signal(SIGBUS, OnBusError);
  const int jumped = sigsetjmp(on_bus_error, 1);
  if (jumped == 0) Expect(bytes[trial::kHandlerCrashOffset] == 0 && false, "a byte");
  ExpectEqual(jumped, 1, "SIGBUS");
  close(WaitForDisk());
  // The mapping shows it again.
  Expect(HoldsLines(static_cast<const char*>(mapped) + 3 * kPageBytes, 3 * kPageBytes, kPageBytes),
         "the next page");
  ExpectWorks(4 * kPageBytes);
  // Where the object was, its headers stay.
  constexpr int64_t kHeaderPages = 1;
  Expect(ResidentPages() <= before + kHeaderPages, "what the driver had is given back");
}

// Neither does the driver come back, nor does it fault.
void ADriverThatDoesNotComeBackIsStopped() {
  ExpectFailedRead(trial::kLoopOffset);
  ExpectWorks(5 * kPageBytes);
}

// By the kernel, and then no more.
constexpr uint64_t kMostRestarts = 3;

void ASystemProcessThatEndsIsStartedAgain() {
  const pid_t before = FindSystemProcess();
  const int file = WaitForDisk();
  int64_t unused_kib = 0;
  for (uint64_t time = 0; time < kMostRestarts; ++time) {
    const pid_t killed = FindSystemProcess();
    Require(kill(killed, SIGKILL) == 0, "a signal");
    while (FindSystemProcess() == killed) sched_yield();
    ExpectWorks((7 + time) * kPageBytes);
    // What the one before left to its devices is back. The page that was read stays.
    const int64_t before_kib = std::exchange(unused_kib, support::MemoryUse().unused_kib());
    if (time > 0) ExpectEqual(before_kib - unused_kib, kPageBytes / 1024, "memory in KiB");
  }
  Expect(FindSystemProcess() != before, "another one");
  ExpectEqual(pread(file, buffer, kPageBytes, 10 * kPageBytes), kPageBytes, "who had it open");
  close(file);
  ExpectEqual(kill(before, 0), -1, "nothing is left");
}

// After the test before it.
void ASystemProcessThatEndsTooOftenIsGone() {
  Require(kill(FindSystemProcess(), SIGKILL) == 0, "a signal");
  for (int file; (file = open("/dev/vda", O_RDONLY)) >= 0; close(file)) sched_yield();
  // Time enough for another one.
  constexpr timespec kPause = {.tv_sec = 0, .tv_nsec = 300'000'000};
  nanosleep(&kPause, nullptr);
  atlas::Message reply;
  ExpectEqual(atlas::Call(atlas::kSystemThread, {}, reply), -ESRCH, "nobody is it");
  ExpectEqual(open("/dev/vda", O_RDONLY), -1, "nor is its disk there");
}

constexpr support::Test kTests[] = {
    {"a crash fails a read that waits", ACrashFailsAReadThatWaits},
    {"a crash fails a fault that waits", ACrashFailsAFaultThatWaits},
    {"a driver that does not come back is stopped", ADriverThatDoesNotComeBackIsStopped},
    {"a system process that ends is started again", ASystemProcessThatEndsIsStartedAgain},
    {"a system process that ends too often is gone", ASystemProcessThatEndsTooOftenIsGone},
};

}  // namespace

int main(int argc, char** argv) {
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}
