// Many processes that use memory in every way there is, and the first process, which has the kernel
// compare all of their page tables with its layout meanwhile.
//
//   crowd [processes=NUMBER]
//
// Says how many tables were as they should be, again and again, until somebody types a line:
//   off    all of them end, and the machine is switched off
//   still  all but the first process stop, so that their tables stay as they are; it lists
//          everybody's tables, as /proc/verify does, native threads' as well, and areas, as
//          /proc/<pid>/maps does. Then
//          verify   has the kernel compare the tables once more, and says what it found
//          go       all go on

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/reboot.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "userspace/crowd/members.h"
#include "userspace/libatlas/shared/shared_block.h"
#include "userspace/support/text.h"

namespace {

using support::Line;

constexpr uint32_t kMostMembers = 128;
pid_t members[kMostMembers];
uint32_t member_count = 48;

// What the kernel says of its tables.
char report[256 << 10];

[[noreturn]] void Fail(const char* what) {
  Line().Text("crowd: FAILED: ").Text(what).Write();
  _exit(1);
}

void ReadArguments(int argc, char** argv) {
  constexpr char kKey[] = "processes=";
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kKey, sizeof kKey - 1) != 0) continue;
    member_count = static_cast<uint32_t>(std::atoi(argv[i] + sizeof kKey - 1));
  }
  if (member_count > kMostMembers) Fail("too many processes");
}

