// mmap, munmap and mprotect of anonymous memory.

#include <sys/mman.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "userspace/machine/attacks.h"
#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/probe.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Fault;
using support::kNoFault;
using support::Read;
using support::Write;

constexpr uintptr_t kLastPage = ~uintptr_t{0} - (kPage - 1);
constexpr size_t kMostBytes = ~size_t{0};

uintptr_t Number(const char* pointer) { return reinterpret_cast<uintptr_t>(pointer); }

Fault Unmapped(const char* pointer) { return {SIGSEGV, SEGV_MAPERR, Number(pointer)}; }
Fault Forbidden(const char* pointer) { return {SIGSEGV, SEGV_ACCERR, Number(pointer)}; }

void AnonymousIsZero() {
  char* const pages = NewPages(3);
  Expect(AllAre(pages, 3 * kPage, 0), "zero before any write");
  pages[kPage] = 1;
  Expect(AllAre(pages, kPage, 0) && AllAre(pages + 2 * kPage, kPage, 0), "the others stay zero");
  ExpectEqual(pages[kPage], 1, "what was written");
}

// A size is rounded up to pages.
void SizeIsRoundedUp() {
  char* const pages = FreePages(2);
  ExpectEqual(Map(Number(pages), kPage + 1, kReadWrite, kAnonymous | MAP_FIXED), Word(pages),
              "mmap");
  Expect(Write(pages + 2 * kPage - 1) == kNoFault, "the last byte of the second page");
  Expect(Write(pages + 2 * kPage) == Unmapped(pages + 2 * kPage), "the byte after it");
}

struct BadMap {
  const char* what;
  uintptr_t hint;
  size_t size_bytes;
  int protection;
  int flags;
  int file;
  int error;
};

constexpr BadMap kBadMaps[] = {
    {"no bytes", 0, 0, kReadWrite, kAnonymous, -1, EINVAL},
    {"neither shared nor private", 0, kPage, kReadWrite, MAP_ANONYMOUS, -1, EINVAL},
    {"no such file", 0, kPage, kReadWrite, MAP_PRIVATE, 999, EBADF},
    {"negative file", 0, kPage, kReadWrite, MAP_SHARED, -1, EBADF},
    {"fixed within a page", 1, kPage, kReadWrite, kAnonymous | MAP_FIXED, -1, EINVAL},
    {"fixed at the end, wrapping", kLastPage, 2 * kPage, kReadWrite, kAnonymous | MAP_FIXED, -1,
     ENOMEM},
    {"fixed in the last page", kLastPage, kPage, kReadWrite, kAnonymous | MAP_FIXED, -1, ENOMEM},
    {"the whole address space", 0, kMostBytes, kReadWrite, kAnonymous, -1, ENOMEM},
    {"all but a page", 0, kMostBytes - kPage, kReadWrite, kAnonymous, -1, ENOMEM},
};

void BadMapsAreRefused() {
  for (const BadMap& bad : kBadMaps) {
    ExpectResult(Map(bad.hint, bad.size_bytes, bad.protection, bad.flags, bad.file), bad.error,
                 bad.what);
  }
}

void HintsAreTakenWhereFree() {
  char* const pages = FreePages(2);
  ExpectEqual(Map(Number(pages), kPage, kReadWrite, kAnonymous), Word(pages), "a free hint");
  const long elsewhere = Map(Number(pages), kPage, kReadWrite, kAnonymous);
  ExpectResult(elsewhere, 0, "a hint that is taken");
  Expect(elsewhere != Word(pages), "another place than the one taken");
  const long aligned = Map(Number(pages) + kPage + 5, kPage, kReadWrite, kAnonymous);
  ExpectResult(aligned, 0, "a hint within a page");
  ExpectEqual(aligned % static_cast<long>(kPage), 0, "an aligned place for it");
  ExpectResult(Map(kLastPage, kPage, kReadWrite, kAnonymous), 0, "a hint that can never be");
}

void FixedReplaces() {
  char* const pages = NewPages(3);
  pages[0] = pages[kPage] = pages[2 * kPage] = 1;
  const long result = Map(Number(pages) + kPage, kPage, kReadWrite, kAnonymous | MAP_FIXED);
  ExpectEqual(result, Word(pages + kPage), "mmap");
  ExpectEqual(pages[0], 1, "before it");
  ExpectEqual(pages[kPage], 0, "new");
  ExpectEqual(pages[2 * kPage], 1, "behind it");
}

