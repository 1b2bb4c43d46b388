// The program's own memory after it was taken away or its rights were, arguments that wrap, and
// what others left behind.

#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <initializer_list>

#include "userspace/attack_tests/groups.h"
#include "userspace/attack_tests/stage.h"
#include "userspace/machine/attacks.h"
#include "userspace/machine/system_call.h"

namespace attack {
namespace {

using machine::SystemCall;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Fault;
using support::Require;

constexpr size_t kPage = 4096;
constexpr size_t kPages = 64;  // more than a translation cache keeps in one place
constexpr int kReadWrite = PROT_READ | PROT_WRITE;

long Number(const void* pointer) { return reinterpret_cast<long>(pointer); }

char* Map(size_t pages, int protection = kReadWrite, int flags = MAP_PRIVATE) {
  void* const place = mmap(nullptr, pages * kPage, protection, flags | MAP_ANONYMOUS, -1, 0);
  Require(place != MAP_FAILED, "mmap");
  return static_cast<char*>(place);
}

void Touch(char* pages, char value) {
  for (size_t i = 0; i < kPages; ++i) pages[i * kPage] = value;
}

void ExpectAll(char* pages, Fault (*access)(uintptr_t), int code, const char* what) {
  for (size_t i = 0; i < kPages; ++i) {
    const auto address = reinterpret_cast<uintptr_t>(pages + i * kPage);
    Expect(access(address) == Fault{SIGSEGV, code, address}, what);
  }
}

constexpr auto kRead = static_cast<Fault (*)(uintptr_t)>(support::Read);
constexpr auto kWrite = static_cast<Fault (*)(uintptr_t)>(support::Write);

void NothingStaysCached() {
  char* const pages = Map(kPages);
  Touch(pages, 1);
  ExpectEqual(mprotect(pages, kPages * kPage, PROT_READ), 0, "to read");
  ExpectAll(pages, kWrite, SEGV_ACCERR, "write after mprotect");
  ExpectEqual(mprotect(pages, kPages * kPage, PROT_NONE), 0, "to nothing");
  ExpectAll(pages, kRead, SEGV_ACCERR, "read after mprotect");
  ExpectEqual(mprotect(pages, kPages * kPage, kReadWrite), 0, "to all");
  Touch(pages, 2);
  ExpectEqual(munmap(pages, kPages * kPage), 0, "munmap");
  ExpectAll(pages, kRead, SEGV_MAPERR, "read after munmap");
  char* const again = static_cast<char*>(
      mmap(pages, kPages * kPage, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
  for (size_t i = 0; i < kPages; ++i) ExpectEqual(again[i * kPage], 0, "mapped again it is zero");
  ExpectBystander();
}

void NothingStaysCachedElsewhere() {
  char* const pages = Map(kPages);
  Touch(pages, 1);
  void* const moved =
      mremap(pages, kPages * kPage, kPages * kPage, MREMAP_MAYMOVE | MREMAP_FIXED, Map(kPages));
  Require(moved != MAP_FAILED, "mremap");
  ExpectAll(pages, kRead, SEGV_MAPERR, "read where it was");
  auto* const there = static_cast<char*>(moved);
  ExpectEqual(madvise(there, kPages * kPage, MADV_DONTNEED), 0, "madvise");
  for (size_t i = 0; i < kPages; ++i) ExpectEqual(there[i * kPage], 0, "given back it is zero");
  const int segment = shmget(IPC_PRIVATE, kPages * kPage, IPC_CREAT | 0600);
  auto* const shared = static_cast<char*>(shmat(segment, nullptr, 0));
  Touch(shared, 3);
  shmctl(segment, IPC_RMID, nullptr);
  ExpectEqual(shmdt(shared), 0, "shmdt");
  ExpectAll(shared, kRead, SEGV_MAPERR, "read of a segment that was detached");
  ExpectBystander();
}

// The parent writes with what it has cached, the child must not see it.
void ForkTakesRightsBack() {
  char* const pages = Map(kPages);
  Touch(pages, 1);
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    if (read(ends[0], &byte, 1) != 1) _exit(2);
    for (size_t i = 0; i < kPages; ++i) {
      if (pages[i * kPage] != 1) _exit(1);
    }
    _exit(0);
  }
  Touch(pages, 2);
  ExpectEqual(write(ends[1], "x", 1), 1, "write");
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, 0, "the child has what was");
  ExpectBystander();
}

void CodeIsTakenAway() {
  // Some layouts have no code where they put memory that is to be written alone.
  char* const page = Map(1, PROT_READ | PROT_EXEC);
  ExpectEqual(mprotect(page, kPage, kReadWrite), 0, "to write");
  std::memcpy(page, machine::kReturnInstruction, sizeof machine::kReturnInstruction);
  const auto address = reinterpret_cast<uintptr_t>(page);
  ExpectEqual(mprotect(page, kPage, PROT_READ | PROT_EXEC), 0, "to execute");
  __builtin___clear_cache(page, page + kPage);
  Expect(support::Execute(address).signal == 0, "it runs");
  ExpectEqual(mprotect(page, kPage, kReadWrite), 0, "to write");
  Expect(support::Execute(address) == Fault{SIGSEGV, SEGV_ACCERR, address},
         "it does not run any more");
  ExpectEqual(mprotect(page, kPage, PROT_READ | PROT_EXEC), 0, "to execute");
  Expect(support::Execute(address).signal == 0, "it runs again");
  ExpectEqual(munmap(page, kPage), 0, "munmap");
  Expect(support::Execute(address) == Fault{SIGSEGV, SEGV_MAPERR, address}, "it is gone");
  ExpectBystander();
}

// One thread takes away what another one uses.
void ThreadsTakeAway() {
  static char* pages;
  pages = Map(kPages);
  Touch(pages, 1);
  pthread_t thread;
  const auto take_away = [](void*) -> void* {
    munmap(pages, kPages * kPage);
    return nullptr;
  };
  Require(pthread_create(&thread, nullptr, take_away, nullptr) == 0, "pthread_create");
  ExpectEqual(pthread_join(thread, nullptr), 0, "pthread_join");
  ExpectAll(pages, kRead, SEGV_MAPERR, "read of what another thread unmapped");
  ExpectBystander();
}

// Never writable and executable at once, where the kernel says so.
void WriteAndExecute() {
  constexpr int kAll = PROT_READ | PROT_WRITE | PROT_EXEC;
  const bool refused = ThisKernel().refuses_write_and_execute;
  const auto expect = [&](long result, const char* what) {
    const bool as_specified = refused ? result == -EACCES || result == -EPERM
                                      : result >= 0 || result < -static_cast<long>(kPage);
    Expect(as_specified, what);
  };
  expect(SystemCall(machine::kMapCall, 0, kPage, kAll, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), "mmap");
  expect(SystemCall(machine::kMapCall, 0, kPage, kAll, MAP_SHARED | MAP_ANONYMOUS, -1, 0),
         "mmap, shared");
  char* const page = Map(1);
  expect(SystemCall(SYS_mprotect, Number(page), kPage, kAll), "mprotect");
  if (refused) Expect(support::Write(page).signal == 0, "its rights are the old ones");
  ExpectBystander();
}

struct BadCall {
  const char* what;
  long (*call)(long address, long size);
};

constexpr BadCall kRangeCalls[] = {
    {"munmap", [](long at, long size) { return SystemCall(SYS_munmap, at, size); }},
    {"mprotect", [](long at, long size) { return SystemCall(SYS_mprotect, at, size, PROT_NONE); }},
    {"madvise",
     [](long at, long size) { return SystemCall(SYS_madvise, at, size, MADV_DONTNEED); }},
    {"msync", [](long at, long size) { return SystemCall(SYS_msync, at, size, MS_SYNC); }},
    {"mincore", [](long at, long size) { return SystemCall(SYS_mincore, at, size, at); }},
    {"mlock", [](long at, long size) { return SystemCall(SYS_mlock, at, size); }},
    {"munlock", [](long at, long size) { return SystemCall(SYS_munlock, at, size); }},
    {"mremap from",
     [](long at, long size) { return SystemCall(SYS_mremap, at, size, 4096, MREMAP_MAYMOVE); }},
    {"mremap to",
     [](long at, long size) { return SystemCall(SYS_mremap, at, 4096, size, MREMAP_MAYMOVE); }},
    {"mmap",
     [](long at, long size) {
       return SystemCall(machine::kMapCall, at, size, PROT_READ,
                         MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
     }},
};

// Sizes that wrap around from a mapped page, or reach everything.
void WrappingRanges() {
  char* const page = Map(1);
  page[0] = 9;
  const long at = Number(page);
  const long to_the_end = -at;  // the last byte of it is the last address
  const struct {
    const char* what;
    long size;
  } sizes[] = {
      {"to the last address", to_the_end},
      {"a page beyond it", to_the_end + static_cast<long>(kPage)},
      {"everything but a page", -static_cast<long>(kPage)},
  };
  for (const BadCall& bad : kRangeCalls) {
    for (const auto& one : sizes) {
      const long result = bad.call(at, one.size);
      // Because of the range: not because the call does not exist.
      if (result == -EINVAL || result == -ENOMEM || result == -EFAULT) continue;
      Expect(false, bad.what);
      Expect(false, one.what);
    }
    // Rounded up it is nothing, which some calls take and others refuse.
    constexpr long kAllButAByte = -1;
    bad.call(at, kAllButAByte);
  }
  ExpectEqual(page[0], 9, "the page is as it was");
  Expect(support::Write(page).signal == 0, "and as writable");
  ExpectBystander();
}

void MisalignedRanges() {
  char* const pages = Map(3);
  pages[kPage] = 9;
  constexpr size_t kRefusing = 5;  // of the calls above: mlock and munlock round
  for (size_t i = 0; i < kRefusing; ++i) {
    ExpectResult(kRangeCalls[i].call(Number(pages) + 1, kPage), EINVAL, kRangeCalls[i].what);
  }
  ExpectResult(SystemCall(SYS_mremap, Number(pages) + 1, kPage, kPage, MREMAP_MAYMOVE), EINVAL,
               "mremap");
  ExpectResult(SystemCall(machine::kMapCall, Number(pages) + 1, kPage, PROT_READ,
                          MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0),
               EINVAL, "mmap");
  ExpectEqual(pages[kPage], 9, "the pages are as they were");
  ExpectBystander();
}

// What a process kept to itself, and where: found by nobody after it.
constexpr size_t kSecretPages = 512;
constexpr unsigned char kSecret[] = {0xde, 0xad, 0x5e, 0xc2, 0xe7, 0x12, 0x34, 0x56};

void LeaveSecrets() {
  char* const pages = Map(kSecretPages);
  for (size_t i = 0; i + sizeof kSecret <= kSecretPages * kPage; i += sizeof kSecret) {
    std::memcpy(pages + i, kSecret, sizeof kSecret);
  }
  const int file = memfd_create("secret", 0);
  int ends[2];
  if (pipe(ends) != 0 || write(ends[1], pages, 16 * kPage) < 0) _exit(1);
  if (file >= 0 && write(file, pages, 64 * kPage) < 0) _exit(1);
}

bool IsZero(const char* bytes, size_t size_bytes) {
  for (size_t i = 0; i < size_bytes; ++i) {
    if (bytes[i] != 0) return false;
  }
  return true;
}

void NothingIsLeftBehind() {
  for (int round = 0; round < 3; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      LeaveSecrets();
      _exit(0);
    }
    int status = 0;
    Require(waitpid(child, &status, 0) == child && status == 0, "the child with the secret");
    char* const pages = Map(4 * kSecretPages);
    Expect(IsZero(pages, 4 * kSecretPages * kPage), "anonymous memory");
    munmap(pages, 4 * kSecretPages * kPage);
    char* const shared = Map(kSecretPages, kReadWrite, MAP_SHARED);
    Expect(IsZero(shared, kSecretPages * kPage), "shared memory");
    munmap(shared, kSecretPages * kPage);
    const int file = memfd_create("holes", 0);
    Require(file >= 0 && ftruncate(file, kSecretPages * kPage) == 0, "a file with holes");
    char buffer[kPage];
    for (size_t i = 0; i < kSecretPages; ++i) {
      ExpectEqual(read(file, buffer, kPage), kPage, "read");
      Expect(IsZero(buffer, kPage), "a file's holes");
    }
    close(file);
  }
  ExpectBystander();
}

// The memory of one process is not that of another one at the same address.
void OthersAtTheSameAddress() {
  char* const page = Map(1);
  int ends[2];
  int back[2];
  Require(pipe(ends) == 0 && pipe(back) == 0, "pipes");
  munmap(page, kPage);
  const pid_t child = fork();
  if (child == 0) {
    void* const mine =
        mmap(page, kPage, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (mine == MAP_FAILED) _exit(1);
    *page = 42;
    char byte = 0;
    if (write(ends[1], "x", 1) != 1 || read(back[0], &byte, 1) != 1) _exit(1);
    _exit(*page == 42 ? 0 : 1);
  }
  char byte = 0;
  ExpectEqual(read(ends[0], &byte, 1), 1, "the child has its page");
  Expect(support::Read(page).code == SEGV_MAPERR, "which is nothing here");
  void* const ours = mmap(page, kPage, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
  Require(ours != MAP_FAILED, "mmap");
  ExpectEqual(*page, 0, "and another one when there is one");
  *page = 1;
  ExpectEqual(write(back[1], "x", 1), 1, "write");
  int status = 0;
  ExpectEqual(waitpid(child, &status, 0), child, "waitpid");
  ExpectEqual(status, 0, "the child's page is its own");
  ExpectBystander();
}

constexpr support::Test kTests[] = {
    {"own memory: taken away", NothingStaysCached},
    {"own memory: moved and given back", NothingStaysCachedElsewhere},
    {"own memory: after fork", ForkTakesRightsBack},
    {"own memory: code", CodeIsTakenAway},
    {"own memory: taken away by a thread", ThreadsTakeAway},
    {"own memory: write and execute", WriteAndExecute},
    {"own memory: wrapping ranges", WrappingRanges},
    {"own memory: misaligned ranges", MisalignedRanges},
    {"others: what they left behind", NothingIsLeftBehind},
    {"others: at the same address", OthersAtTheSameAddress},
};

}  // namespace

Group MemoryTests() { return kTests; }

}  // namespace attack
