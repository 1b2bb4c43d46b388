// Mappings of files, msync and mincore.

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <initializer_list>

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
using support::Require;
using support::Write;

char* MapFile(int file, size_t pages, int protection, int flags, long offset_pages = 0) {
  const long result = Map(0, pages * kPage, protection, flags, file, offset_pages);
  ExpectResult(result, 0, "mmap of a file");
  Require(IsMapped(result), "a mapping of a file");
  return reinterpret_cast<char*>(result);
}

bool ShowsFile(const char* bytes, size_t offset, size_t size_bytes) {
  for (size_t i = 0; i < size_bytes; ++i) {
    if (bytes[i] != Pattern(offset + i)) return false;
  }
  return true;
}

constexpr size_t kTail = 100;

void ShowsTheFile(int flags) {
  const int file = NewFile(2 * kPage + kTail);
  const char* const bytes = MapFile(file, 3, PROT_READ, flags);
  close(file);
  Expect(ShowsFile(bytes, 0, 2 * kPage + kTail), "the file's bytes");
  Expect(AllAre(bytes + 2 * kPage + kTail, kPage - kTail, 0), "zeroes to the end of the last page");
  Expect(Write(const_cast<char*>(bytes)) ==
             Fault{SIGSEGV, SEGV_ACCERR, reinterpret_cast<uintptr_t>(bytes)},
         "it is read-only");
}

void PrivateShowsTheFile() { ShowsTheFile(MAP_PRIVATE); }
void SharedShowsTheFile() { ShowsTheFile(MAP_SHARED); }

void OffsetsAreKept() {
  const int file = NewFile(8 * kPage);
  char* const bytes = MapFile(file, 5, PROT_READ, MAP_PRIVATE, 2);
  Expect(ShowsFile(bytes, 2 * kPage, 5 * kPage), "from the offset on");
  ExpectResult(Call(SYS_munmap, bytes + 2 * kPage, kPage), 0, "a hole");
  Expect(ShowsFile(bytes, 2 * kPage, 2 * kPage), "before the hole");
  Expect(ShowsFile(bytes + 3 * kPage, 5 * kPage, 2 * kPage), "behind the hole");
  ExpectResult(Call(SYS_mprotect, bytes + 3 * kPage, kPage, kReadWrite), 0, "a split");
  Expect(ShowsFile(bytes + 4 * kPage, 6 * kPage, kPage), "behind the split");
}

void PastTheEndIsSigbus() {
  for (const int flags : {MAP_PRIVATE, MAP_SHARED}) {
    const int file = NewFile(kPage + 1);
    char* const bytes = MapFile(file, 4, kReadWrite, flags);
    Expect(Read(bytes + 2 * kPage - 1) == kNoFault, "the last page of the file");
    char* const beyond = bytes + 3 * kPage + 5;
    const Fault expected = {SIGBUS, BUS_ADRERR, reinterpret_cast<uintptr_t>(beyond)};
    Expect(Read(beyond) == expected, "read past it");
    Expect(Write(beyond) == expected, "write past it");
    close(file);
  }
}

void TruncationTakesPagesAway() {
  const int file = NewFile(3 * kPage);
  char* const shared = MapFile(file, 3, kReadWrite, MAP_SHARED);
  Expect(ShowsFile(shared, 0, 3 * kPage), "whole");
  ExpectEqual(ftruncate(file, static_cast<off_t>(kPage)), 0, "ftruncate");
  Expect(ShowsFile(shared, 0, kPage), "what is left");
  Expect(Read(shared + 2 * kPage).signal == SIGBUS, "what was cut off");
  ExpectEqual(ftruncate(file, static_cast<off_t>(3 * kPage)), 0, "ftruncate to more");
  Expect(AllAre(shared + kPage, 2 * kPage, 0), "it grows by zeroes");
}

