// What a process tries with blocks that are not its own, with addresses that are none, and with all
// there is.

#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>
#include <new>
#include <random>

#include "userspace/libatlas/shared/smalloc.h"
#include "userspace/machine/system_call.h"
#include "userspace/shared_tests/groups.h"
#include "userspace/shared_tests/partner.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/probe.h"

namespace shared {
namespace {

using machine::SystemCall;
using support::Expect;
using support::ExpectEqual;
using support::ExpectResult;
using support::Require;

constexpr size_t kChunk = 65536;
// kernel/syscall/native_calls.h
constexpr long kFindCall = 0x1008;
constexpr int kReadWrite = PROT_READ | PROT_WRITE;

void* MadeByKernel(size_t bytes) {
  void* const block = atlas::MakeSharedBlock(bytes);
  Require(block != nullptr, "a block of the kernel's");
  return block;
}

void StalePointersFault() {
  Partner partner;
  void* const block = MadeByKernel(2 * kPage);
  ExpectEqual(partner.Read(block), 0, "a partner has it");
  ExpectEqual(atlas::ReleaseSharedBlock(block), 0, "released");
  ExpectResult(atlas::ReleaseSharedBlock(block), EINVAL, "released again");
  partner.Kill();
  Expect(support::Read(block).signal == SIGSEGV, "a read");
  Expect(support::Write(block).signal == SIGSEGV, "a write");
  ExpectResult(SystemCall(SYS_write, STDOUT_FILENO, reinterpret_cast<long>(block), kPage), EFAULT,
               "a system call");
  for (int i = 0; i < 100; ++i) {
    void* const other = MadeByKernel(kPage);
    Expect(other != block, "its address does not come back soon");
    ExpectEqual(atlas::ReleaseSharedBlock(other), 0, "released");
  }
}

// Where an allocator keeps something, too.
void WhatIsWrittenOverDoesNoHarm() {
  constexpr size_t kBlocks = 400;
  Partner partner;
  void* blocks[kBlocks];
  for (int round = 0; round < 4; ++round) {
    for (size_t i = 0; i < kBlocks; ++i) {
      blocks[i] = smalloc(16 + i * 7 % 900);
      Require(blocks[i] != nullptr, "smalloc");
    }
    for (size_t i = 0; i < kBlocks; i += 10) {
      const uintptr_t chunk = reinterpret_cast<uintptr_t>(blocks[i]) & ~uintptr_t{kChunk - 1};
      Expect(partner.Scribble(reinterpret_cast<void*>(chunk), kChunk), "all is written over");
    }
    for (void* const block : blocks) sfree(block);
  }
  constexpr size_t kLarge = 4 * kChunk;
  auto* const large = static_cast<char*>(smalloc(kLarge));
  Require(large != nullptr, "smalloc");
  Expect(partner.Scribble(large + kLarge, kChunk), "what is behind a large one");
  Expect(!support::Write(large).signal, "its owner has it all the same");
  sfree(large);
  Expect(std::strstr(support::TextOf("/proc/verify"), "FAULT") == nullptr, "/proc/verify");
}

// Processes that give blocks to each other and free them, and others that write over what they
// have.
struct Board {
  static constexpr unsigned kPlaces = 64;

