#include "userspace/attack_tests/stage.h"

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <climits>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <span>

#include "userspace/machine/system_call.h"
#include "userspace/support/open_ranges.h"

namespace attack {
namespace {

using support::Expect;

constexpr Kernel kKernels[] = {
    {"Atlas", true},
    {"Linux", false},
};

constexpr size_t kPage = 4096;
constexpr rlim_t kStackBytes = 128 << 10;
constexpr size_t kMostAddresses = 32;

uintptr_t kernel_addresses[kMostAddresses];
size_t kernel_address_count = 0;
std::optional<uintptr_t> last_of_programs;

bool HasKey(const char* argument, const char* key) {
  return std::strncmp(argument, key, std::strlen(key)) == 0;
}

uintptr_t ReadAddress(const char* text, char** rest) {
  return static_cast<uintptr_t>(std::strtoull(text, rest, 16));
}

// What the bystander and the tests see of each other.
struct Meeting {
  std::atomic<uint32_t> rounds;
  std::atomic<bool> harmed;
};

Meeting* meeting = nullptr;
pid_t bystander = 0;

constexpr timespec kMoment = {0, 1'000'000};

[[noreturn]] void MindOwnMemory() {
  constexpr size_t kPages = 16;
  constexpr int kValue = 0x5a;
  void* const place =
      mmap(nullptr, kPages * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  auto* const bytes = static_cast<unsigned char*>(place);
  std::memset(bytes, kValue, kPages * kPage);
  while (true) {
    for (size_t i = 0; i < kPages * kPage; i += 64) {
      if (bytes[i] != kValue) meeting->harmed = true;
    }
    meeting->rounds.fetch_add(1);
    nanosleep(&kMoment, nullptr);
  }
}

}  // namespace

const Kernel& ThisKernel() {
  utsname names = {};
  uname(&names);
  for (const Kernel& kernel : kKernels) {
    if (std::strcmp(kernel.name, names.sysname) == 0) return kernel;
  }
  return kKernels[0];
}

void ReadArguments(int argc, char** argv) {
  support::ReadOpenRanges(argc, argv);
  constexpr const char* kKernelKey = "kernel=";
  constexpr const char* kLastKey = "last=";
  for (int i = 1; i < argc; ++i) {
    char* rest = nullptr;
    if (HasKey(argv[i], kLastKey)) {
      last_of_programs = ReadAddress(argv[i] + std::strlen(kLastKey), &rest);
    }
    if (HasKey(argv[i], kKernelKey) && kernel_address_count < kMostAddresses) {
      kernel_addresses[kernel_address_count++] =
          ReadAddress(argv[i] + std::strlen(kKernelKey), &rest);
    }
  }
}

std::span<const uintptr_t> KernelAddresses() {
  return std::span(kernel_addresses).first(kernel_address_count);
}

std::optional<uintptr_t> LastOfPrograms() { return last_of_programs; }

bool MayReach(uintptr_t address) {
  if (support::IsOpen(address)) return true;
  // Only what is mapped has pages of which one can ask whether they are there.
  unsigned char there = 0;
  const long page = static_cast<long>(address / kPage * kPage);
  return machine::SystemCall(SYS_mincore, page, kPage, reinterpret_cast<long>(&there)) == 0;
}

void ForEachForbidden(void (*visit)(uintptr_t address)) {
  const auto visit_if_forbidden = [&](uintptr_t address) {
    if (!MayReach(address)) visit(address);
  };
  // Where the stack may still grow, it would.
  const rlimit limit = {kStackBytes, kStackBytes};
  setrlimit(RLIMIT_STACK, &limit);
  constexpr unsigned kBits = sizeof(uintptr_t) * CHAR_BIT;
  constexpr unsigned kPageBits = 12;
  constexpr uintptr_t kAll = ~uintptr_t{0};
  for (unsigned bit = kPageBits; bit < kBits; ++bit) {
    visit_if_forbidden(kAll << bit);
    visit_if_forbidden((kAll << bit) - 1);
    visit_if_forbidden(uintptr_t{1} << bit);
    visit_if_forbidden((uintptr_t{1} << bit) + kPage / 2);
  }
  // Each part that an entry of the root shows, and finer at the top. Half a part further is the
  // middle of what it shows.
  constexpr unsigned kRootBits = kBits > 32 ? 39 : 24;
  constexpr unsigned kParts = kBits > 32 ? 256 : 192;
  constexpr unsigned kTopBits = 24;
  constexpr unsigned kTopParts = 128;
  const auto sweep = [&](unsigned bits, unsigned parts) {
    for (uintptr_t part = 1; part <= parts; ++part) {
      const uintptr_t first = uintptr_t{0} - (part << bits);
      visit_if_forbidden(first);
      visit_if_forbidden(first + (uintptr_t{1} << (bits - 1)));
    }
  };
  sweep(kRootBits, kParts);
  sweep(kTopBits, kTopParts);
  for (const uintptr_t address : KernelAddresses()) visit(address);
}

void StartBystander() {
  void* const place =
      mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (place == MAP_FAILED) return;
  meeting = static_cast<Meeting*>(place);
  bystander = fork();
  if (bystander == 0) MindOwnMemory();
}

void StopBystander() {
  if (bystander <= 0) return;
  kill(bystander, SIGKILL);
  waitpid(bystander, nullptr, 0);
}

void ExpectBystander() {
  support::Require(meeting != nullptr && bystander > 0, "a bystander");
  constexpr int kMostMoments = 5000;
  const uint32_t before = meeting->rounds;
  int moments = 0;
  while (meeting->rounds == before && moments < kMostMoments) {
    nanosleep(&kMoment, nullptr);
    ++moments;
  }
  Expect(moments < kMostMoments, "the bystander goes on");
  Expect(!meeting->harmed, "and its memory is what it was");
}

}  // namespace attack