void PrivateWritesStayPrivate() {
  const int file = NewFile(2 * kPage);
  char* const mine = MapFile(file, 2, kReadWrite, MAP_PRIVATE);
  char* const other = MapFile(file, 2, PROT_READ, MAP_SHARED);
  mine[5] = '!';
  char byte = 0;
  ExpectEqual(pread(file, &byte, 1, 5), 1, "pread");
  ExpectEqual(byte, Pattern(5), "the file is unchanged");
  ExpectEqual(other[5], Pattern(5), "so is its other mapping");
  ExpectEqual(mine[5], '!', "the write is seen where it was made");
  Expect(ShowsFile(mine + 6, 6, 2 * kPage - 6), "and the rest of the page is the file's");
  byte = '?';
  ExpectEqual(pwrite(file, &byte, 1, 5), 1, "pwrite");
  ExpectEqual(mine[5], '!', "a copied page does not follow the file");
}

void SharedWritesAreTheFile() {
  const int file = NewFile(2 * kPage);
  char* const one = MapFile(file, 2, kReadWrite, MAP_SHARED);
  char* const two = MapFile(file, 1, kReadWrite, MAP_SHARED, 1);
  one[kPage + 9] = '!';
  ExpectEqual(two[9], '!', "the other mapping");
  char byte = 0;
  ExpectEqual(pread(file, &byte, 1, kPage + 9), 1, "pread");
  ExpectEqual(byte, '!', "the file");
  byte = '?';
  ExpectEqual(pwrite(file, &byte, 1, kPage + 10), 1, "pwrite");
  ExpectEqual(one[kPage + 10], '?', "a write to the file is seen");
}

void RightsOfTheFile() {
  char path[256];
  std::snprintf(path, sizeof path, "%s/posix_tests.rights.%d", support::Directory(), getpid());
  close(open(path, O_CREAT | O_RDWR, 0600));
  const int readable = open(path, O_RDONLY);
  const int writable = open(path, O_WRONLY);
  unlink(path);
  Require(readable >= 0 && writable >= 0, "the file");
  const auto map = [](int file, int protection, int flags) {
    return Map(0, kPage, protection, flags, file);
  };
  ExpectResult(map(readable, kReadWrite, MAP_SHARED), EACCES,
               "shared and writable, file read-only");
  ExpectResult(map(readable, kReadWrite, MAP_PRIVATE), 0, "private and writable, file read-only");
  ExpectResult(map(writable, PROT_READ, MAP_PRIVATE), EACCES, "file write-only");
  ExpectResult(map(writable, PROT_WRITE, MAP_SHARED), EACCES, "file write-only, write");
  const long shared = map(readable, PROT_READ, MAP_SHARED);
  ExpectResult(shared, 0, "shared and read-only");
  ExpectResult(Call(SYS_mprotect, shared, kPage, kReadWrite), EACCES,
               "mprotect to write a read-only file");
  ExpectResult(Call(SYS_mprotect, shared, kPage, PROT_NONE), 0, "mprotect to less");
}

void OtherFilesAreRefused() {
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  ExpectResult(Map(0, kPage, PROT_READ, MAP_PRIVATE, ends[0]), ENODEV, "a pipe");
  const int directory = open(support::Directory(), O_RDONLY | O_DIRECTORY);
  Require(directory >= 0, "a directory");
  ExpectResult(Map(0, kPage, PROT_READ, MAP_PRIVATE, directory), ENODEV, "a directory");
  const int file = NewFile(1);
  close(file);
  ExpectResult(Map(0, kPage, PROT_READ, MAP_PRIVATE, file), EBADF, "a closed file");
}

// Flags that have to be understood, and those that nobody looks at.
void UnknownFlags() {
  constexpr int kValidate = 3;         // MAP_SHARED_VALIDATE
  constexpr int kUnknown = 0x80'0000;  // of no meaning, as yet
  const int file = NewFile(kPage);
  const struct {
    const char* what;
    int flags;
    int file;
    int error;
  } rows[] = {
      {"looked at and known", kValidate | MAP_POPULATE | MAP_NORESERVE, file, 0},
      {"looked at and unknown", kValidate | kUnknown, file, EOPNOTSUPP},
      {"unknown", MAP_SHARED | kUnknown, file, 0},
      {"looked at without a file", kValidate | MAP_ANONYMOUS, -1, EINVAL},
      {"unknown without a file", MAP_SHARED | MAP_ANONYMOUS | kUnknown, -1, 0},
  };
  for (const auto& row : rows) {
    ExpectResult(Map(0, kPage, PROT_READ, row.flags, row.file), row.error, row.what);
  }
}

