#include "userspace/support/test.h"

#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "userspace/support/errno_name.h"
#include "userspace/support/text.h"

namespace support {
namespace {

constexpr unsigned kLongestSeconds = 30;

unsigned failures = 0;
const char* program_path = "";

const char* BaseName(const char* path) {
  const char* const slash = std::strrchr(path, '/');
  return slash == nullptr ? path : slash + 1;
}

Line Diagnostic(const char* what, const Where& where) {
  ++failures;
  Line line;
  line.Text("# ").Text(BaseName(where.file_name())).Text(":").Decimal(where.line());
  line.Text(": ").Text(what);
  return line;
}

bool Chosen(const char* name, int argc, char** argv) {
  constexpr char kKey[] = "test=";
  constexpr size_t kKeyBytes = sizeof kKey - 1;
  bool filtered = false;
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], kKey, kKeyBytes) != 0) continue;
    if (std::strstr(name, argv[i] + kKeyBytes) != nullptr) return true;
    filtered = true;
  }
  return !filtered;
}

// In a process of its own; whether it passed.
bool Passes(const Test& test) {
  const pid_t child = fork();
  if (child == 0) {
    alarm(kLongestSeconds);
    test.run();
    _exit(failures == 0 ? 0 : 1);
  }
  int status = 0;
  pid_t ended = 0;
  // As the first process it has orphans, who end whenever they like.
  do {
    ended = child < 0 ? child : waitpid(-1, &status, 0);
  } while (ended > 0 && ended != child);
  if (ended < 0) {
    Line().Text("# no process for it: ").Text(ErrnoName(errno)).Write();
    return false;
  }
  if (WIFSIGNALED(status)) Line().Text("# ended by signal ").Decimal(WTERMSIG(status)).Write();
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

void Report(unsigned number, const Test& test, bool passed) {
  Line().Text(passed ? "ok " : "not ok ").Decimal(number).Text(" ").Text(test.name).Write();
}

}  // namespace

void Expect(bool holds, const char* what, Where where) {
  if (!holds) Diagnostic(what, where).Write();
}

void ExpectEqual(int64_t found, int64_t wanted, const char* what, Where where) {
  if (found == wanted) return;
  Diagnostic(what, where).Text(": ").Decimal(found).Text(" instead of ").Decimal(wanted).Write();
}

void ExpectResult(long result, int error, const char* what, Where where) {
  constexpr long kLastError = 4095;
  const int found = result < 0 && result >= -kLastError ? static_cast<int>(-result) : 0;
  if (found == error) return;
  Diagnostic(what, where)
      .Text(": ")
      .Text(ErrnoName(found))
      .Text(" instead of ")
      .Text(ErrnoName(error))
      .Write();
}

long Raw(long returned) { return returned == -1 ? -errno : returned; }

void Require(bool holds, const char* what, Where where) {
  if (holds) return;
  Diagnostic(what, where).Text(" (the rest needs it)").Write();
  _exit(1);
}

int RunTests(int argc, char** argv, std::span<const std::span<const Test>> groups) {
  program_path = argv[0];
  unsigned chosen = 0;
  for (const std::span<const Test> group : groups) {
    for (const Test& test : group) chosen += Chosen(test.name, argc, argv) ? 1 : 0;
  }
  Line().Text("KTAP version 1").Write();
  Line().Text("1..").Decimal(chosen).Write();
  unsigned number = 0;
  unsigned failed = 0;
  for (const std::span<const Test> group : groups) {
    for (const Test& test : group) {
      if (!Chosen(test.name, argc, argv)) continue;
      const bool passed = Passes(test);
      failed += passed ? 0 : 1;
      Report(++number, test, passed);
    }
  }
  constexpr pid_t kFirstProcess = 1;
  if (getpid() == kFirstProcess) reboot(RB_POWER_OFF);
  return failed == 0 ? 0 : 1;
}

const char* ProgramPath() { return program_path; }

const char* Directory() {
  constexpr const char* kFallback = "/tmp";
  const char* const given = std::getenv("TEST_TMPDIR");
  if (given != nullptr) return given;
  mkdir(kFallback, 0777);  // where there is none yet
  return kFallback;
}

}  // namespace support