void FixedNoReplaceRefuses() {
  constexpr int kNoReplace =
      0x100000;  // MAP_FIXED_NOREPLACE, which musl does not have on every processor
  char* const pages = FreePages(3);
  const auto map = [](char* at, size_t count) {
    return Map(Number(at), count * kPage, kReadWrite, kAnonymous | kNoReplace);
  };
  ExpectEqual(map(pages + kPage, 1), Word(pages + kPage), "where nothing is");
  ExpectResult(map(pages + kPage, 1), EEXIST, "the same page again");
  ExpectResult(map(pages, 2), EEXIST, "its last page is taken");
  ExpectResult(map(pages + kPage, 2), EEXIST, "its first page is taken");
  ExpectResult(map(pages, 3), EEXIST, "a page in the middle is taken");
  ExpectEqual(map(pages, 1), Word(pages), "the page below");
}

void UnmapMakesHoles() {
  char* const pages = NewPages(5);
  for (size_t i = 0; i < 5; ++i) pages[i * kPage] = static_cast<char>(i);
  ExpectResult(Call(SYS_munmap, pages + 2 * kPage, kPage), 0, "a hole");
  for (size_t i = 0; i < 5; ++i) {
    const Fault expected = i == 2 ? Unmapped(pages + i * kPage) : kNoFault;
    Expect(Read(pages + i * kPage) == expected, "only the hole faults");
  }
  ExpectResult(Call(SYS_munmap, pages, kPage), 0, "the first page");
  ExpectResult(Call(SYS_munmap, pages + 4 * kPage, kPage), 0, "the last page");
  ExpectEqual(pages[kPage], 1, "what is left");
  ExpectEqual(pages[3 * kPage], 3, "what is left behind the hole");
  ExpectResult(Call(SYS_munmap, pages, 5 * kPage), 0, "everything, holes included");
  Expect(Read(pages + kPage) == Unmapped(pages + kPage), "nothing is left");
}

struct BadRange {
  const char* what;
  uintptr_t offset;  // from mapped pages, or an address if it is absolute
  bool absolute;
  size_t size_bytes;
  int unmap_error;
  int protect_error;
};

constexpr BadRange kBadRanges[] = {
    {"within a page", 1, false, kPage, EINVAL, EINVAL},
    {"no bytes", 0, false, 0, EINVAL, 0},
    {"wrapping", 0, false, kMostBytes - kPage, EINVAL, ENOMEM},
    {"the last page", kLastPage, true, kPage, EINVAL, ENOMEM},
    {"the last page, wrapping", kLastPage, true, 2 * kPage, EINVAL, ENOMEM},
};

void BadRangesAreRefused() {
  char* const pages = NewPages(1);
  for (const BadRange& bad : kBadRanges) {
    const uintptr_t address = bad.absolute ? bad.offset : Number(pages) + bad.offset;
    ExpectResult(Call(SYS_mprotect, address, bad.size_bytes, PROT_READ), bad.protect_error,
                 bad.what);
    ExpectResult(Call(SYS_munmap, address, bad.size_bytes), bad.unmap_error, bad.what);
  }
  Expect(Write(pages) == kNoFault, "the page is as it was");
}

// What is not mapped can be unmapped, and protected if there is none of it.
void NothingIsUnmapped() {
  char* const pages = FreePages(1);
  ExpectResult(Call(SYS_munmap, pages, kPage), 0, "munmap of nothing");
  ExpectResult(Call(SYS_mprotect, pages, kPage, PROT_READ), ENOMEM, "mprotect of nothing");
}

struct Rights {
  const char* what;
  int protection;
  bool readable;
  bool writable;
};

constexpr Rights kRights[] = {
    {"none", PROT_NONE, false, false},
    {"read", PROT_READ, true, false},
    {"read and write", kReadWrite, true, true},
    {"none again", PROT_NONE, false, false},
};