void OffsetsThatCannotBe() {
  const int file = NewFile(kPage);
  if constexpr (machine::kMapOffsetUnit == 1) {
    ExpectResult(Call(machine::kMapCall, 0, kPage, PROT_READ, MAP_PRIVATE, file, 1), EINVAL,
                 "within a page");
  }
  ExpectResult(Map(0, kPage, PROT_READ, MAP_PRIVATE, file, 7), 0,
               "past the end: faults come later");
}

void MsyncArguments() {
  const int file = NewFile(2 * kPage);
  char* const bytes = MapFile(file, 2, kReadWrite, MAP_SHARED);
  bytes[0] = '!';
  const auto sync = [&](size_t offset, size_t size, int flags) {
    return Call(SYS_msync, bytes + offset, size, flags);
  };
  ExpectResult(sync(0, 2 * kPage, MS_SYNC), 0, "MS_SYNC");
  ExpectResult(sync(0, kPage, MS_ASYNC), 0, "MS_ASYNC");
  ExpectResult(sync(0, kPage, MS_SYNC | MS_INVALIDATE), 0, "MS_INVALIDATE");
  ExpectResult(sync(0, 0, MS_SYNC), 0, "no bytes");
  ExpectResult(sync(0, kPage, MS_SYNC | MS_ASYNC), EINVAL, "both at once");
  ExpectResult(sync(0, kPage, 0x100), EINVAL, "an unknown flag");
  ExpectResult(sync(1, kPage, MS_SYNC), EINVAL, "within a page");
  ExpectResult(Call(SYS_munmap, bytes + kPage, kPage), 0, "a hole");
  ExpectResult(sync(0, 2 * kPage, MS_SYNC), ENOMEM, "a hole at the end");
}

void MincoreTellsWhatIsThere() {
  char* const pages = NewPages(3);
  pages[kPage] = 1;
  unsigned char there[3] = {9, 9, 9};
  ExpectResult(Call(SYS_mincore, pages, 3 * kPage, there), 0, "mincore");
  ExpectEqual(there[0] & 1, 0, "not touched");
  ExpectEqual(there[1] & 1, 1, "touched");
  ExpectEqual(there[2] & 1, 0, "not touched either");
  ExpectResult(Call(SYS_mincore, pages + 1, kPage, there), EINVAL, "within a page");
  ExpectResult(Call(SYS_mincore, pages, kPage, 1), EFAULT, "a bad vector");
  ExpectResult(Call(SYS_munmap, pages + 2 * kPage, kPage), 0, "a hole");
  ExpectResult(Call(SYS_mincore, pages, 3 * kPage, there), ENOMEM, "a hole");
}

void SharedAnonymousIsShared() {
  char* const pages = NewPages(2, kReadWrite, MAP_SHARED | MAP_ANONYMOUS);
  Expect(AllAre(pages, 2 * kPage, 0), "zero");
  pages[kPage] = 3;
  ExpectEqual(pages[kPage], 3, "written");
}

constexpr support::Test kTests[] = {
    {"file mapping: private shows the file", PrivateShowsTheFile},
    {"file mapping: shared shows the file", SharedShowsTheFile},
    {"file mapping: offsets survive splits", OffsetsAreKept},
    {"file mapping: SIGBUS past the end", PastTheEndIsSigbus},
    {"file mapping: truncation", TruncationTakesPagesAway},
    {"file mapping: private writes", PrivateWritesStayPrivate},
    {"file mapping: shared writes", SharedWritesAreTheFile},
    {"file mapping: rights of the file", RightsOfTheFile},
    {"file mapping: files that cannot be mapped", OtherFilesAreRefused},
    {"file mapping: unknown flags", UnknownFlags},
    {"file mapping: offsets", OffsetsThatCannotBe},
    {"shared anonymous memory", SharedAnonymousIsShared},
    {"msync: arguments", MsyncArguments},
    {"mincore: what is there", MincoreTellsWhatIsThere},
};

}  // namespace

Group FileMapTests() { return kTests; }

}  // namespace posix
