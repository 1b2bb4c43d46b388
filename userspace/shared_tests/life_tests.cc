// How long blocks live: as long as somebody has them.

#include <pthread.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstring>

#include "userspace/libatlas/shared/smalloc.h"
#include "userspace/shared_tests/groups.h"
#include "userspace/shared_tests/partner.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/probe.h"

namespace shared {
namespace {

using support::Exited;
using support::Expect;
using support::ExpectEqual;
using support::Killed;
using support::Require;

constexpr size_t kLarge = 200000;

void AReaderGoesOnWithoutTheOwner() {
  const support::MemoryUse before;
  {
    Partner owner;
    Partner reader;
    for (const size_t bytes : {size_t{100}, kLarge}) {
      auto* const block = static_cast<unsigned char*>(owner.Make(bytes, 5));
      Require(block != nullptr, "the owner's block");
      ExpectEqual(reader.Read(block), 5, "the reader has it");
      Expect(owner.Write(block + bytes - 1, 6), "the owner writes");
    }
    auto* const last = static_cast<unsigned char*>(owner.Make(kLarge, 7));
    Expect(owner.Write(last + kLarge - 1, 8), "the owner writes");
    ExpectEqual(reader.Read(last), 7, "the reader has it");
    const auto* const unread = owner.Make(kLarge, 9);
    owner.Kill();
    ExpectEqual(reader.Read(last + kLarge - 1), 8, "a page that it had not read before");
    Expect(reader.Write(last, 1), "a write");
    ExpectEqual(ViewsOf(last), 1, "the only user");
    ExpectEqual(ViewsOf(unread), 0, "what nobody else had is gone");
    ExpectEqual(reader.Read(unread), -1, "and faults");
    ExpectEqual(ViewsOf(last), 0, "with the last user it is gone");
  }
  support::MemoryUse().ExpectIs(before);
}

void AChildHasWhatItsParentHad() {
  auto* const block = static_cast<volatile unsigned char*>(smalloc(kLarge));
  Require(block != nullptr, "smalloc");
  block[kLarge - 1] = 4;
  int go[2];
  Require(pipe(go) == 0, "a pipe");
  const pid_t child = fork();
  if (child == 0) {
    char byte = 0;
    close(go[1]);
    static_cast<void>(!read(go[0], &byte, 1));
    _exit(block[kLarge - 1]);
  }
  ExpectEqual(ViewsOf(const_cast<unsigned char*>(block)), 2, "both have it");
  sfree(const_cast<unsigned char*>(block));
  ExpectEqual(ViewsOf(const_cast<unsigned char*>(block)), 1, "the child alone has it");
  close(go[1]);
  int status = 0;
  waitpid(child, &status, 0);
  ExpectEqual(status, Exited(4), "the child reads it");
  ExpectEqual(ViewsOf(const_cast<unsigned char*>(block)), 0, "with the child it is gone");
}

// The child's heap begins anew: it and its parent never give out one block both.
void AChildHasAHeapOfItsOwn() {
  void* const block = smalloc(100);
  sfree(smalloc(100));
  const pid_t child = fork();
  if (child == 0) {
    auto* const own = static_cast<volatile unsigned char*>(smalloc(100));
    constexpr uintptr_t kChunk = 65536;
    const bool is_apart =
        reinterpret_cast<uintptr_t>(own) / kChunk != reinterpret_cast<uintptr_t>(block) / kChunk;
    own[0] = 1;
    sfree(block);
    _exit(is_apart ? 0 : 1);
  }
  int status = 0;
  waitpid(child, &status, 0);
  ExpectEqual(status, Exited(0), "a chunk of the child's own");
  Expect(smalloc(100) != nullptr, "the parent goes on");
}

void AnotherProgramGivesThemUp() {
  void* const block = smalloc(kLarge);
  Require(block != nullptr, "smalloc");
  int in[2];
  int out[2];
  Require(pipe(in) == 0 && pipe(out) == 0, "pipes");
  const pid_t child = fork();
  if (child == 0) {
    dup2(in[0], STDIN_FILENO);
    dup2(out[1], STDOUT_FILENO);
    close(in[1]);
    close(out[0]);
    execl(support::ProgramPath(), support::ProgramPath(), "wait", nullptr);
    _exit(1);
  }
  close(in[0]);
  close(out[1]);
  char byte = 0;
  ExpectEqual(read(out[0], &byte, 1), 1, "the other program runs");
  ExpectEqual(ViewsOf(block), 1, "it has no block of its parent's");
  close(in[1]);
  int status = 0;
  waitpid(child, &status, 0);
  ExpectEqual(status, Exited(0), "the other program ends");
}

void* TakeAndFree(void*) {
  void* blocks[8] = {};
  for (unsigned i = 0;; ++i) {
    void*& block = blocks[i % 8];
    sfree(block);
    block = smalloc(i % 3 == 0 ? kLarge : 40 + i % 5000);
    if (block != nullptr) *static_cast<volatile char*>(block) = 1;
  }
}

void DeathInTheMidstLeavesNothing() {
  constexpr int kDeaths = 12;
  const auto die_once = [](useconds_t after) {
    const pid_t child = fork();
    if (child == 0) {
      pthread_t thread;
      if (pthread_create(&thread, nullptr, TakeAndFree, nullptr) != 0) _exit(1);
      TakeAndFree(nullptr);
    }
    usleep(after);
    kill(child, SIGKILL);
    int status = 0;
    waitpid(child, &status, 0);
    ExpectEqual(status, Killed(SIGKILL), "the child was at it");
  };
  die_once(1000);
  const support::MemoryUse before;
  for (int i = 0; i < kDeaths; ++i) die_once(static_cast<useconds_t>(1000 + 700 * i));
  support::MemoryUse().ExpectIs(before);
}

void WhatIsFreedIsFree() {
  const auto use = [] {
    void* blocks[64];
    for (size_t i = 0; i < 64; ++i) {
      blocks[i] = smalloc(i * 1500);
      if (blocks[i] != nullptr) std::memset(blocks[i], 1, i * 1500);
    }
    for (void* const block : blocks) sfree(block);
  };
  // So many, until a heap keeps as many chunks as it ever will.
  constexpr int kRounds = 60;
  for (int i = 0; i < kRounds; ++i) use();
  const support::MemoryUse before;
  for (int i = 0; i < kRounds; ++i) use();
  // The chunks that a heap keeps may lie below other tables than before: two pages of ARM's.
  constexpr int64_t kTableKib = 8;
  Expect(support::MemoryUse().unused_kib() + kTableKib >= before.unused_kib(), "nothing is kept");
}

constexpr support::Test kTests[] = {
    {"a reader goes on when the owner has died", AReaderGoesOnWithoutTheOwner},
    {"a child has what its parent had", AChildHasWhatItsParentHad},
    {"a child has a heap of its own", AChildHasAHeapOfItsOwn},
    {"another program gives blocks up", AnotherProgramGivesThemUp},
    {"a death in the midst leaves nothing", DeathInTheMidstLeavesNothing},
    {"what is freed is free", WhatIsFreedIsFree},
};

}  // namespace

Group LifeTests() { return kTests; }

}  // namespace shared