void RightsAreKept() {
  char* const pages = NewPages(3);
  for (size_t i = 0; i < 3; ++i) pages[i * kPage] = 7;
  char* const middle = pages + kPage;
  for (const Rights& rights : kRights) {
    ExpectResult(Call(SYS_mprotect, middle, kPage, rights.protection), 0, rights.what);
    Expect(Read(middle) == (rights.readable ? kNoFault : Forbidden(middle)), rights.what);
    Expect(Write(middle) == (rights.writable ? kNoFault : Forbidden(middle)), rights.what);
    Expect(Write(pages) == kNoFault && Write(pages + 2 * kPage) == kNoFault, "its neighbours");
  }
  ExpectResult(Call(SYS_mprotect, pages, 3 * kPage, PROT_READ), 0, "all three");
  ExpectEqual(middle[0], 1, "what was written last");
  Expect(Write(pages + 2 * kPage) == Forbidden(pages + 2 * kPage), "all three are read-only");
}

// What lies before a hole is changed, what lies behind is not.
void ProtectStopsAtHoles() {
  char* const pages = NewPages(3);
  ExpectResult(Call(SYS_munmap, pages + kPage, kPage), 0, "a hole");
  ExpectResult(Call(SYS_mprotect, pages, 3 * kPage, PROT_READ), ENOMEM, "mprotect across it");
  Expect(Write(pages) == Forbidden(pages), "before it");
  Expect(Write(pages + 2 * kPage) == kNoFault, "behind it");
}

void BadProtectionIsRefused() {
  char* const pages = NewPages(1);
  ExpectResult(Call(SYS_mprotect, pages, kPage, 0x40), EINVAL, "an unknown right");
  Expect(Write(pages) == kNoFault, "the page is as it was");
}

// A page is filled with a function that returns, and then made executable: never both at once.
void CodeIsWrittenThenRun() {
  // Some layouts have no code where they put memory that is to be written alone.
  char* const page = NewPages(1, PROT_READ | PROT_EXEC);
  ExpectResult(Call(SYS_mprotect, page, kPage, kReadWrite), 0, "mprotect");
  std::memcpy(page, machine::kReturnInstruction, sizeof machine::kReturnInstruction);
  Expect(support::Execute(Number(page)) == Forbidden(page), "not executable while it is writable");
  ExpectResult(Call(SYS_mprotect, page, kPage, PROT_READ | PROT_EXEC), 0, "mprotect");
  __builtin___clear_cache(page, page + kPage);
  Expect(support::Execute(Number(page)) == kNoFault, "it runs");
  Expect(Write(page) == Forbidden(page), "it is not writable any more");
}

// Many mappings that cannot be merged, unmapped in another order.
void ManyMappings() {
  constexpr size_t kCount = 600;
  constexpr size_t kStride = 7;  // coprime to their number
  char* const pages = NewPages(kCount);
  for (size_t i = 0; i < kCount; i += 2) {
    ExpectResult(Call(SYS_mprotect, pages + i * kPage, kPage, PROT_READ), 0, "every second page");
  }
  for (size_t i = 0; i < kCount; ++i) {
    char* const page = pages + i * kPage;
    Expect(Write(page) == (i % 2 == 0 ? Forbidden(page) : kNoFault), "its rights");
  }
  for (size_t i = 0, at = 0; i < kCount; ++i, at = (at + kStride) % kCount) {
    ExpectResult(Call(SYS_munmap, pages + at * kPage, kPage), 0, "munmap");
    Expect(Read(pages + at * kPage) == Unmapped(pages + at * kPage), "it is gone");
  }
}

constexpr support::Test kTests[] = {
    {"mmap: anonymous memory is zero", AnonymousIsZero},
    {"mmap: sizes are rounded up", SizeIsRoundedUp},
    {"mmap: bad arguments", BadMapsAreRefused},
    {"mmap: hints", HintsAreTakenWhereFree},
    {"mmap: MAP_FIXED replaces", FixedReplaces},
    {"mmap: MAP_FIXED_NOREPLACE refuses", FixedNoReplaceRefuses},
    {"munmap: holes and ends", UnmapMakesHoles},
    {"munmap, mprotect: bad ranges", BadRangesAreRefused},
    {"munmap, mprotect: nothing there", NothingIsUnmapped},
    {"mprotect: split and merge", RightsAreKept},
    {"mprotect: holes", ProtectStopsAtHoles},
    {"mprotect: bad rights", BadProtectionIsRefused},
    {"mprotect: written, then executed", CodeIsWrittenThenRun},
    {"mmap: many mappings", ManyMappings},
};

}  // namespace

Group MapTests() { return kTests; }

}  // namespace posix
