// Registers, those of numbers with a fraction among them, are a thread's own: whatever interrupts
// it puts them back as they were.

#include <pthread.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <span>

#include "userspace/machine/registers.h"
#include "userspace/posix_tests/groups.h"
#include "userspace/posix_tests/memory.h"

namespace posix {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::Require;

using Words = std::array<uint64_t, machine::kRegisterWords>;

Words ValuesOf(uint64_t seed) {
  constexpr uint64_t kStep = 0x9E37'79B9'7F4A'7C15;
  Words values;
  for (size_t i = 0; i < values.size(); ++i) values[i] = (seed * values.size() + i + 1) * kStep;
  return values;
}

// Fills all registers with what belongs to `seed`, writes to `at` so often, and looks.
bool AreKept(uint64_t seed, volatile char* at, uintptr_t times) {
  const Words values = ValuesOf(seed);
  Words after{};
  machine::WriteWithRegisters(at, times, values.data(), after.data());
  return values == after;
}

volatile int handled = 0;
volatile char handlers_byte;

// Each time with other values than before.
void Disturb() {
  handled = handled + 1;
  if (!AreKept(1000 + static_cast<uint64_t>(handled), &handlers_byte, 1)) _exit(1);
}

void SetHandler(int signal, void (*handler)(int, siginfo_t*, void*)) {
  struct sigaction action = {};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO;
  ExpectEqual(sigaction(signal, &action, nullptr), 0, "sigaction");
}

void FaultsKeepThem() {
  SetHandler(SIGSEGV, [](int, siginfo_t* information, void*) {
    Disturb();
    const uintptr_t page = reinterpret_cast<uintptr_t>(information->si_addr) / kPage * kPage;
    if (Call(SYS_mprotect, page, kPage, kReadWrite) != 0) _exit(1);
  });
  constexpr size_t kPages = 4;
  char* const pages = NewPages(kPages, PROT_NONE);
  for (size_t i = 0; i < kPages; ++i) Expect(AreKept(i, pages + i * kPage, 1), "a handled fault");
  ExpectEqual(handled, kPages, "a fault for each page");
  // One that no handler hears of.
  Expect(AreKept(kPages, NewPages(1), 1), "a page that comes when it is used");
}

constexpr uintptr_t kSome = 200'000;

void SignalsKeepThem() {
  constexpr int kWanted = 5;
  constexpr int kMostRounds = 100'000;
  SetHandler(SIGALRM, [](int, siginfo_t*, void*) { Disturb(); });
  const itimerval often = {.it_interval = {0, 1000}, .it_value = {0, 1000}};
  ExpectEqual(setitimer(ITIMER_REAL, &often, nullptr), 0, "setitimer");
  char byte = 0;
  bool are_kept = true;
  for (int round = 0; round < kMostRounds && handled < kWanted && are_kept; ++round) {
    are_kept = AreKept(static_cast<uint64_t>(round), &byte, kSome);
  }
  Expect(are_kept, "a signal at any moment");
  Expect(handled >= kWanted, "there were some");
}

// For longer than one has the processor when others want it.
bool AreKeptForLong(uint64_t seed) {
  constexpr int kRounds = 40;
  char byte = 0;
  bool are_kept = true;
  for (int round = 0; round < kRounds; ++round) are_kept &= AreKept(seed, &byte, kSome);
  return are_kept;
}

void* RunThread(void* seed) {
  return AreKeptForLong(*static_cast<uint64_t*>(seed)) ? seed : nullptr;
}

void OthersKeepThem() {
  constexpr size_t kEach = 2;
  pid_t children[kEach];
  for (size_t i = 0; i < kEach; ++i) {
    children[i] = fork();
    if (children[i] == 0) _exit(AreKeptForLong(i) ? 0 : 1);
    Require(children[i] > 0, "a process");
  }
  pthread_t threads[kEach];
  uint64_t seeds[kEach];
  for (size_t i = 0; i < kEach; ++i) {
    seeds[i] = kEach + i;
    Require(pthread_create(&threads[i], nullptr, RunThread, &seeds[i]) == 0, "a thread");
  }
  Expect(AreKeptForLong(2 * kEach), "of the first thread");
  for (size_t i = 0; i < kEach; ++i) {
    void* result = nullptr;
    ExpectEqual(pthread_join(threads[i], &result), 0, "pthread_join");
    Expect(result == &seeds[i], "of a thread");
    int status = -1;
    ExpectEqual(waitpid(children[i], &status, 0), children[i], "waitpid");
    ExpectEqual(status, 0, "of a process");
  }
}

// Both the parent and the child go on with them.
void ForkCopiesThem() {
  const Words values = ValuesOf(7);
  Words after{};
  const long child = machine::CallWithRegisters(SYS_fork, values.data(), after.data());
  const auto wanted = std::span(values).first(machine::kRegisterWordsOfCalls);
  const bool are_kept = std::ranges::equal(wanted, std::span(after).first(wanted.size()));
  if (child == 0) _exit(are_kept ? 0 : 1);
  Require(child > 0, "a process");
  Expect(are_kept, "of the parent");
  int status = -1;
  ExpectEqual(waitpid(static_cast<pid_t>(child), &status, 0), child, "waitpid");
  ExpectEqual(status, 0, "of the child");
}

constexpr support::Test kTests[] = {
    {"registers: faults", FaultsKeepThem},
    {"registers: signals", SignalsKeepThem},
    {"registers: other threads and processes", OthersKeepThem},
    {"registers: fork", ForkCopiesThem},
};

}  // namespace

Group RegisterTests() { return kTests; }

}  // namespace posix
