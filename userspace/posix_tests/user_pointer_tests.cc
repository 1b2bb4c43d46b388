// What system calls do with pointers that do not lead to the program's own memory.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/support/open_ranges.h"
#include "userspace/support/test.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Require;

// The files and places that the calls below are made with.
struct Stage {
  int pipe_ends[2];
  int full_pipe_ends[2];
  int file;
  int directory;
  char* page;  // for what the calls are not asked for
};

struct PointerCall {
  const char* name;
  long (*call)(const Stage&, uintptr_t pointer);
};

constexpr size_t kBytes = 64;

constexpr PointerCall kCalls[] = {
    {"read from a file",
     [](const Stage& s, uintptr_t p) { return Call(SYS_pread64, s.file, p, kBytes, 0, 0, 0); }},
    {"read from a pipe",
     [](const Stage& s, uintptr_t p) { return Call(SYS_read, s.full_pipe_ends[0], p, kBytes); }},
    {"write to a file",
     [](const Stage& s, uintptr_t p) { return Call(SYS_write, s.file, p, kBytes); }},
    {"write to a pipe",
     [](const Stage& s, uintptr_t p) { return Call(SYS_write, s.pipe_ends[1], p, kBytes); }},
    {"writev", [](const Stage& s, uintptr_t p) { return Call(SYS_writev, s.file, p, 1); }},
    {"readv", [](const Stage& s, uintptr_t p) { return Call(SYS_readv, s.file, p, 1); }},
    {"getdents64",
     [](const Stage& s, uintptr_t p) { return Call(SYS_getdents64, s.directory, p, 1024); }},
    {"openat", [](const Stage&, uintptr_t p) { return Call(SYS_openat, AT_FDCWD, p, O_RDONLY); }},
    {"mkdirat", [](const Stage&, uintptr_t p) { return Call(SYS_mkdirat, AT_FDCWD, p, 0700); }},
    {"unlinkat", [](const Stage&, uintptr_t p) { return Call(SYS_unlinkat, AT_FDCWD, p, 0); }},
    {"chdir", [](const Stage&, uintptr_t p) { return Call(SYS_chdir, p); }},
    {"getcwd", [](const Stage&, uintptr_t p) { return Call(SYS_getcwd, p, 1024); }},
    {"pipe2", [](const Stage&, uintptr_t p) { return Call(SYS_pipe2, p, 0); }},
    {"poll", [](const Stage&, uintptr_t p) { return Call(SYS_poll, p, 1, 0); }},
    {"uname", [](const Stage&, uintptr_t p) { return Call(SYS_uname, p); }},
    {"sysinfo", [](const Stage&, uintptr_t p) { return Call(SYS_sysinfo, p); }},
    {"getrandom", [](const Stage&, uintptr_t p) { return Call(SYS_getrandom, p, kBytes, 0); }},
    {"getrlimit",
     [](const Stage&, uintptr_t p) { return p == 0 ? -EFAULT : Call(SYS_prlimit64, 0, 3, 0, p); }},
    {"times", [](const Stage&, uintptr_t p) { return p == 0 ? -EFAULT : Call(SYS_times, p); }},
    {"futex",
     [](const Stage&, uintptr_t p) { return Call(SYS_futex, p & ~uintptr_t{3}, 0, 0, 0); }},
    {"execve", [](const Stage&, uintptr_t p) { return Call(SYS_execve, p, 0, 0); }},
    {"rt_sigprocmask",
     [](const Stage&, uintptr_t p) {
       return p == 0 ? -EFAULT : Call(SYS_rt_sigprocmask, 0, p, 0, 8);
     }},
    {"rt_sigaction",
     [](const Stage&, uintptr_t p) {
       return p == 0 ? -EFAULT : Call(SYS_rt_sigaction, 10, p, 0, 8);
     }},
    {"rt_sigpending", [](const Stage&, uintptr_t p) { return Call(SYS_rt_sigpending, p, 8); }},
    {"sigaltstack",
     [](const Stage&, uintptr_t p) { return p == 0 ? -EFAULT : Call(SYS_sigaltstack, p, 0); }},
    {"nanosleep", [](const Stage&, uintptr_t p) { return Call(SYS_nanosleep, p, 0); }},
    {"clock_gettime",
     [](const Stage&, uintptr_t p) { return Call(machine::kClockGetTimeCall, 0, p); }},
    {"mincore",
     [](const Stage& s, uintptr_t p) {
       return Call(SYS_mincore, reinterpret_cast<uintptr_t>(&s) / kPage * kPage, 1, p);
     }},
};

