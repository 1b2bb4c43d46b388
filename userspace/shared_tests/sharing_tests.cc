// One address in every process, and smalloc with its like.

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <cstring>

#include "userspace/libatlas/shared/smalloc.h"
#include "userspace/shared_tests/groups.h"
#include "userspace/shared_tests/partner.h"
#include "userspace/support/instructions.h"
#include "userspace/support/kernel_memory.h"
#include "userspace/support/probe.h"

namespace shared {
namespace {

using support::Expect;
using support::ExpectEqual;
using support::Require;

volatile unsigned char* Made(size_t bytes) {
  auto* const block = static_cast<unsigned char*>(smalloc(bytes));
  Require(block != nullptr, "smalloc");
  return block;
}

void* Plain(volatile unsigned char* block) { return const_cast<unsigned char*>(block); }

void OneAddressInEveryProcess() {
  Partner one;
  Partner two;
  for (const size_t bytes : {size_t{40}, size_t{3000}, size_t{300000}}) {
    volatile unsigned char* const block = Made(bytes);
    block[bytes - 1] = 42;
    ExpectEqual(one.Read(block + bytes - 1), 42, "the pointer travelled through a pipe");
    Expect(two.Write(block, 43), "a second process writes");
    ExpectEqual(block[0], 43, "its maker sees it");
    ExpectEqual(one.Read(block), 43, "and the first");
    sfree(Plain(block));
  }
}

// Nobody has to have looked at a block before the kernel does for him.
void TheKernelFollowsPointers() {
  Partner partner;
  volatile unsigned char* const block = Made(2 * kPage);
  for (size_t i = 0; i < 2 * kPage; ++i) block[i] = 1;
  ExpectEqual(partner.PassToKernel(Plain(block), 2 * kPage), 2 * kPage, "write() from a block");
}

void OthersFreeAndMake() {
  Partner partner;
  auto* const theirs = static_cast<volatile unsigned char*>(partner.Make(100, 7));
  Require(theirs != nullptr, "the partner's block");
  ExpectEqual(theirs[0], 7, "a block of the partner's");
  sfree(Plain(theirs));
  volatile unsigned char* const mine = Made(100);
  Expect(mine != theirs, "what another process made is not given out here");
  Expect(partner.Free(Plain(mine)), "a partner frees");
  auto* const large = static_cast<unsigned char*>(partner.Make(200000, 8));
  large[199999] = 9;
  auto* const moved = static_cast<unsigned char*>(srealloc(large, 300000));
  Require(moved != nullptr, "srealloc of another's block");
  ExpectEqual(moved[0], 8, "its first byte");
  ExpectEqual(moved[199999], 9, "its last byte");
  partner.Kill();
  ExpectEqual(moved[0], 8, "it is this process's");
}

void ResizesAndKeeps() {
  auto* block = static_cast<unsigned char*>(srealloc(nullptr, 10));
  Require(block != nullptr, "srealloc of nothing");
  std::memcpy(block, "0123456789", 10);
  for (const size_t bytes : {size_t{20}, size_t{5000}, size_t{70000}, size_t{1000000},
                             size_t{90000}, size_t{300}, size_t{10}}) {
    block = static_cast<unsigned char*>(srealloc(block, bytes));
    Require(block != nullptr, "srealloc");
    Expect(std::memcmp(block, "0123456789", 10) == 0, "what was in it");
    block[bytes - 1] = block[bytes - 1];
  }
  sfree(block);
}

void Zeroes() {
  for (const size_t bytes : {size_t{48}, size_t{2048}, size_t{100000}}) {
    void* const used = smalloc(bytes);
    Require(used != nullptr, "smalloc");
    std::memset(used, 0x5a, bytes);
    sfree(used);
    const auto* const block = static_cast<unsigned char*>(scalloc(bytes / 16, 16));
    Require(block != nullptr, "scalloc");
    size_t zeroes = 0;
    while (zeroes < bytes && block[zeroes] == 0) ++zeroes;
    ExpectEqual(static_cast<int64_t>(zeroes), static_cast<int64_t>(bytes), "zeroes");
  }
  errno = 0;
  Expect(scalloc(SIZE_MAX / 2, 3) == nullptr && errno == ENOMEM, "more than a number tells");
}

void* UseFromThread(void* argument) {
  constexpr int kRounds = 2000;
  constexpr int kBlocks = 16;
  const auto value = static_cast<unsigned char>(reinterpret_cast<uintptr_t>(argument));
  unsigned char* blocks[kBlocks] = {};
  for (int i = 0; i < kRounds; ++i) {
    unsigned char*& block = blocks[i * 7 % kBlocks];
    if (block != nullptr && *block != value) return argument;
    sfree(block);
    block = static_cast<unsigned char*>(smalloc(static_cast<size_t>(16 + i % 600)));
    if (block == nullptr) return argument;
    *block = value;
  }
  for (unsigned char* const block : blocks) sfree(block);
  return nullptr;
}

void ThreadsShareAHeap() {
  constexpr uintptr_t kThreads = 4;
  pthread_t threads[kThreads];
  for (uintptr_t i = 0; i < kThreads; ++i) {
    Require(
        pthread_create(&threads[i], nullptr, UseFromThread, reinterpret_cast<void*>(i + 1)) == 0,
        "a thread");
  }
  for (const pthread_t thread : threads) {
    void* wrong = nullptr;
    pthread_join(thread, &wrong);
    Expect(wrong == nullptr, "a thread's blocks are its own");
  }
}

void MapsShowThem() {
  volatile unsigned char* const block = Made(100000);
  block[0] = 1;
  atlas::SharedBlock found;
  ExpectEqual(atlas::FindSharedBlock(Plain(block), found), 0, "the kernel knows the block");
  ExpectEqual(found.maker, getpid(), "its maker");
  ExpectEqual(found.views, 1, "its only user");
  char start[40];
  std::snprintf(start, sizeof start, "%08" PRIx64 "-%08" PRIx64 " rw-s ", found.base,
                found.base + found.size_bytes);
  const char* const line = std::strstr(support::TextOf("/proc/self/maps"), start);
  Require(line != nullptr, "a line in /proc/self/maps");
  const char* const name = std::strstr(line, "[shared]");
  Expect(name != nullptr && name < std::strchr(line, '\n'), "its name there");
}

void TheLayoutHoldsThem() {
  Partner partner;
  volatile unsigned char* const block = Made(100000);
  block[0] = 1;
  ExpectEqual(partner.Read(block), 1, "a partner has it");
  Expect(std::strstr(support::TextOf("/proc/verify"), "FAULT") == nullptr, "/proc/verify");
  const char* const text = support::TextOf("/proc/self/layout");
  Expect(std::strstr(text, "PROCESS OK") != nullptr, "/proc/self/layout");
  Expect(std::strstr(text, "FAULT") == nullptr, "no fault there");
}

void SmallOnesAreQuick() {
  constexpr unsigned kPairs = 10'000;
  constexpr size_t kBytes = 64;
  constexpr uint64_t kBar = 60;
  // A program that has blocks.
  volatile unsigned char* const other = Made(kBytes);
  bool is_sound = true;
  const uint64_t pair = support::InstructionsOf(kPairs, [&] {
    void* const block = smalloc(kBytes);
    is_sound &= block != nullptr;
    sfree(block);
  });
  std::printf("# instructions of smalloc and sfree: %u\n", static_cast<unsigned>(pair));
  Expect(is_sound, "all of them");
  Expect(pair < kBar, "fewer than 60 instructions");
  sfree(Plain(other));
}

constexpr support::Test kTests[] = {
    {"a block has one address in every process", OneAddressInEveryProcess},
    {"the kernel follows pointers to blocks", TheKernelFollowsPointers},
    {"any process frees and resizes a block", OthersFreeAndMake},
    {"srealloc grows and shrinks", ResizesAndKeeps},
    {"scalloc zeroes", Zeroes},
    {"threads share a heap", ThreadsShareAHeap},
    {"/proc/self/maps shows blocks", MapsShowThem},
    {"the layout is right with blocks in it", TheLayoutHoldsThem},
    {"small blocks take few instructions", SmallOnesAreQuick},
};

}  // namespace

Group SharingTests() { return kTests; }

}  // namespace shared