crowd::Place PreparePlace() {
  const int file = memfd_create("meeting", 0);
  if (file < 0 || ftruncate(file, crowd::kPageBytes) != 0) Fail("no place to meet");
  void* const meeting =
      mmap(nullptr, crowd::kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  void* const inherited = mmap(nullptr, crowd::kInheritedPages * crowd::kPageBytes,
                               PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (meeting == MAP_FAILED || inherited == MAP_FAILED) Fail("no memory");
  std::memset(inherited, crowd::kInheritedValue, crowd::kInheritedPages * crowd::kPageBytes);
  const crowd::Place place = {.meeting = static_cast<crowd::Meeting*>(meeting),
                              .file = file,
                              .inherited = static_cast<char*>(inherited),
                              .number = 0};
  place.meeting->segment = shmget(IPC_PRIVATE, crowd::kPageBytes, IPC_CREAT | 0600);
  if (place.meeting->segment < 0) Fail("no segment");
  place.meeting->block =
      static_cast<char*>(atlas::MakeSharedBlock(crowd::kBlockPages * crowd::kPageBytes));
  if (place.meeting->block == nullptr) Fail("no block of shared memory");
  std::memset(place.meeting->block, 0, crowd::kBlockPages * crowd::kPageBytes);
  return place;
}

void Start(crowd::Place place) {
  for (; place.number < member_count; ++place.number) {
    const pid_t member = fork();
    if (member < 0) Fail("fork");
    // A process group of their own; whoever of both is the first makes it.
    setpgid(member, members[0]);
    if (member == 0) crowd::Live(place);
    members[place.number] = member;
  }
  constexpr timespec kMoment = {0, 10'000'000};
  constexpr int kMostMoments = 3000;
  for (int i = 0; place.meeting->ready < member_count; ++i) {
    if (i == kMostMoments) Fail("not all members came to the end of a round");
    nanosleep(&kMoment, nullptr);
  }
}

void ReadReport() {
  const int file = open("/proc/verify", O_RDONLY);
  size_t size = 0;
  while (size < sizeof report - 1) {
    const ssize_t got = read(file, report + size, sizeof report - 1 - size);
    if (got < 0) Fail("/proc/verify cannot be read");
    if (got == 0) break;
    size += static_cast<size_t>(got);
  }
  if (size == sizeof report - 1) Fail("/proc/verify does not end");
  report[size] = '\0';
  close(file);
}

// By a child that has this process's memory meanwhile: two processes with the same tables.
void ReadReportInVfork() {
  const pid_t child = vfork();
  if (child == 0) {
    ReadReport();
    _exit(0);
  }
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child || status != 0) Fail("vfork");
}

void Print(const char* text, size_t size) {
  while (size > 0) {
    const ssize_t written = write(STDOUT_FILENO, text, size);
    if (written <= 0) return;
    text += written;
    size -= static_cast<size_t>(written);
  }
}

void PrintReport() { Print(report, std::strlen(report)); }

// Calls `use` for each line of the report, with its end.
template <class Use>
void ForEachLine(Use&& use) {
  const char* line = report;
  while (const char* const end = std::strchr(line, '\n')) {
    use(line, static_cast<size_t>(end - line) + 1);
    line = end + 1;
  }
}

bool StartsWith(const char* line, const char* start) {
  return std::strncmp(line, start, std::strlen(start)) == 0;
}

// Lines of the report that begin so.
uint32_t LinesWith(const char* start) {
  uint32_t count = 0;
  ForEachLine([&](const char* line, size_t) { count += StartsWith(line, start) ? 1 : 0; });
  return count;
}

void PrintAreas(long process) {
  static char areas[16 << 10];
  char path[32];
  std::snprintf(path, sizeof path, "/proc/%ld/maps", process);
  const int file = open(path, O_RDONLY);
  while (true) {
    const ssize_t got = read(file, areas, sizeof areas);
    if (got < 0) Fail("no areas");
    if (got == 0) break;
    Print(areas, static_cast<size_t>(got));
  }
  close(file);
}

void Verify(uint32_t round) {
  if (round % 2 == 0) {
    ReadReportInVfork();
  } else {
    ReadReport();
  }
  const uint32_t processes = LinesWith("process ");
  const uint32_t good = LinesWith("LAYOUT OK ");
  const uint32_t threads = LinesWith("thread ");
  // The kernel's own is one more.
  const bool are_all_good = LinesWith("LAYOUT FAULT") == 0 && good == processes + threads + 1;
  if (!are_all_good || processes <= member_count) {
    PrintReport();
    Fail("not all tables are as they should be");
  }
  Line line;
  line.Text("crowd: round ").Decimal(round).Text(": the tables of ").Decimal(processes);
  line.Text(" processes are as they should be").Write();
}

bool SomebodyTyped() {
  constexpr int kMilliseconds = 50;
  pollfd console = {.fd = STDIN_FILENO, .events = POLLIN, .revents = 0};
  return poll(&console, 1, kMilliseconds) == 1;
}

bool Typed(const char* word) {
  static char line[64];
  static ssize_t size = 0;
  // A line is there until somebody knows it.
  if (size == 0) size = read(STDIN_FILENO, line, sizeof line - 1);
  if (size <= 0) Fail("nobody types");
  const size_t length = std::strlen(word);
  const bool is_word = static_cast<size_t>(size) == length + 1 && StartsWith(line, word);
  if (is_word) size = 0;
  return is_word;
}

void StopMembers() {
  constexpr timespec kMoment = {0, 50'000'000};
  kill(-members[0], SIGSTOP);
  for (uint32_t i = 0; i < member_count; ++i) {
    int status = 0;
    if (waitpid(members[i], &status, WUNTRACED) != members[i] || !WIFSTOPPED(status)) {
      Fail("a member does not stop");
    }
  }
  // Their children are nobody's to wait for.
  nanosleep(&kMoment, nullptr);
}

void StandStill() {
  StopMembers();
  ReadReport();
  ForEachLine([](const char* line, size_t size) {
    constexpr size_t kPrefix = sizeof "process " - 1;
    if (StartsWith(line, "thread ")) Print(line, size);
    if (!StartsWith(line, "process ")) return;
    Print(line, size);
    PrintAreas(std::atol(line + kPrefix));
  });
  Line().Text("crowd: still").Write();
  while (Typed("verify")) {
    ReadReport();
    PrintReport();
    Line().Text("crowd: verified").Write();
  }
  if (!Typed("go")) Fail("neither verify nor go");
  kill(-members[0], SIGCONT);
}

[[noreturn]] void End(const crowd::Place& place) {
  place.meeting->is_over = true;
  for (uint32_t i = 0; i < member_count; ++i) {
    int status = -1;
    if (waitpid(members[i], &status, 0) == members[i] && status == 0) continue;
    Fail(crowd::Kinds()[i % crowd::Kinds().size()].name);
  }
  Line().Text("crowd: all members are well").Write();
  reboot(RB_POWER_OFF);
  Fail("not switched off");
}

}  // namespace

int main(int argc, char** argv) {
  crowd::LiveIfExecuted(argc, argv);
  ReadArguments(argc, argv);
  const crowd::Place place = PreparePlace();
  Start(place);
  for (uint32_t round = 1;; ++round) {
    Verify(round);
    if (!SomebodyTyped()) continue;
    if (Typed("off")) End(place);
    if (!Typed("still")) Fail("neither off nor still");
    StandStill();
  }
}