// Those of which one argument of several is the pointer, and what does nothing without it.
constexpr PointerCall kMoreCalls[] = {
    {"statx: path",
     [](const Stage& s, uintptr_t p) { return Call(SYS_statx, AT_FDCWD, p, 0, 0, s.page); }},
    {"statx: status",
     [](const Stage&, uintptr_t p) { return Call(SYS_statx, AT_FDCWD, "/", 0, 0x7ff, p); }},
    {"statfs: path", [](const Stage& s, uintptr_t p) { return Call(SYS_statfs, p, s.page); }},
    {"statfs: status", [](const Stage&, uintptr_t p) { return Call(SYS_statfs, "/", p); }},
    {"faccessat", [](const Stage&, uintptr_t p) { return Call(SYS_faccessat, AT_FDCWD, p, 0); }},
    {"readlinkat: path",
     [](const Stage& s, uintptr_t p) { return Call(SYS_readlinkat, AT_FDCWD, p, s.page, kBytes); }},
    {"symlinkat: text",
     [](const Stage&, uintptr_t p) { return Call(SYS_symlinkat, p, AT_FDCWD, "no name"); }},
    {"symlinkat: path",
     [](const Stage&, uintptr_t p) { return Call(SYS_symlinkat, "text", AT_FDCWD, p); }},
    {"renameat: to",
     [](const Stage&, uintptr_t p) { return Call(SYS_renameat, AT_FDCWD, "x", AT_FDCWD, p); }},
    {"truncate", [](const Stage&, uintptr_t p) { return Call(SYS_truncate, p, 0); }},
    {"memfd_create", [](const Stage&, uintptr_t p) { return Call(SYS_memfd_create, p, 0); }},
    {"fcntl: F_SETLK",
     [](const Stage& s, uintptr_t p) {
       return Call(machine::kFileControlCall, s.file, F_SETLK, p);
     }},
    {"fcntl: F_GETLK",
     [](const Stage& s, uintptr_t p) {
       return Call(machine::kFileControlCall, s.file, F_GETLK, p);
     }},
    {"sendfile: offset",
     [](const Stage& s, uintptr_t p) {
       return p == 0 ? -EFAULT : Call(SYS_sendfile, s.pipe_ends[1], s.file, p, kBytes);
     }},
    {"ppoll: files", [](const Stage&, uintptr_t p) { return Call(SYS_ppoll, p, 1, 0, 0, 8); }},
    {"ppoll: time",
     [](const Stage&, uintptr_t p) { return p == 0 ? -EFAULT : Call(SYS_ppoll, 0, 0, p, 0, 8); }},
    {"pselect6: files",
     [](const Stage&, uintptr_t p) {
       constexpr long kNoTime[] = {0, 0};
       return p == 0 ? -EFAULT : Call(SYS_pselect6, 8, p, 0, 0, kNoTime, 0);
     }},
    {"pselect6: time",
     [](const Stage&, uintptr_t p) {
       return p == 0 ? -EFAULT : Call(SYS_pselect6, 0, 0, 0, 0, p, 0);
     }},
    {"mq_open: attributes",
     [](const Stage&, uintptr_t p) {
       return p == 0 ? -EFAULT : Call(SYS_mq_open, "no queue", O_RDWR, 0, p);
     }},
    {"futex: where to wait then",
     [](const Stage& s, uintptr_t p) {
       constexpr int kCompareRequeue = 4;
       return Call(SYS_futex, s.page, kCompareRequeue, 1, 1, p & ~uintptr_t{3}, 0);
     }},
    {"utimensat", [](const Stage&, uintptr_t p) { return Call(SYS_utimensat, AT_FDCWD, p, 0, 0); }},
    {"get_robust_list",
     [](const Stage& s, uintptr_t p) { return Call(SYS_get_robust_list, 0, p, s.page); }},
    {"prctl: PR_SET_NAME", [](const Stage&, uintptr_t p) { return Call(SYS_prctl, 15, p); }},
    {"prctl: PR_GET_NAME", [](const Stage&, uintptr_t p) { return Call(SYS_prctl, 16, p); }},
    {"execve: arguments",
     [](const Stage&, uintptr_t p) {
       return p == 0 ? -EFAULT : Call(SYS_execve, support::ProgramPath(), p, 0);
     }},
    {"execve: environment",
     [](const Stage&, uintptr_t p) {
       static const char* const arguments[] = {"name", nullptr};
       return p == 0 ? -EFAULT : Call(SYS_execve, support::ProgramPath(), arguments, p);
     }},
    {"rt_sigtimedwait",
     [](const Stage&, uintptr_t p) { return Call(SYS_rt_sigtimedwait, p, 0, 0, 8); }},
    {"rt_sigsuspend", [](const Stage&, uintptr_t p) { return Call(SYS_rt_sigsuspend, p, 8); }},
    {"getitimer", [](const Stage&, uintptr_t p) { return Call(SYS_getitimer, 0, p); }},
    {"getrusage", [](const Stage&, uintptr_t p) { return Call(SYS_getrusage, 0, p); }},
};

