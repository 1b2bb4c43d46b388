// What the system says of itself, random numbers, and time.

#include <sys/random.h>
#include <sys/resource.h>
#include <sys/shm.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/utsname.h>
#include <time.h>
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
#include "userspace/posix_tests/proc_text.h"
#include "userspace/support/probe.h"
#include "userspace/support/test.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;

void Names() {
  utsname names = {};
  ExpectEqual(uname(&names), 0, "uname");
  Expect(std::strlen(names.sysname) > 0, "the system's name");
  Expect(std::strlen(names.release) > 0, "its release");
  const bool wide = sizeof(void*) == 8;
  const char* const machine = wide ? "x86_64" : "armv7l";
  Expect(std::strcmp(names.machine, machine) == 0, "the machine");
}

void Memory() {
  struct sysinfo before = {};
  ExpectEqual(sysinfo(&before), 0, "sysinfo");
  Expect(before.mem_unit > 0 && before.totalram > 0, "some memory");
  Expect(before.freeram <= before.totalram, "not more free than there is");
  ExpectEqual(sysconf(_SC_PAGESIZE), kPage, "the page");
}

void RandomNumbers() {
  constexpr size_t kBytes = 64;
  unsigned char one[kBytes] = {};
  unsigned char two[kBytes] = {};
  ExpectEqual(getrandom(one, kBytes, 0), kBytes, "getrandom");
  ExpectEqual(getrandom(two, kBytes, 0), kBytes, "and once more");
  Expect(std::memcmp(one, two, kBytes) != 0, "other numbers");
  unsigned different = 0;
  for (size_t i = 1; i < kBytes; ++i) different += one[i] != one[0] ? 1 : 0;
  Expect(different > kBytes / 2, "that differ");
  ExpectEqual(getrandom(one, 0, 0), 0, "none");
  ExpectResult(Call(SYS_getrandom, one, 1, 0x80), EINVAL, "an unknown flag");
}

