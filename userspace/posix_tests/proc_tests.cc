// What /proc tells of processes and memory: as much of it as other systems tell, too.

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"
#include "userspace/posix_tests/proc_text.h"
#include "userspace/support/test.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::Require;

constexpr size_t kPageKiB = kPage / 1024;

int64_t StatusNumber(std::string_view name) {
  return NumberOf(ProcText("/proc/self/status").all(), name);
}

// What smaps has from the mapping on that begins with `page`.
class Mapping {
 public:
  explicit Mapping(const void* page) {
    char first[32];
    std::snprintf(first, sizeof first, "\n%08lx-", reinterpret_cast<unsigned long>(page));
    const size_t start = text_.all().find(first);
    Require(start != std::string_view::npos, "the mapping");
    lines_ = text_.all().substr(start + 1);
  }

  [[nodiscard]] int64_t operator[](std::string_view name) const { return NumberOf(lines_, name); }
  [[nodiscard]] std::string_view flags() const { return LineOf(lines_, "VmFlags:"); }

 private:
  ProcText text_{"/proc/self/smaps"};
  std::string_view lines_;
};

// `pages` pages that stand alone: what is beside them has other rights.
char* PagesApart(size_t pages, int flags) {
  char* const around = NewPages(pages + 2, PROT_NONE);
  const long mapped = Map(reinterpret_cast<uintptr_t>(around) + kPage, pages * kPage, kReadWrite,
                          flags | MAP_FIXED);
  Require(IsMapped(mapped), "pages apart");
  return around + kPage;
}

void Touch(char* pages, size_t count) {
  for (size_t i = 0; i < count; ++i) pages[i * kPage] = 1;
}

