// madvise and the mlock family.

#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;

long Advise(char* bytes, size_t size_bytes, int advice) {
  return Call(SYS_madvise, bytes, size_bytes, advice);
}

bool IsResident(char* page) {
  unsigned char there = 0;
  return Call(SYS_mincore, page, kPage, &there) == 0 && (there & 1) != 0;
}

void DontNeedZeroes() {
  char* const pages = NewPages(3);
  for (size_t i = 0; i < 3; ++i) pages[i * kPage] = 6;
  ExpectResult(Advise(pages + kPage, kPage, MADV_DONTNEED), 0, "the middle page");
  Expect(!IsResident(pages + kPage), "it is given back");
  ExpectEqual(pages[kPage], 0, "it is zero");
  ExpectEqual(pages[0], 6, "before it");
  ExpectEqual(pages[2 * kPage], 6, "behind it");
}

void DontNeedOfOtherKinds() {
  char* const shared = NewPages(1, kReadWrite, MAP_SHARED | MAP_ANONYMOUS);
  shared[0] = 6;
  ExpectResult(Advise(shared, kPage, MADV_DONTNEED), 0, "shared memory");
  ExpectEqual(shared[0], 6, "it keeps what it shares");
  const int file = NewFile(kPage);
  const long mapped = Map(0, kPage, kReadWrite, MAP_PRIVATE, file);
  ExpectResult(mapped, 0, "a private file");
  auto* const bytes = reinterpret_cast<char*>(mapped);
  bytes[0] = '!';
  ExpectResult(Advise(bytes, kPage, MADV_DONTNEED), 0, "its copy");
  ExpectEqual(bytes[0], Pattern(0), "the file shows again");
}

void OtherAdviceKeepsContents() {
  char* const pages = NewPages(2);
  pages[0] = 6;
  for (const int advice : {MADV_NORMAL, MADV_RANDOM, MADV_SEQUENTIAL, MADV_WILLNEED}) {
    ExpectResult(Advise(pages, 2 * kPage, advice), 0, "madvise");
    ExpectEqual(pages[0], 6, "contents");
  }
}

void BadAdvice() {
  char* const pages = NewPages(3);
  pages[0] = pages[2 * kPage] = 6;
  constexpr int kUnknown = 9999;
  ExpectResult(Advise(pages, kPage, kUnknown), EINVAL, "unknown advice");
  ExpectResult(Advise(pages + 1, kPage, MADV_DONTNEED), EINVAL, "within a page");
  ExpectResult(Advise(pages, 0, MADV_DONTNEED), 0, "no bytes");
  ExpectResult(Advise(pages, ~size_t{0} - kPage, MADV_DONTNEED), EINVAL, "wrapping");
  ExpectEqual(pages[0], 6, "nothing has happened");
  ExpectResult(Call(SYS_munmap, pages + kPage, kPage), 0, "a hole");
  ExpectResult(Advise(pages, 3 * kPage, MADV_DONTNEED), ENOMEM, "a hole");
  ExpectEqual(pages[0], 0, "done before it");
  ExpectEqual(pages[2 * kPage], 0, "done behind it");
}

void LockedPagesAreThere() {
  char* const pages = NewPages(3);
  ExpectResult(Call(SYS_mlock, pages + kPage, kPage), 0, "mlock");
  Expect(IsResident(pages + kPage), "it is there without a touch");
  Expect(!IsResident(pages), "its neighbour is not");
  ExpectResult(Advise(pages, 3 * kPage, MADV_DONTNEED), EINVAL, "a locked page is needed");
  ExpectResult(Call(SYS_munlock, pages, 3 * kPage), 0, "munlock");
  ExpectResult(Advise(pages, 3 * kPage, MADV_DONTNEED), 0, "and then it is not");
}

constexpr int kLockOnFault = 1;  // MLOCK_ONFAULT
constexpr int kAllOnFault = 4;   // MCL_ONFAULT