  std::atomic<uintptr_t> blocks[kPlaces];
  std::atomic<int> at_work;
};

int TakeAndGive(Board& board, unsigned seed) {
  constexpr int kRounds = 5000;
  constexpr size_t kLargeBlock = 100000;
  std::minstd_rand random(seed);
  for (int round = 0; round < kRounds; ++round) {
    auto* const block =
        static_cast<volatile char*>(smalloc(random() % 50 == 0 ? kLargeBlock : random() % 2000));
    if (block != nullptr) *block = 1;
    std::atomic<uintptr_t>& place = board.blocks[random() % Board::kPlaces];
    sfree(reinterpret_cast<void*>(place.exchange(reinterpret_cast<uintptr_t>(block))));
  }
  // Whoever has made a block lives until nobody looks for it any more.
  board.at_work.fetch_sub(1);
  while (board.at_work > 0) usleep(1000);
  return 0;
}

// Where headers of chunks are, or anywhere in one. It may be gone: the kernel is who writes.
int WriteOver(Board& board, unsigned seed) {
  constexpr uintptr_t kMostBytes = 64;
  constexpr uintptr_t kHeaderBytes = 576;
  std::minstd_rand random(seed);
  while (board.at_work > 0) {
    const uintptr_t block = board.blocks[random() % Board::kPlaces];
    if (block == 0) continue;
    const uintptr_t chunk = block & ~uintptr_t{kChunk - 1};
    const uintptr_t room = random() % 4 == 0 ? kChunk : kHeaderBytes;
    const uintptr_t bytes = 1 + random() % kMostBytes;
    const uintptr_t place = chunk + kChunk - room + random() % (room - bytes + 1);
    static_cast<void>(
        SystemCall(SYS_getrandom, static_cast<long>(place), static_cast<long>(bytes), 0));
  }
  return 0;
}

void OthersGoOnWhileSomeWriteOver() {
  constexpr unsigned kWorkers = 3;
  constexpr unsigned kAll = 5;
  const support::MemoryUse before;
  void* const page = mmap(nullptr, sizeof(Board), kReadWrite, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  Require(page != MAP_FAILED, "a page for all");
  Board& board = *new (page) Board{};
  board.at_work = kWorkers;
  pid_t processes[kAll];
  for (unsigned i = 0; i < kAll; ++i) {
    processes[i] = fork();
    Require(processes[i] >= 0, "fork");
    if (processes[i] == 0) _exit((i < kWorkers ? TakeAndGive : WriteOver)(board, i + 1));
  }
  for (const pid_t process : processes) {
    int status = 0;
    waitpid(process, &status, 0);
    ExpectEqual(status, support::Exited(0), "it went on to its end");
  }
  Expect(std::strstr(support::TextOf("/proc/verify"), "FAULT") == nullptr, "/proc/verify");
  munmap(page, sizeof(Board));
  support::MemoryUse().ExpectIs(before);
}

void WrongArgumentsAreRefused() {
  void* const block = MadeByKernel(2 * kPage);
  auto* const bytes = static_cast<char*>(block);
  for (const size_t size : {size_t{0}, SIZE_MAX, SIZE_MAX / 2, SIZE_MAX / 4096 * 4096}) {
    Expect(atlas::MakeSharedBlock(size) == nullptr, "a size that is none");
  }
  int local = 0;
  for (void* const base : {static_cast<void*>(bytes + 1), static_cast<void*>(bytes + kPage),
                           static_cast<void*>(nullptr), static_cast<void*>(&local),
                           reinterpret_cast<void*>(-1L), reinterpret_cast<void*>(-4096L)}) {
    ExpectResult(atlas::ReleaseSharedBlock(base), EINVAL, "no block begins there");
  }
  atlas::SharedBlock found;
  ExpectResult(atlas::FindSharedBlock(&local, found), ENOENT, "no block is there");
  ExpectResult(SystemCall(kFindCall, reinterpret_cast<long>(block), -64), EFAULT,
               "no place to tell");
  Partner partner;
  auto* const theirs = partner.Make(200000, 1);
  const uintptr_t chunk = reinterpret_cast<uintptr_t>(theirs) & ~uintptr_t{kChunk - 1};
  ExpectResult(atlas::ReleaseSharedBlock(reinterpret_cast<void*>(chunk)), EINVAL,
               "a block that this process does not have");
  ExpectEqual(partner.Read(theirs), 1, "its maker has it");
}

void NothingElseIsPutThere() {
  void* const block = MadeByKernel(4 * kPage);
  auto* const bytes = static_cast<volatile char*>(block);
  bytes[0] = 3;
  const auto map_at = [](volatile char* place, int flags) {
    return mmap(const_cast<char*>(place), kPage, kReadWrite, MAP_PRIVATE | MAP_ANONYMOUS | flags,
                -1, 0);
  };
  Expect(map_at(bytes, MAP_FIXED) == MAP_FAILED, "mmap over a block");
  Expect(map_at(bytes + 4 * kPage, MAP_FIXED) == MAP_FAILED, "mmap beside a block");
  void* const hinted = map_at(bytes + 4 * kPage, 0);
  Expect(hinted != MAP_FAILED && hinted != bytes + 4 * kPage, "a hint is not followed");
  Expect(mremap(block, 4 * kPage, 8 * kPage, MREMAP_MAYMOVE) == MAP_FAILED, "mremap");
  Expect(mremap(hinted, kPage, kPage, MREMAP_MAYMOVE | MREMAP_FIXED,
                const_cast<char*>(bytes + 4 * kPage)) == MAP_FAILED,
         "mremap to there");
  ExpectEqual(bytes[0], 3, "all is as it was");
  // What a process does not want it does not get.
  ExpectEqual(munmap(const_cast<char*>(bytes + kPage), kPage), 0, "munmap of a part");
  Expect(support::Read(bytes + kPage).signal == SIGSEGV, "that part");
  ExpectEqual(bytes[2 * kPage], 0, "what is behind it");
  ExpectEqual(mprotect(block, kPage, PROT_READ), 0, "mprotect");
  Expect(support::Write(bytes).code == SEGV_ACCERR, "for this process alone");
  ExpectEqual(atlas::ReleaseSharedBlock(block), 0, "the rest is released");
  ExpectEqual(ViewsOf(block), 0, "it is gone");
  Expect(std::strstr(support::TextOf("/proc/self/layout"), "PROCESS OK") != nullptr, "the layout");
}

int TakeUpToTheLimit(uintptr_t) {
  constexpr rlim_t kLimit = 1 << 30;
  constexpr size_t kPiece = 16 << 20;
  const rlimit limit = {kLimit, kLimit};
  if (setrlimit(RLIMIT_AS, &limit) != 0) return 1;
  void* last = nullptr;
  for (rlim_t i = 0; i <= kLimit / kPiece; ++i) {
    errno = 0;
    void* const block = smalloc(kPiece);
    if (block == nullptr) {
      if (errno != ENOMEM || i == 0) return 2;
      sfree(last);
      return smalloc(kPiece) != nullptr ? 0 : 3;
    }
    last = block;
  }
  return 4;
}

// Addresses of 32 bits come to an end, those of 64 do not.
int TakeAllRoom(uintptr_t) {
  constexpr size_t kPiece = 16 << 20;
  constexpr int kMost = 64;
  for (int i = 0; i < kMost; ++i) {
    if (atlas::MakeSharedBlock(kPiece) == nullptr) return i == 0 ? 1 : 0;
  }
  return sizeof(void*) == sizeof(uint32_t) ? 2 : 0;
}

void WhatEndsIsToldAndComesBack() {
  // Not before the heap has begun.
  Expect(smalloc(SIZE_MAX / 2) == nullptr, "more than there is");
  const support::MemoryUse before;
  ExpectEqual(support::StatusOf(TakeUpToTheLimit, 0), support::Exited(0), "RLIMIT_AS");
  ExpectEqual(support::StatusOf(TakeAllRoom, 0), support::Exited(0), "all room");
  Expect(smalloc(SIZE_MAX / 2) == nullptr, "more than there is");
  support::MemoryUse().ExpectIs(before);
  sfree(smalloc(100000));
}

int FreeWhatIsNone(uintptr_t which) {
  int local = 0;
  auto* const block = static_cast<char*>(smalloc(100));
  void* const wrong[] = {&local, block + 16, block};
  sfree(wrong[which]);
  if (which == 2) sfree(block);
  return 0;
}

void WrongFreesEndTheProgram() {
  for (uintptr_t which = 0; which < 3; ++which) {
    ExpectEqual(support::StatusOf(FreeWhatIsNone, which), support::Killed(SIGABRT), "a wrong free");
  }
}

constexpr support::Test kTests[] = {
    {"stale pointers fault", StalePointersFault},
    {"what others write over does no harm", WhatIsWrittenOverDoesNoHarm},
    {"others go on while some write over what all have", OthersGoOnWhileSomeWriteOver},
    {"wrong arguments are refused", WrongArgumentsAreRefused},
    {"nothing else is put where blocks are", NothingElseIsPutThere},
    {"what comes to an end is told, and comes back", WhatEndsIsToldAndComesBack},
    {"wrong frees end the program", WrongFreesEndTheProgram},
};

}  // namespace

Group AttackTests() { return kTests; }

}  // namespace shared