struct BadPointer {
  const char* what;
  uintptr_t (*make)();
};

constexpr BadPointer kPointers[] = {
    {"null", [] { return uintptr_t{0}; }},
    {"in the first page", [] { return uintptr_t{16}; }},
    {"not mapped", [] { return reinterpret_cast<uintptr_t>(FreePages(1)); }},
    {"without rights", [] { return reinterpret_cast<uintptr_t>(NewPages(1, PROT_NONE)); }},
    {"in the last page", [] { return ~uintptr_t{0} - (kPage - 1); }},
    {"wrapping", [] { return ~uintptr_t{0} - 7; }},
};

Stage MakeStage() {
  Stage stage = {};
  Require(pipe(stage.pipe_ends) == 0 && pipe(stage.full_pipe_ends) == 0, "pipes");
  stage.file = NewFile(4 * kBytes);
  stage.directory = open(support::Directory(), O_RDONLY | O_DIRECTORY);
  Require(stage.directory >= 0, "a directory");
  stage.page = NewPages(1);
  const char bytes[kBytes] = {};
  Require(write(stage.full_pipe_ends[1], bytes, kBytes) == static_cast<ssize_t>(kBytes),
          "a full pipe");
  return stage;
}

void ExpectFaults(std::span<const PointerCall> calls) {
  const Stage stage = MakeStage();
  for (const BadPointer& pointer : kPointers) {
    const uintptr_t address = pointer.make();
    if (support::IsOpen(address)) continue;
    for (const PointerCall& one : calls) {
      const long result = one.call(stage, address);
      if (result == -EFAULT) continue;
      ExpectResult(result, EFAULT, one.name);
      Expect(false, pointer.what);
    }
  }
}

void BadPointersAreFaults() { ExpectFaults(kCalls); }
void BadPointersAmongOthers() { ExpectFaults(kMoreCalls); }

void NoBytesNeedNoPointer() {
  const Stage stage = MakeStage();
  ExpectEqual(Call(SYS_write, stage.file, 0, 0), 0, "write of nothing");
  ExpectEqual(Call(SYS_read, stage.file, 0, 0), 0, "read of nothing");
}

// A buffer that no program can have is refused before anything is moved.
void SizesThatWrap() {
  const Stage stage = MakeStage();
  const auto expect_refused = [](long result, const char* what) {
    if (result != -EINVAL) ExpectResult(result, EFAULT, what);
  };
  for (const size_t bytes :
       {~size_t{0}, ~size_t{0} - kPage, ~reinterpret_cast<size_t>(stage.page)}) {
    expect_refused(Call(SYS_read, stage.file, stage.page, bytes), "read");
    expect_refused(Call(SYS_write, stage.file, stage.page, bytes), "write");
    expect_refused(Call(SYS_pread64, stage.file, stage.page, bytes, 0, 0, 0), "pread64");
    expect_refused(Call(SYS_pwrite64, stage.file, stage.page, bytes, 0, 0, 0), "pwrite64");
    const iovec vector[] = {{stage.page, bytes}};
    expect_refused(Call(SYS_readv, stage.file, vector, 1), "readv");
    expect_refused(Call(SYS_writev, stage.file, vector, 1), "writev");
  }
  ExpectEqual(lseek(stage.file, 0, SEEK_END), 4 * kBytes, "the file's size");
}