void LockedOnceTheyAreThere() {
  char* const pages = NewPages(2);
  pages[0] = 6;
  ExpectResult(Call(SYS_mlock2, pages, 2 * kPage, kLockOnFault), 0, "mlock2");
  Expect(!IsResident(pages + kPage), "a page that nobody has touched");
  ExpectResult(Advise(pages, kPage, MADV_DONTNEED), EINVAL, "one that is there stays");
  pages[kPage] = 7;
  ExpectResult(Advise(pages + kPage, kPage, MADV_DONTNEED), EINVAL, "and the other one now");
  ExpectResult(Call(SYS_mlock2, pages, kPage, 0), 0, "as mlock");
  ExpectResult(Call(SYS_mlock2, pages, kPage, 2), EINVAL, "an unknown flag");
  ExpectResult(Call(SYS_mlock2, NewPages(1, PROT_NONE), kPage, kLockOnFault), 0,
               "what cannot be read need not be there");
}

// MAP_POPULATE and MAP_LOCKED: there from the beginning.
void PopulatedAreThere() {
  char* const pages = NewPages(2, kReadWrite, kAnonymous | MAP_POPULATE);
  Expect(IsResident(pages) && IsResident(pages + kPage), "populated");
  ExpectResult(Advise(pages, 2 * kPage, MADV_DONTNEED), 0, "but not locked");
  char* const locked = NewPages(1, kReadWrite, kAnonymous | MAP_LOCKED);
  Expect(IsResident(locked), "locked");
  ExpectResult(Advise(locked, kPage, MADV_DONTNEED), EINVAL, "it stays");
  const int file = NewFile(kPage);
  const long shown = Map(0, kPage, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file);
  ExpectResult(shown, 0, "of a file");
  Expect(IsResident(reinterpret_cast<char*>(shown)), "it is there");
  const long beyond = Map(0, 2 * kPage, PROT_READ, MAP_PRIVATE | MAP_POPULATE, file);
  ExpectResult(beyond, 0, "more than a file has");
  ExpectResult(Map(0, kPage, PROT_NONE, kAnonymous | MAP_POPULATE), 0, "what cannot be read");
}

// Contents of MADV_FREE's pages are there or gone, and what is written afterwards stays.
void FreeMayZero() {
  char* const pages = NewPages(2);
  pages[0] = pages[kPage] = 6;
  ExpectResult(Advise(pages, 2 * kPage, MADV_FREE), 0, "private memory");
  pages[kPage] = 7;
  Expect(pages[0] == 6 || pages[0] == 0, "what was, or zero");
  ExpectEqual(pages[kPage], 7, "written since");
  char* const shared = NewPages(1, kReadWrite, MAP_SHARED | MAP_ANONYMOUS);
  ExpectResult(Advise(shared, kPage, MADV_FREE), EINVAL, "shared memory");
  const long mapped = Map(0, kPage, kReadWrite, MAP_PRIVATE, NewFile(kPage));
  ExpectResult(Call(SYS_madvise, mapped, kPage, MADV_FREE), EINVAL, "a file");
  ExpectResult(Call(SYS_mlock, pages, kPage), 0, "mlock");
  ExpectResult(Advise(pages, kPage, MADV_FREE), EINVAL, "locked memory");
}

void BadLocks() {
  char* const pages = NewPages(3);
  ExpectResult(Call(SYS_munmap, pages + kPage, kPage), 0, "a hole");
  ExpectResult(Call(SYS_mlock, pages, 3 * kPage), ENOMEM, "mlock across it");
  ExpectResult(Call(SYS_munlock, pages, 3 * kPage), ENOMEM, "munlock across it");
  ExpectResult(Call(SYS_mlock, pages, 0), 0, "no bytes");
  ExpectResult(Call(SYS_mlock, NewPages(1, PROT_NONE), kPage), ENOMEM, "what cannot be read");
  // EINVAL, or ENOMEM for one who may not lock so much.
  Expect(Call(SYS_mlock, pages, ~size_t{0} - kPage) < 0, "wrapping");
  ExpectResult(Call(SYS_mlockall, 0), EINVAL, "mlockall of nothing");
  ExpectResult(Call(SYS_mlockall, 0x100), EINVAL, "mlockall with an unknown flag");
}

