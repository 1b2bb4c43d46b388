// Lives of processes, one after the other, for as long as it takes to see whether anything of them
// stays. KTAP.
//
//   soak [rounds=NUMBER] [lives=NUMBER] [test=TEXT...]
//
// A round is fork, execve, exit and wait. The first rounds reach what the kernel has once and for
// all. What it keeps at hand for the next ones (stacks, slabs) it gives back before each look: the
// use of memory after all rounds is what it was before them, to the frame.
//
// A life is fork and exit: the shortest with an address space of its own. More than 2^16 of them
// use every tag of a processor's TLB many times over.

#include <sched.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <span>

#include "userspace/support/kernel_memory.h"
#include "userspace/support/test.h"
#include "userspace/support/text.h"

namespace {

using support::ExpectEqual;
using support::Line;
using support::MemoryUse;
using support::Require;

constexpr size_t kPage = 4096;
constexpr uint32_t kRoundsBefore = 100;
constexpr const char* kExecutedWord = "executed";
uint32_t rounds = 10'000;
uint32_t lives = 1000;

void Live(uint32_t count) {
  for (uint32_t i = 0; i < count; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      char path[] = "/proc/self/exe";
      char word[16];
      std::strncpy(word, kExecutedWord, sizeof word);
      char* const arguments[] = {path, word, nullptr};
      execv(path, arguments);
      _exit(1);
    }
    int status = -1;
    Require(child > 0 && waitpid(child, &status, 0) == child, "a process");
    Require(status == 0, "its end");
  }
}

void ForkExecuteExit() {
  Live(kRoundsBefore);
  const MemoryUse before;
  Live(rounds);
  const MemoryUse after;
  after.ExpectIs(before);
  Line().Text("# ").Decimal(rounds).Text(" rounds").Write();
  after.Print();
}

// One page, in a table that is there.
void OnePage() {
  constexpr int64_t kPageKib = kPage / 1024;
  void* const pages =
      mmap(nullptr, 2 * kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Require(pages != MAP_FAILED, "two pages");
  auto* const bytes = static_cast<volatile char*>(pages);
  bytes[0] = 1;
  Live(kRoundsBefore);
  const MemoryUse before;
  Live(1);
  bytes[kPage] = 1;
  ExpectEqual(MemoryUse().unused_kib(), before.unused_kib() - kPageKib, "unused memory in KiB");
}

// One that lives for long, and has something else at the same address as all others.
class Witness {
 public:
  void Start(volatile uint32_t& word, uint32_t own) {
    int questions[2];
    int answers[2];
    Require(pipe(questions) == 0 && pipe(answers) == 0, "pipes");
    const pid_t process = fork();
    Require(process >= 0, "a witness");
    if (process == 0) {
      word = own;
      close(questions[1]);
      char byte = 0;
      while (read(questions[0], &byte, 1) == 1) {
        byte = word == own ? 1 : 0;
        if (write(answers[1], &byte, 1) != 1) break;
      }
      _exit(0);
    }
    close(questions[0]);
    close(answers[1]);
    question_ = questions[1];
    answer_ = answers[0];
  }
  void Ask() const {
    char byte = 0;
    Require(write(question_, &byte, 1) == 1 && read(answer_, &byte, 1) == 1, "a witness's answer");
    Require(byte == 1, "a witness's own word");
  }

 private:
  int question_ = -1;
  int answer_ = -1;
};

// Each finds what its parent left for it at the common address, leaves something of its own, and
// lets others run before it looks again.
void AddressSpaces() {
  constexpr uint32_t kWitnesses = 3;
  constexpr uint32_t kLivesToAnAnswer = 50;
  void* const page =
      mmap(nullptr, kPage, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  Require(page != MAP_FAILED, "a page");
  volatile uint32_t& word = *static_cast<volatile uint32_t*>(page);
  Witness witnesses[kWitnesses];
  for (uint32_t i = 0; i < kWitnesses; ++i) witnesses[i].Start(word, ~i);
  for (uint32_t life = 1; life <= lives; ++life) {
    word = life;
    const pid_t child = fork();
    if (child == 0) {
      if (word != life) _exit(1);
      word = life + lives;
      sched_yield();
      _exit(word == life + lives ? 0 : 2);
    }
    if (life % kLivesToAnAnswer == 0) witnesses[life / kLivesToAnAnswer % kWitnesses].Ask();
    int status = -1;
    Require(child > 0 && waitpid(child, &status, 0) == child, "a process");
    Require(status == 0 && word == life, "everybody's own word");
  }
  Line().Text("# ").Decimal(lives).Text(" lives").Write();
}

constexpr support::Test kTests[] = {
    {"fork, execve, exit: nothing stays", ForkExecuteExit},
    {"a page that stays is seen", OnePage},
    {"address spaces: everybody has his own", AddressSpaces},
};

void ReadNumber(const char* argument, const char* key, uint32_t& number) {
  const size_t size = std::strlen(key);
  if (std::strncmp(argument, key, size) == 0) {
    number = static_cast<uint32_t>(std::strtoul(argument + size, nullptr, 10));
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc == 2 && std::strcmp(argv[1], kExecutedWord) == 0) return 0;
  for (int i = 1; i < argc; ++i) {
    ReadNumber(argv[i], "rounds=", rounds);
    ReadNumber(argv[i], "lives=", lives);
  }
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}