// The last `kHalf` bytes of memory, behind which there is none. As many as are copied at once:
// Linux 6.1 on ARM never gets past a file's write of which less than that can be read.
constexpr size_t kHalf = 64;
char* LastBytes() {
  char* const pages = NewPages(2);
  ExpectResult(Call(SYS_munmap, pages + kPage, kPage), 0, "munmap");
  for (size_t i = 0; i < kHalf; ++i) pages[kPage - kHalf + i] = Pattern(i);
  return pages + kPage - kHalf;
}

void HalfABuffer() {
  const int file = NewFile(kPage);
  char* const bytes = LastBytes();
  ExpectEqual(Call(SYS_write, file, bytes, 2 * kHalf), kHalf,
              "as many bytes as there are are written");
  ExpectEqual(lseek(file, 0, SEEK_CUR), static_cast<int64_t>(kPage + kHalf), "the file's offset");
  ExpectEqual(lseek(file, 5, SEEK_SET), 5, "lseek");
  ExpectEqual(Call(SYS_read, file, bytes, 2 * kHalf), kHalf,
              "as many as there is room for are read");
  ExpectEqual(bytes[kHalf - 1], Pattern(5 + kHalf - 1), "the last of them");
  ExpectEqual(lseek(file, 0, SEEK_CUR), static_cast<int64_t>(5 + kHalf), "the file's offset");
}

void HalfAVector() {
  const int file = NewFile(0);
  char good[4] = {'g', 'o', 'o', 'd'};
  const iovec vector[] = {{good, sizeof good}, {FreePages(1), 8}};
  ExpectEqual(Call(SYS_writev, file, vector, 2), sizeof good, "what lies before the bad part");
  ExpectEqual(lseek(file, 0, SEEK_CUR), sizeof good, "the file's offset");
}

// A path ends with its zero, even at the end of memory; without one it is a fault.
void PathsAtTheEndOfMemory() {
  char* const bytes = LastBytes();
  bytes[0] = '/';
  for (size_t i = 1; i < kHalf; ++i) bytes[i] = '.';
  ExpectResult(Call(SYS_openat, AT_FDCWD, bytes, O_RDONLY), EFAULT, "no zero");
  bytes[1] = '\0';
  ExpectResult(Call(SYS_openat, AT_FDCWD, bytes, O_RDONLY | O_DIRECTORY), 0, "a zero");
  constexpr size_t kTooLong = 5000;
  char* const name = NewPages(2);
  for (size_t i = 0; i < kTooLong; ++i) name[i] = 'n';
  ExpectResult(Call(SYS_openat, AT_FDCWD, name, O_RDONLY), ENAMETOOLONG, "too long");
}

// Pages that nobody touched and pages that two processes share are written by the kernel as by the
// program.
void TheKernelTouchesPages() {
  const int file = NewFile(3 * kPage);
  char* const fresh = NewPages(2);
  ExpectEqual(Call(SYS_pread64, file, fresh + 100, kPage, 0, 0, 0), kPage, "into untouched pages");
  ExpectEqual(fresh[100], Pattern(0), "the first byte");
  ExpectEqual(fresh[99 + kPage], Pattern(kPage - 1), "the last byte");
  char* const readable = NewPages(1, PROT_READ);
  ExpectResult(Call(SYS_pread64, file, readable, 1, 0, 0, 0), EFAULT, "into a read-only page");
  ExpectEqual(Call(SYS_write, file, NewPages(1, PROT_READ), 16), 16, "from an untouched page");
}

constexpr support::Test kTests[] = {
    {"user pointers: bad ones are EFAULT", BadPointersAreFaults},
    {"user pointers: bad ones among other arguments", BadPointersAmongOthers},
    {"user pointers: none for no bytes", NoBytesNeedNoPointer},
    {"user pointers: sizes that wrap", SizesThatWrap},
    {"user pointers: half a buffer", HalfABuffer},
    {"user pointers: half a vector", HalfAVector},
    {"user pointers: paths", PathsAtTheEndOfMemory},
    {"user pointers: the kernel touches pages", TheKernelTouchesPages},
};

}  // namespace

Group UserPointerTests() { return kTests; }

}  // namespace posix
