// System calls with random arguments. Processes end over it, and the kernel must not. KTAP.
//
//   fuzz_calls [seed=NUMBER] [count=NUMBER]
//
// The same seed gives the same calls. A process makes a number of them, and another one goes on
// where it ended, whether it came to the last, was ended by a signal, or waits for something that
// never comes.

#include <sched.h>
#include <sys/mman.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "userspace/calls/call_list.h"
#include "userspace/fuzz_calls/arguments.h"
#include "userspace/fuzz_calls/random.h"
#include "userspace/machine/system_call.h"
#include "userspace/support/probe.h"
#include "userspace/support/test.h"
#include "userspace/support/text.h"

namespace {

using calls::CallForm;
using calls::Kind;
using calls::Trial;
using fuzz::Arguments;
using fuzz::Random;
using support::Expect;
using support::ExpectEqual;
using support::Line;
using support::Require;

constexpr uint32_t kCallsOfAProcess = 200;
constexpr int kMostInheritedFiles = 256;

uint64_t seed = 1;
uint32_t count = 20000;
bool exchanges_are_ours = false;
bool machine_is_ours = false;

// What a process says of itself, for the one that looks after it.
struct Progress {
  std::atomic<uint32_t> done;
  std::atomic<uint32_t> succeeded;
  std::atomic<uint32_t> form;
  calls::Registers arguments;
};

Progress* progress = nullptr;

// A number that no call has.
constexpr long kNoNumber = 4000;
constexpr CallForm kNoCall = {posix::Call::kCount,
                              "no call",
                              {calls::Number(0), calls::Number(0), calls::Number(0),
                               calls::Number(0), calls::Number(0), calls::Number(0)}};

// The calls that may be tried: none of them ends the machine, waits for ever, or reaches what is
// not the fuzzer's.
constexpr size_t kMostForms = 256;
const CallForm* forms[kMostForms] = {&kNoCall};
uint32_t form_count = 1;

void ChooseForms() {
  for (const std::span<const CallForm> group : calls::kAllForms) {
    for (const CallForm& form : group) {
      if (!Has(form.trial, Trial::kFuzzed) || !calls::NumberOf(form)) continue;
      // Segments and queues are the whole system's.
      const bool exchanges = form.Takes(Kind::kSegment) || form.Takes(Kind::kMessages);
      if (exchanges && !exchanges_are_ours) continue;
      Require(form_count < kMostForms, "room for all calls");
      forms[form_count++] = &form;
    }
  }
}

uint64_t Value(int argc, char** argv, const char* key, uint64_t fallback) {
  for (int i = 1; i < argc; ++i) {
    if (std::strncmp(argv[i], key, std::strlen(key)) == 0)
      return std::strtoull(argv[i] + std::strlen(key), nullptr, 10);
  }
  return fallback;
}

[[noreturn]] void MakeCalls(uint64_t own_seed, uint32_t count_of_calls) {
  // Files that were open before are others'.
  for (int file = 0; file < kMostInheritedFiles; ++file) close(file);
  Random random(own_seed);
  Arguments arguments(random);
  for (uint32_t i = 0; i < count_of_calls; ++i) {
    progress->form = random.Below(form_count);
    const CallForm& form = *forms[progress->form];
    calls::Registers values{};
    for (size_t k = 0; k < values.size(); ++k) values[k] = arguments.Make(form.arguments[k]);
    const calls::Registers made = progress->arguments = InRegisters(form, values);
    const long number = calls::NumberOf(form).value_or(kNoNumber);
    const long result =
        machine::SystemCall(number, made[0], made[1], made[2], made[3], made[4], made[5]);
    // Of two that go on here, the child makes no calls.
    if (Has(form.trial, Trial::kForks) && result == 0) {
      while (true) machine::SystemCall(SYS_exit_group, 0);
    }
    if (result >= 0) progress->succeeded.fetch_add(1);
    progress->done.fetch_add(1);
  }
  while (true) machine::SystemCall(SYS_exit_group, 0);
}

// Waits for the process until it has ended, or nothing has come of it for a while.
enum class End : uint8_t { kByItself, kBySignal, kWaiting };

End LookAfter(pid_t child) {
  constexpr timespec kMoment = {0, 1'000'000};
  constexpr int kPatience = 500;
  int status = 0;
  uint32_t seen = progress->done;
  for (int idle = 0; idle < kPatience; ++idle) {
    const pid_t ended = waitpid(child, &status, WNOHANG);
    if (ended == child) return WIFSIGNALED(status) ? End::kBySignal : End::kByItself;
    const uint32_t now = progress->done;
    if (now != seen) idle = 0;
    seen = now;
    nanosleep(&kMoment, nullptr);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return End::kWaiting;
}

void PrintCall() {
  Line line;
  line.Text("# waiting: ").Text(forms[progress->form]->name);
  for (const long argument : progress->arguments)
    line.Text(" ").Hexadecimal(static_cast<unsigned long>(argument));
  line.Write();
}

bool AllAre(const unsigned char* bytes, size_t size_bytes, unsigned char value) {
  for (size_t i = 0; i < size_bytes; ++i) {
    if (bytes[i] != value) return false;
  }
  return true;
}

uint64_t FreeBytes() {
  struct sysinfo system = {};
  sysinfo(&system);
  return uint64_t{system.freeram} * system.mem_unit;
}

void RandomCalls() {
  constexpr size_t kOwnBytes = 64 << 10;
  constexpr unsigned char kOwnValue = 0xa5;
  void* const own =
      mmap(nullptr, kOwnBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  void* const shared =
      mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Require(own != MAP_FAILED && shared != MAP_FAILED, "memory");
  std::memset(own, kOwnValue, kOwnBytes);
  progress = static_cast<Progress*>(shared);
  Require(chdir(support::Directory()) == 0, "a directory");
  ChooseForms();

  uint32_t ends[3] = {};
  uint32_t made = 0;
  const uint64_t free_before = FreeBytes();
  alarm(0);  // by its count alone this ends
  for (uint64_t process = 0; made < count; ++process) {
    progress->done = 0;
    const pid_t child = fork();
    if (child == 0) MakeCalls(seed * 1'000'003 + process, kCallsOfAProcess);
    Require(child > 0, "a process");
    const End end = LookAfter(child);
    if (end == End::kWaiting) PrintCall();
    ++ends[static_cast<size_t>(end)];
    // The call that it did not come back from is one, too.
    made += progress->done + (end == End::kByItself ? 0 : 1);
  }
  Line()
      .Text("# ")
      .Decimal(made)
      .Text(" calls, ")
      .Decimal(progress->succeeded)
      .Text(" of them succeeded")
      .Write();
  Line()
      .Text("# processes: ")
      .Decimal(ends[0])
      .Text(" came to their last call, ")
      .Decimal(ends[1])
      .Text(" were ended by signals, ")
      .Decimal(ends[2])
      .Text(" waited")
      .Write();
  const uint64_t free_after = FreeBytes();
  Line()
      .Text("# free KiB before and after: ")
      .Decimal(static_cast<int64_t>(free_before >> 10))
      .Text(", ")
      .Decimal(static_cast<int64_t>(free_after >> 10))
      .Write();
  // Else it is not the calls that are tried, but how they are refused.
  Expect(progress->succeeded >= made / 10, "many of them succeeded");
  const uint32_t processes = ends[0] + ends[1] + ends[2];
  Expect(ends[static_cast<size_t>(End::kWaiting)] <= processes / 10, "few of them waited");
  // What the calls made and nobody removed: files, segments, queues. The processes had more.
  constexpr uint64_t kMostKept = 2 << 20;
  Expect(!machine_is_ours || free_after + kMostKept >= free_before, "memory came back");
  Expect(AllAre(static_cast<unsigned char*>(own), kOwnBytes, kOwnValue),
         "this process's memory is what it was");
  ExpectEqual(support::StatusOf([](uintptr_t) { return 3; }, 0), support::Exited(3),
              "a process as before");
}

constexpr support::Test kTests[] = {{"random system calls", RandomCalls}};

}  // namespace

int main(int argc, char** argv) {
  seed = Value(argc, argv, "seed=", seed);
  count = static_cast<uint32_t>(Value(argc, argv, "count=", count));
  machine_is_ours = getpid() == 1;
  exchanges_are_ours = machine_is_ours || unshare(CLONE_NEWIPC) == 0;
  Line()
      .Text("# seed ")
      .Decimal(static_cast<int64_t>(seed))
      .Text(", count ")
      .Decimal(count)
      .Write();
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}