// A child that stays until it is let go.
class Child {
 public:
  Child() {
    Require(pipe(ends_) == 0, "pipe");
    id_ = fork();
    if (id_ == 0) {
      close(ends_[1]);
      char end = 0;
      _exit(static_cast<int>(read(ends_[0], &end, 1)));
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;
  ~Child() {
    close(ends_[1]);
    waitpid(id_, nullptr, 0);
  }

 private:
  int ends_[2] = {};
  pid_t id_ = 0;
};

void PagesOfAMapping() {
  char* const pages = PagesApart(4, kAnonymous);
  Touch(pages, 3);
  const Mapping alone(pages);
  ExpectEqual(alone["Size:"], 4 * kPageKiB, "size");
  ExpectEqual(alone["Rss:"], 3 * kPageKiB, "there");
  ExpectEqual(alone["Pss:"], 3 * kPageKiB, "not shared with anybody");
  ExpectEqual(alone["Private_Dirty:"], 3 * kPageKiB, "written");
  ExpectEqual(alone["Anonymous:"], 3 * kPageKiB, "of no file");
  Expect(alone.flags().contains("rd wr mr mw"), "rights");
  const Child child;
  const Mapping common(pages);
  ExpectEqual(common["Rss:"], 3 * kPageKiB, "there");
  ExpectEqual(common["Pss:"], 3 * kPageKiB / 2, "halves");
  ExpectEqual(common["Shared_Dirty:"], 3 * kPageKiB, "all are common");
  Touch(pages, 1);
  ExpectEqual(Mapping(pages)["Private_Dirty:"], kPageKiB, "a page of its own");
}

void PagesOfSharedMemory() {
  char* const pages = PagesApart(4, MAP_SHARED | MAP_ANONYMOUS);
  Touch(pages, 2);
  const Mapping text(pages);
  ExpectEqual(text["Rss:"], 2 * kPageKiB, "there");
  ExpectEqual(text["Private_Dirty:"], 2 * kPageKiB, "nobody else has it");
  ExpectEqual(text["Anonymous:"], 0, "not the process's own");
  Expect(text.flags().contains("sh mr mw"), "shared");
}

// Other systems count in batches.
constexpr size_t kMany = 512;
constexpr int64_t kManyKiB = kMany * kPageKiB;
constexpr int64_t kAbout = kManyKiB / 2;

void KindsOfPages() {
  const int64_t own = StatusNumber("RssAnon:");
  Touch(NewPages(kMany), kMany);
  Expect(StatusNumber("RssAnon:") >= own + kAbout, "own pages");
  const int64_t shared = StatusNumber("RssShmem:");
  Touch(NewPages(kMany, kReadWrite, MAP_SHARED | MAP_ANONYMOUS), kMany);
  Expect(StatusNumber("RssShmem:") >= shared + kAbout, "shared pages");
  const int64_t file = StatusNumber("RssFile:");
  const int descriptor = NewFile(kMany * kPage);
  const long mapped = Map(0, kMany * kPage, PROT_READ, MAP_SHARED, descriptor);
  Require(IsMapped(mapped), "a file");
  const auto* const bytes = reinterpret_cast<volatile const char*>(mapped);
  for (size_t i = 0; i < kMany; ++i) Expect(bytes[i * kPage] == Pattern(i * kPage), "contents");
  // Files in memory are shared memory to other systems.
  Expect(StatusNumber("RssFile:") + StatusNumber("RssShmem:") >= file + shared + kManyKiB + kAbout,
         "pages of a file");
}

void SizesOfAProcess() {
  constexpr size_t kLarge = 64 << 20;
  constexpr int64_t kLargeKiB = kLarge / 1024;
  const int64_t before = StatusNumber("VmSize:");
  const int64_t data = StatusNumber("VmData:");
  const long mapped = Map(0, kLarge, kReadWrite, kAnonymous | MAP_NORESERVE);
  Require(IsMapped(mapped), "much");
  Expect(StatusNumber("VmSize:") >= before + kLargeKiB, "larger");
  Expect(StatusNumber("VmData:") >= data + kLargeKiB, "data");
  ExpectEqual(munmap(reinterpret_cast<void*>(mapped), kLarge), 0, "munmap");
  Expect(StatusNumber("VmSize:") < before + kLargeKiB, "smaller again");
  Expect(StatusNumber("VmPeak:") >= before + kLargeKiB, "the most there was");
  Expect(StatusNumber("VmExe:") > 0, "a program");
  Expect(StatusNumber("VmHWM:") >= StatusNumber("VmRSS:"), "the most that was there");
}

void UsersOfAProcess() {
  (void)setresgid(4, 5, 6);  // where one may
  (void)setresuid(1, 2, 3);
  uid_t user[3] = {};
  gid_t group[3] = {};
  ExpectEqual(getresuid(&user[0], &user[1], &user[2]), 0, "users");
  ExpectEqual(getresgid(&group[0], &group[1], &group[2]), 0, "groups");
  const ProcText text("/proc/self/status");
  char wanted[64];
  std::snprintf(wanted, sizeof wanted, "\t%u\t%u\t%u\t%u", user[0], user[1], user[2], user[1]);
  Expect(LineOf(text.all(), "Uid:") == wanted, "Uid");
  std::snprintf(wanted, sizeof wanted, "\t%u\t%u\t%u\t%u", group[0], group[1], group[2], group[1]);
  Expect(LineOf(text.all(), "Gid:") == wanted, "Gid");
}

void SwitchesOfAThread() {
  const int64_t before = StatusNumber("voluntary_ctxt_switches:");
  const timespec moment = {0, 1'000'000};
  for (int i = 0; i < 5; ++i) nanosleep(&moment, nullptr);
  Expect(StatusNumber("voluntary_ctxt_switches:") >= before + 5, "it has slept");
}

void FaultsAreCounted() {
  const int64_t before = NumberOf(ProcText("/proc/vmstat").all(), "pgfault ");
  constexpr size_t kSome = 64;
  Touch(NewPages(kSome), kSome);
  Expect(
      NumberOf(ProcText("/proc/vmstat").all(), "pgfault ") >= before + static_cast<int64_t>(kSome),
      "a fault for each page");
}

void MemoryOfTheSystem() {
  const int64_t own = NumberOf(ProcText("/proc/meminfo").all(), "AnonPages:");
  const int64_t committed = NumberOf(ProcText("/proc/meminfo").all(), "Committed_AS:");
  Touch(NewPages(kMany), kMany);
  const ProcText text("/proc/meminfo");
  Expect(NumberOf(text.all(), "AnonPages:") >= own + kAbout, "own pages");
  Expect(NumberOf(text.all(), "Committed_AS:") >= committed + kAbout, "promised");
  Expect(NumberOf(text.all(), "KernelStack:") > 0, "kernel stacks");
  Expect(NumberOf(text.all(), "Mapped:") > 0, "programs are mapped");
  Expect(NumberOf(text.all(), "PageTables:") > 0, "page tables");
  Expect(NumberOf(text.all(), "MemFree:") < NumberOf(text.all(), "MemTotal:"), "not all is free");
}

void NoNameComesTwice() {
  for (const char* const path : {"/proc/meminfo", "/proc/vmstat"}) {
    const ProcText text(path);
    std::string_view rest = text.all();
    while (!rest.empty()) {
      const std::string_view name = rest.substr(0, rest.find_first_of(": ") + 1);
      rest.remove_prefix(std::min(rest.size(), rest.find('\n') + 1));
      Expect(LineOf(rest, name).empty(), name.data());
    }
  }
}

constexpr support::Test kTests[] = {
    {"proc: pages of a mapping", PagesOfAMapping},
    {"proc: pages of shared memory", PagesOfSharedMemory},
    {"proc: kinds of pages", KindsOfPages},
    {"proc: sizes of a process", SizesOfAProcess},
    {"proc: users of a process", UsersOfAProcess},
    {"proc: switches of a thread", SwitchesOfAThread},
    {"proc: faults are counted", FaultsAreCounted},
    {"proc: memory of the system", MemoryOfTheSystem},
    {"proc: no name comes twice", NoNameComesTwice},
};

}  // namespace

Group ProcTests() { return kTests; }

}  // namespace posix
