// The heap of a program (userspace/libatlas) as a program sees it. Sizes are small enough for the
// smallest layout.
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <span>

#include "userspace/support/test.h"

namespace {

using support::Expect;
using support::ExpectEqual;
using support::Require;

constexpr size_t kPage = 4096;

// The compiler may leave out a malloc whose block is only freed: it is not shown that one is.
void* Hide(void* block) {
  asm volatile("" : "+r"(block) : : "memory");
  return block;
}
void* Allocate(size_t bytes) { return Hide(malloc(bytes)); }
void Free(void* block) { free(Hide(block)); }

uintptr_t Break() { return static_cast<uintptr_t>(syscall(SYS_brk, 0)); }

size_t ResidentBytes(uintptr_t first, uintptr_t end) {
  size_t bytes = 0;
  for (uintptr_t page = first & ~(kPage - 1); page < end; page += kPage) {
    unsigned char is_resident = 0;
    if (mincore(reinterpret_cast<void*>(page), kPage, &is_resident) == 0 && is_resident != 0) {
      bytes += kPage;
    }
  }
  return bytes;
}

bool HoldsOnly(const std::byte* bytes, size_t count, std::byte value) {
  for (size_t i = 0; i < count; ++i) {
    if (bytes[i] != value) return false;
  }
  return true;
}

void ExpectAligned(const void* block, size_t alignment) {
  ExpectEqual(static_cast<int64_t>(reinterpret_cast<uintptr_t>(block) % alignment), 0, "alignment");
}

void BlocksOfAllSizes() {
  struct Block {
    std::byte* base;
    size_t bytes;
  };
  static std::array<Block, 400> blocks;
  for (size_t i = 0; i < blocks.size(); ++i) {
    const size_t bytes = i < 300 ? i * 7 : i * 100;
    auto* const base = static_cast<std::byte*>(Allocate(bytes));
    Require(base != nullptr, "there is memory");
    ExpectAligned(base, alignof(max_align_t));
    Expect(malloc_usable_size(base) >= bytes, "as large as it was asked for");
    blocks[i] = {base, malloc_usable_size(base)};
    std::memset(base, static_cast<int>(i), blocks[i].bytes);
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    Expect(HoldsOnly(blocks[i].base, blocks[i].bytes, std::byte(i)), "nobody else's");
    Free(blocks[i].base);
  }
}

void BlocksGrow() {
  constexpr std::byte kContents{0x31};
  auto* block = static_cast<std::byte*>(Allocate(1));
  block[0] = kContents;
  for (size_t bytes = 1; bytes < 300'000;) {
    const size_t more = bytes + bytes / 2 + 1;
    block = static_cast<std::byte*>(realloc(block, more));
    Require(block != nullptr, "there is memory");
    Expect(HoldsOnly(block, bytes, kContents), "contents go along");
    std::memset(block, static_cast<int>(kContents), more);
    bytes = more;
  }
  block = static_cast<std::byte*>(realloc(block, 10));
  Expect(HoldsOnly(block, 10, kContents), "also when it shrinks");
  Free(block);
  auto* const zeros = static_cast<std::byte*>(calloc(1000, 100));
  Expect(HoldsOnly(zeros, 100'000, std::byte{0}), "calloc");
  Free(zeros);
  void* const aligned = aligned_alloc(2 * kPage, 10);
  ExpectAligned(aligned, 2 * kPage);
  Free(aligned);
}

// How a process ends that does this: the signal, or 0; and what it says on its error output.
struct Ending {
  int signal;
  std::array<char, 200> said;
};
template <class Work>
Ending EndingOf(Work work) {
  Ending ending{};
  int ends[2];
  Require(pipe(ends) == 0, "a pipe");
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    work();
    _exit(0);
  }
  close(ends[1]);
  size_t length = 0;
  while (length + 1 < ending.said.size()) {
    const ssize_t more =
        read(ends[0], ending.said.data() + length, ending.said.size() - 1 - length);
    if (more <= 0) break;
    length += static_cast<size_t>(more);
  }
  close(ends[0]);
  int status = 0;
  Require(waitpid(child, &status, 0) == child, "waitpid");
  ending.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
  return ending;
}

void FreeSome(size_t bytes) {
  std::array<void*, 40> blocks{};
  for (void*& block : blocks) block = Allocate(bytes);
  for (void* const block : blocks) Free(block);
}

// What is about to be told of.
void* Wrong(void* block) {
  dprintf(STDERR_FILENO, "%p\n", block);
  return Hide(block);
}
std::byte* Small() { return static_cast<std::byte*>(Allocate(100)); }
std::byte* Large() { return static_cast<std::byte*>(Allocate(100'000)); }
std::byte* Freed(std::byte* block) {
  Free(block);
  return block;
}

void FreeTwice() { Free(Wrong(Freed(Small()))); }
void FreeTwiceWithOthersBetween() {
  std::byte* const block = Freed(Small());
  FreeSome(200);
  Free(Wrong(block));
  FreeSome(200);
}
void FreeInside() { Free(Wrong(Small() + 16)); }
void FreeUnaligned() { Free(Wrong(Small() + 1)); }
void FreeLocal() {
  int local = 0;
  Free(Wrong(&local));
}
void FreeStatic() {
  static int variable = 0;
  Free(Wrong(&variable));
}
void FreeUnmapped() { Free(Wrong(reinterpret_cast<void*>(16))); }
void FreeBehindAll() { Free(Wrong(reinterpret_cast<void*>(Break() + kPage))); }
void FreeMapping() {
  Free(Wrong(mmap(nullptr, kPage, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)));
}
void FreeLargeTwice() { Free(Wrong(Freed(Large()))); }
void FreeInsideLarge() { Free(Wrong(Large() + kPage)); }
void ResizeInside() { Hide(realloc(Wrong(Small() + 16), 90)); }
void ResizeFreed() { Hide(realloc(Wrong(Freed(Small())), 90)); }
void ResizeInsideLarge() { Hide(realloc(Wrong(Large() + kPage), 200'000)); }

struct Mistake {
  const char* name;
  void (*make)();
  const char* told;
};
constexpr auto kNoBlock = "no block begins here";
constexpr auto kInside = "inside a block";
constexpr auto kTwice = "double free";
constexpr auto kMistakes = std::to_array<Mistake>({
    {"twice", FreeTwice, kTwice},
    {"twice, others between", FreeTwiceWithOthersBetween, kTwice},
    {"inside a block", FreeInside, kInside},
    {"not aligned", FreeUnaligned, kInside},
    {"on the stack", FreeLocal, kNoBlock},
    {"a variable", FreeStatic, kNoBlock},
    {"where nothing is", FreeUnmapped, kNoBlock},
    {"behind the heap", FreeBehindAll, kNoBlock},
    {"a mapping", FreeMapping, kNoBlock},
    {"a large block twice", FreeLargeTwice, kNoBlock},
    {"inside a large block", FreeInsideLarge, kNoBlock},
    {"realloc inside a block", ResizeInside, kInside},
    {"realloc of what is free", ResizeFreed, kTwice},
    {"realloc inside a large block", ResizeInsideLarge, kNoBlock},
});

void WrongFreesEndTheProgram() {
  for (const Mistake& mistake : kMistakes) {
    const Ending ending = EndingOf(mistake.make);
    ExpectEqual(ending.signal, SIGABRT, mistake.name);
    const char* const end_of_line = std::strchr(ending.said.data(), '\n');
    Require(end_of_line != nullptr, mistake.name);
    std::array<char, 200> expected{};
    std::snprintf(expected.data(), expected.size(), "heap: free of %.*s: %s\n",
                  static_cast<int>(end_of_line - ending.said.data()), ending.said.data(),
                  mistake.told);
    Expect(std::strcmp(end_of_line + 1, expected.data()) == 0, mistake.name);
  }
}

void ExpectNoBlock(void* block, int error, const char* what) {
  Expect(block == nullptr, what);
  ExpectEqual(errno, error, what);
  errno = 0;
}

void OddArguments() {
  errno = 0;
  for (const size_t alignment : {size_t{0}, size_t{3}, size_t{24}, SIZE_MAX}) {
    ExpectNoBlock(Hide(aligned_alloc(alignment, 10)), EINVAL, "an alignment that is none");
  }
  // The compiler knows what cannot be.
  const volatile size_t half = SIZE_MAX / 2 + 1;
  ExpectNoBlock(Hide(aligned_alloc(half, 10)), ENOMEM, "an alignment that nothing has");
  ExpectNoBlock(Hide(aligned_alloc(64, SIZE_MAX - 10)), ENOMEM, "aligned, of all bytes");
  ExpectNoBlock(Hide(calloc(SIZE_MAX / 2, 3)), ENOMEM, "a product of too many bytes");
  for (const size_t bytes : {size_t{0}, size_t{1}, size_t{100}, size_t{5000}}) {
    for (size_t alignment = 1; alignment <= 16 * kPage; alignment *= 4) {
      void* const block = aligned_alloc(alignment, bytes);
      Require(block != nullptr, "any size with any alignment");
      ExpectAligned(block, alignment);
      Expect(malloc_usable_size(block) >= bytes, "all of it");
      Free(block);
    }
  }
  void* block = &errno;
  for (const size_t alignment : {size_t{0}, sizeof(void*) / 2, 3 * sizeof(void*)}) {
    ExpectEqual(posix_memalign(&block, alignment, 10), EINVAL, "an alignment that is none");
  }
  ExpectEqual(posix_memalign(&block, kPage, PTRDIFF_MAX), ENOMEM, "more than there can be");
  Expect(block == &errno && errno == 0, "nothing else has changed");
  void* const first = Allocate(0);
  void* const second = Allocate(0);
  Expect(first != nullptr && second != nullptr && first != second, "blocks of no bytes");
  ExpectNoBlock(Hide(realloc(first, PTRDIFF_MAX)), ENOMEM, "realloc to too many bytes");
  Free(first);
  Free(second);
  Free(nullptr);
  ExpectEqual(static_cast<int64_t>(malloc_usable_size(nullptr)), 0, "what null has");
}

void MemoryGoesBack() {
  constexpr size_t kTotal = 1'500'000;
  static std::array<void*, kTotal / 500> blocks;
  FreeSome(100);
  const uintptr_t before = Break();
  for (const size_t bytes : {size_t{500}, size_t{5000}, size_t{50'000}}) {
    const std::span<void*> all(blocks.data(), kTotal / bytes);
    for (void*& block : all) {
      block = Allocate(bytes);
      Require(block != nullptr, "there is memory");
      std::memset(block, 1, bytes);
    }
    Expect(Break() - before >= kTotal / 2, "it comes from the break");
    Expect(ResidentBytes(before, Break()) >= kTotal / 2, "written to");
    for (void* const block : all) Free(block);
    Expect(ResidentBytes(before, Break()) <= kTotal / 3, "and goes back");
  }
}

void BreakMayBeMoved() {
  Free(Allocate(100));
  const uintptr_t mine = Break();
  Require(static_cast<uintptr_t>(syscall(SYS_brk, mine + kPage)) == mine + kPage, "brk");
  constexpr std::byte kContents{0x5a};
  auto* const page = reinterpret_cast<std::byte*>(mine);
  std::memset(page, static_cast<int>(kContents), kPage);
  constexpr size_t kBytes = 100'000;
  for (int i = 0; i < 20; ++i) {
    if (void* const block = Allocate(kBytes)) std::memset(block, 0, kBytes);
  }
  Expect(HoldsOnly(page, kPage, kContents), "who moves it has what is there");
}

void NoMemory() {
  errno = 0;
  Expect(Allocate(PTRDIFF_MAX) == nullptr, "more than there can be");
  ExpectEqual(errno, ENOMEM, "errno");
  const rlimit limit = {.rlim_cur = 0, .rlim_max = 0};
  Require(setrlimit(RLIMIT_DATA, &limit) == 0, "setrlimit");
  constexpr size_t kBytes = 3000;
  static std::array<void*, 1000> blocks;
  size_t count = 0;
  errno = 0;
  while (count < blocks.size() && (blocks[count] = Allocate(kBytes)) != nullptr) ++count;
  Require(count < blocks.size(), "no more than the limit");
  ExpectEqual(errno, ENOMEM, "errno");
  for (size_t i = 0; i < count; ++i) Free(blocks[i]);
  for (size_t i = 0; i < count; ++i) {
    Expect(Allocate(kBytes) != nullptr, "what was freed is there again");
  }
}

// Each thread frees what others have allocated.
constexpr size_t kThreads = 4;
std::array<std::atomic<void*>, 256> slots;

void* PassBlocks(void* first_slot) {
  const auto first = reinterpret_cast<uintptr_t>(first_slot);
  for (size_t i = 0; i < 5000; ++i) {
    const size_t bytes = 16 + i * 37 % 2000;
    void* const block = Allocate(bytes);
    if (block == nullptr) return &slots;
    std::memset(block, static_cast<int>(i), bytes);
    Free(slots[(first + i) % slots.size()].exchange(block));
  }
  return nullptr;
}

void ThreadsPassBlocks() {
  std::array<pthread_t, kThreads> threads{};
  for (size_t i = 0; i < kThreads; ++i) {
    void* const first_slot = reinterpret_cast<void*>(i * slots.size() / kThreads);
    Require(pthread_create(&threads[i], nullptr, PassBlocks, first_slot) == 0, "pthread_create");
  }
  for (const pthread_t thread : threads) {
    void* failed = nullptr;
    pthread_join(thread, &failed);
    Expect(failed == nullptr, "there is memory");
  }
  for (std::atomic<void*>& slot : slots) Free(slot.exchange(nullptr));
}

std::atomic<bool> is_over = false;
void* AllocateAndFree(void*) {
  while (!is_over) FreeSome(300);
  return nullptr;
}

void ForksWhileThreadsAllocate() {
  pthread_t thread{};
  Require(pthread_create(&thread, nullptr, AllocateAndFree, nullptr) == 0, "pthread_create");
  for (int i = 0; i < 20; ++i) {
    const Ending ending = EndingOf([] {
      FreeSome(300);
      FreeSome(5000);
    });
    ExpectEqual(ending.signal, 0, "the child has a heap");
  }
  is_over = true;
  pthread_join(thread, nullptr);
}

constexpr auto kTests = std::to_array<support::Test>({
    {"heap: blocks of all sizes", BlocksOfAllSizes},
    {"heap: blocks grow", BlocksGrow},
    {"heap: wrong frees end the program", WrongFreesEndTheProgram},
    {"heap: odd arguments", OddArguments},
    {"heap: memory goes back", MemoryGoesBack},
    {"heap: the break may be moved", BreakMayBeMoved},
    {"heap: no memory", NoMemory},
    {"heap: threads pass blocks", ThreadsPassBlocks},
    {"heap: forks while threads allocate", ForksWhileThreadsAllocate},
});

}  // namespace

int main(int argc, char** argv) {
  const std::span<const support::Test> groups[] = {kTests};
  return support::RunTests(argc, argv, groups);
}