void LockAll() {
  // Whoever is not root may lock little, and this program is a part of that.
  rlimit limit = {};
  constexpr rlim_t kEnough = 4 << 20;
  if (getrlimit(RLIMIT_MEMLOCK, &limit) != 0 || limit.rlim_cur < kEnough) return;
  char* const before = NewPages(1);
  ExpectResult(Call(SYS_mlockall, MCL_CURRENT), 0, "what there is");
  Expect(IsResident(before), "is there");
  char* const after = NewPages(1);
  Expect(!IsResident(after), "what comes later is not");
  ExpectResult(Call(SYS_mlockall, MCL_CURRENT | MCL_FUTURE), 0, "what will be, too");
  Expect(IsResident(NewPages(1)), "a new page is there");
  ExpectResult(Call(SYS_mlockall, MCL_FUTURE | kAllOnFault), 0, "once it is touched");
  char* const touched = NewPages(1);
  Expect(!IsResident(touched), "not before");
  touched[0] = 1;
  ExpectResult(Advise(touched, kPage, MADV_DONTNEED), EINVAL, "then it stays");
  ExpectResult(Call(SYS_mlockall, kAllOnFault), EINVAL, "mlockall of nothing");
  ExpectResult(Call(SYS_munlockall), 0, "munlockall");
  Expect(!IsResident(NewPages(1)), "and then no more");
}

// Root may lock what there is, others what they are allowed. Where nobody may become another one,
// there is nothing to see.
int LockWithin(uintptr_t limit_pages) {
  constexpr uid_t kSomebody = 1000;
  const rlimit limit = {limit_pages * kPage, limit_pages * kPage};
  if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || setresuid(kSomebody, kSomebody, kSomebody) != 0) {
    return 0;
  }
  char* const pages = NewPages(4);
  int failures = 0;
  const auto expect = [&](long result, int error) {
    const int found = result < 0 && result >= -4095 ? static_cast<int>(-result) : 0;
    failures = failures * 2 + (found == error ? 0 : 1);
  };
  if (limit_pages == 0) {
    expect(Call(SYS_mlock, pages, kPage), EPERM);
    expect(Call(SYS_mlockall, MCL_FUTURE), EPERM);
    expect(Map(0, kPage, kReadWrite, kAnonymous | MAP_LOCKED), EPERM);
    return failures;
  }
  expect(Call(SYS_mlock, pages, 2 * kPage), 0);
  expect(Call(SYS_mlock, pages + 2 * kPage, 2 * kPage), ENOMEM);
  expect(Map(0, 2 * kPage, kReadWrite, kAnonymous | MAP_LOCKED), EAGAIN);
  expect(Call(SYS_mlockall, MCL_CURRENT), ENOMEM);
  expect(Call(SYS_munlock, pages, kPage), 0);
  expect(Call(SYS_mlock, pages + 2 * kPage, 2 * kPage), 0);
  return failures;
}

void LockLimits() {
  ExpectEqual(support::StatusOf(LockWithin, 3), support::Exited(0), "some");
  ExpectEqual(support::StatusOf(LockWithin, 0), support::Exited(0), "none");
}

constexpr support::Test kTests[] = {
    {"madvise: DONTNEED zeroes", DontNeedZeroes},
    {"madvise: DONTNEED of shared memory and files", DontNeedOfOtherKinds},
    {"madvise: other advice", OtherAdviceKeepsContents},
    {"madvise: bad arguments", BadAdvice},
    {"mlock: pages are there", LockedPagesAreThere},
    {"mlock2: once they are there", LockedOnceTheyAreThere},
    {"mmap: MAP_POPULATE", PopulatedAreThere},
    {"madvise: FREE", FreeMayZero},
    {"mlock: bad arguments", BadLocks},
    {"mlockall: all of it", LockAll},
    {"mlock: RLIMIT_MEMLOCK", LockLimits},
};

}  // namespace

Group AdviceTests() { return kTests; }

}  // namespace posix