int64_t Nanoseconds(const timespec& time) {
  return int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

int64_t Now(clockid_t clock) {
  timespec time = {};
  ExpectEqual(clock_gettime(clock, &time), 0, "clock_gettime");
  Expect(time.tv_nsec >= 0 && time.tv_nsec < 1'000'000'000, "less than a second of nanoseconds");
  return Nanoseconds(time);
}

void ClocksGoForward() {
  for (const clockid_t clock : {CLOCK_REALTIME, CLOCK_MONOTONIC}) {
    int64_t last = Now(clock);
    for (int i = 0; i < 1000; ++i) {
      const int64_t now = Now(clock);
      Expect(now >= last, "never back");
      last = now;
    }
  }
  timespec time = {};
  ExpectResult(Call(machine::kClockGetTimeCall, 9999, &time), EINVAL, "no such clock");
  timespec step = {};
  ExpectEqual(clock_getres(CLOCK_MONOTONIC, &step), 0, "clock_getres");
  Expect(Nanoseconds(step) > 0, "its steps");
}

void SleepTakesItsTime() {
  constexpr int64_t kWanted = 30'000'000;
  const timespec wanted = {0, kWanted};
  const int64_t before = Now(CLOCK_MONOTONIC);
  ExpectEqual(nanosleep(&wanted, nullptr), 0, "nanosleep");
  Expect(Now(CLOCK_MONOTONIC) - before >= kWanted, "not shorter");
  const timespec later = {};
  ExpectEqual(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &later, nullptr), 0,
              "a time that is over");
  const timespec bad = {0, 1'000'000'000};
  ExpectEqual(nanosleep(&bad, nullptr), -1, "no such time");
  ExpectEqual(errno, EINVAL, "EINVAL");
}

void ProcessorTimeIsUsed() {
  const int64_t before = Now(CLOCK_PROCESS_CPUTIME_ID);
  volatile unsigned spin = 0;
  while (Now(CLOCK_PROCESS_CPUTIME_ID) - before < 20'000'000) spin = spin + 1;
  rusage usage = {};
  ExpectEqual(getrusage(RUSAGE_SELF, &usage), 0, "getrusage");
  const timespec moment = {0, 100'000'000};
  const int64_t used = Now(CLOCK_PROCESS_CPUTIME_ID);
  nanosleep(&moment, nullptr);
  Expect(Now(CLOCK_PROCESS_CPUTIME_ID) - used < 80'000'000, "sleep uses little of it");
}

void ResourceLimits() {
  rlimit limit = {};
  ExpectEqual(getrlimit(RLIMIT_NOFILE, &limit), 0, "getrlimit");
  Expect(limit.rlim_cur <= limit.rlim_max && limit.rlim_cur > 0, "a limit");
  const rlimit less = {10, limit.rlim_max};
  ExpectEqual(setrlimit(RLIMIT_NOFILE, &less), 0, "setrlimit");
  ExpectEqual(getrlimit(RLIMIT_NOFILE, &limit), 0, "getrlimit");
  ExpectEqual(static_cast<int64_t>(limit.rlim_cur), 10, "it is kept");
  const rlimit bad = {20, 10};
  ExpectEqual(setrlimit(RLIMIT_NOFILE, &bad), -1, "more than its own limit");
  ExpectEqual(errno, EINVAL, "EINVAL");
  ExpectResult(Call(SYS_prlimit64, 0, 99, 0, &limit), EINVAL, "no such limit");
}

void SetLimit(int resource, rlim_t bytes) {
  rlimit limit = {};
  ExpectEqual(getrlimit(resource, &limit), 0, "getrlimit");
  limit.rlim_cur = bytes;
  ExpectEqual(setrlimit(resource, &limit), 0, "setrlimit");
}

volatile int file_signals = 0;

int WriteTooMuch(uintptr_t) {
  const int file = NewFile(0);
  SetLimit(RLIMIT_FSIZE, 10);
  char bytes[20] = {};
  return write(file, bytes, sizeof bytes) == 10 && write(file, bytes, 1) == -1 ? 0 : 1;
}

void FilesDoNotGrowBeyondTheirLimit() {
  constexpr int kCore = 0x80;
  ExpectEqual(support::StatusOf(WriteTooMuch, 0) & ~kCore, support::Killed(SIGXFSZ), "by default");
  signal(SIGXFSZ, [](int) { file_signals = file_signals + 1; });
  const int file = NewFile(0);
  const int large = NewFile(20);
  SetLimit(RLIMIT_FSIZE, 10);
  char bytes[20] = {};
  ExpectEqual(write(file, bytes, sizeof bytes), 10, "as much as there is room for");
  ExpectEqual(file_signals, 0, "no signal");
  ExpectResult(Call(SYS_write, file, bytes, 1), EFBIG, "no more");
  ExpectEqual(file_signals, 1, "SIGXFSZ");
  ExpectEqual(pwrite(file, bytes, sizeof bytes, 5), 5, "from within");
  ExpectEqual(pwrite(file, bytes, 1, 10), -1, "behind the end");
  ExpectEqual(errno, EFBIG, "EFBIG");
  ExpectEqual(file_signals, 2, "SIGXFSZ");
  ExpectEqual(write(file, bytes, 0), 0, "nothing is always possible");
  ExpectEqual(ftruncate(file, 11), -1, "longer");
  ExpectEqual(errno, EFBIG, "EFBIG");
  ExpectEqual(file_signals, 3, "SIGXFSZ");
  ExpectEqual(ftruncate(large, 15), 0, "shorter, though beyond");
  int ends[2];
  ExpectEqual(pipe(ends), 0, "a pipe");
  ExpectEqual(write(ends[1], bytes, sizeof bytes), sizeof bytes, "has no such limit");
}

void MemoryHasLimits() {
  constexpr size_t kMuch = 16 << 20;
  constexpr rlim_t kLittle = 8 << 20;
  SetLimit(RLIMIT_DATA, kLittle);
  ExpectResult(Map(0, kMuch, kReadWrite, kAnonymous), ENOMEM, "RLIMIT_DATA: writable");
  ExpectResult(Map(0, kMuch, PROT_READ, kAnonymous), 0, "not what is only read");
  ExpectResult(Map(0, kMuch, kReadWrite, MAP_SHARED | MAP_ANONYMOUS), 0, "not what is shared");
  const long end = Call(SYS_brk, 0);
  ExpectEqual(Call(SYS_brk, end + static_cast<long>(kMuch)), end, "brk");
  const int segment = shmget(IPC_PRIVATE, kPage, IPC_CREAT | 0600);
  ExpectEqual(segment >= 0, 1, "a segment");
  SetLimit(RLIMIT_DATA, RLIM_INFINITY);
  SetLimit(RLIMIT_AS, kLittle);
  ExpectResult(Map(0, kPage, PROT_READ, kAnonymous), ENOMEM, "RLIMIT_AS");
  ExpectEqual(Call(SYS_brk, end + static_cast<long>(kPage)), end, "brk");
  ExpectEqual(reinterpret_cast<intptr_t>(shmat(segment, nullptr, 0)), -1, "shmat");
  ExpectEqual(errno, ENOMEM, "ENOMEM");
  SetLimit(RLIMIT_AS, RLIM_INFINITY);
  void* const attached = shmat(segment, nullptr, 0);
  ExpectEqual(shmctl(segment, IPC_RMID, nullptr), 0, "removed");
  Expect(attached != reinterpret_cast<void*>(-1), "shmat without a limit");
}

void UnknownCalls() {
  constexpr long kNoCall = 3000;
  ExpectResult(Call(kNoCall), ENOSYS, "no such call");
  ExpectResult(Call(kNoCall), ENOSYS, "and once more");
  utsname names = {};
  ExpectEqual(uname(&names), 0, "uname");
  if (std::strcmp(names.sysname, "Linux") == 0) return;
  // This one counts them, on a line for each number.
  const ProcText counts("/proc/unknown_calls");
  Expect(NumberOf(counts.all(), "3000 ") >= 2, "they are counted");
}

constexpr support::Test kTests[] = {
    {"uname", Names},
    {"sysinfo", Memory},
    {"getrandom", RandomNumbers},
    {"time: clocks go forward", ClocksGoForward},
    {"time: sleep", SleepTakesItsTime},
    {"time: of the processor", ProcessorTimeIsUsed},
    {"limits", ResourceLimits},
    {"limits: files", FilesDoNotGrowBeyondTheirLimit},
    {"limits: memory", MemoryHasLimits},
    {"unknown calls", UnknownCalls},
};

}  // namespace

Group SystemTests() { return kTests; }

}  // namespace posix
