// The program's heap: threads that give blocks to each other and end, forks, and what is said of a
// program that frees what it must not.
#include "userspace/libatlas/program_heap.h"

#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

#include "gtest/gtest.h"

namespace libatlas::program_heap {
namespace {

void* Allocate(size_t bytes) { return heap.Allocate(Cache(), bytes).value_or(nullptr); }

// Threads take blocks out of places that they share, look whether they are as somebody left them,
// free them and put others there.
struct Exchange {
  static constexpr size_t kPlaces = 512;
  std::array<std::atomic<size_t*>, kPlaces> places{};

  void Work(unsigned seed, int rounds) {
    std::minstd_rand random(seed);
    for (int round = 0; round < rounds; ++round) {
      const size_t words = 2 + random() % (round % 64 == 0 ? 4000 : 100);
      auto* const block = static_cast<size_t*>(Allocate(words * sizeof(size_t)));
      ASSERT_NE(block, nullptr);
      block[0] = words;
      block[words - 1] = words;
      Take(random() % kPlaces, block);
    }
  }
  void Take(size_t place, size_t* block) {
    size_t* const before = places[place].exchange(block, std::memory_order_acq_rel);
    if (before == nullptr) return;
    ASSERT_EQ(before[before[0] - 1], before[0]);
    Free(before);
  }
  void Empty() {
    for (size_t place = 0; place < kPlaces; ++place) Take(place, nullptr);
  }
};

void WorkInThreads(Exchange& exchange, unsigned threads, int rounds) {
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < threads; ++i) {
    workers.emplace_back([&exchange, i, rounds] { exchange.Work(i + 1, rounds); });
  }
  for (std::thread& worker : workers) worker.join();
}

TEST(ProgramHeap, ThreadsExchangeBlocks) {
  Exchange exchange;
  WorkInThreads(exchange, 8, 5000);
  exchange.Empty();
  EXPECT_TRUE(heap.CheckInvariants().has_value());
}

// What they had at hand is not lost.
TEST(ProgramHeap, ThreadsThatEndLeaveNothing) {
  Exchange exchange;
  uint64_t most = 0;
  for (int round = 0; round < 40; ++round) {
    WorkInThreads(exchange, 4, 300);
    exchange.Empty();
    heap.Shrink(thread_cache);
    const uint64_t pages = heap.pages().pages_in_use().value;
    if (round == 5) most = pages;
    if (round > 5) EXPECT_LE(pages, most + 8);
  }
  EXPECT_TRUE(heap.CheckInvariants().has_value());
}

// A destructor of thread-local data that runs late still has a heap.
TEST(ProgramHeap, BlocksAfterTheThreadsCache) {
  static std::atomic<int> frees = 0;
  struct Late {
    void* block = nullptr;
    ~Late() {
      Free(block);
      Free(Allocate(40));
      ++frees;
    }
  };
  std::thread([] {
    static thread_local Late late;
    late.block = Allocate(100);
  }).join();
  EXPECT_EQ(frees, 1);
  EXPECT_TRUE(heap.CheckInvariants().has_value());
}

// While other threads are anywhere in the heap.
TEST(ProgramHeap, ForkedChildrenHaveAHeap) {
  Exchange exchange;
  std::atomic<bool> stop = false;
  std::vector<std::thread> workers;
  for (unsigned i = 0; i < 3; ++i) {
    workers.emplace_back([&, i] {
      while (!stop) exchange.Work(i + 1, 50);
    });
  }
  int sound = 0;
  constexpr int kForks = 50;
  for (int i = 0; i < kForks; ++i) {
    BeforeFork();
    const pid_t child = fork();
    AfterFork();
    if (child == 0) {
      for (int k = 0; k < 2000; ++k) {
        void* const block = Allocate(16 + k % 3000);
        if (block == nullptr) _exit(1);
        std::memset(block, 1, 16);
        Free(block);
      }
      Free(Allocate(100'000));
      _exit(heap.CheckInvariants().has_value() ? 0 : 2);
    }
    int status = 0;
    waitpid(child, &status, 0);
    sound += WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 1 : 0;
  }
  stop = true;
  for (std::thread& worker : workers) worker.join();
  exchange.Empty();
  EXPECT_EQ(sound, kForks);
}

void FreeSome() {
  for (int i = 0; i < 10; ++i) Free(Allocate(64));
}

TEST(ProgramHeapDeathTest, FreesThatAreMistakes) {
  EXPECT_DEATH(
      {
        void* const block = Allocate(64);
        Free(block);
        Free(block);
        FreeSome();
      },
      "heap: free of 0x[0-9a-f]+: double free");
  EXPECT_DEATH(Free(static_cast<std::byte*>(Allocate(64)) + 16),
               "heap: free of 0x[0-9a-f]+: inside a block");
  EXPECT_DEATH(Free(static_cast<std::byte*>(Allocate(64)) + 1),
               "heap: free of 0x[0-9a-f]+: inside a block");
  EXPECT_DEATH(
      {
        int on_stack = 0;
        Free(&on_stack);
      },
      "heap: free of 0x[0-9a-f]+: no block begins here");
  EXPECT_DEATH(
      {
        void* const block = Allocate(100'000);
        Free(block);
        Free(block);
      },
      "heap: free of 0x[0-9a-f]+: no block begins here");
  EXPECT_DEATH(Free(reinterpret_cast<void*>(16)), "heap: free of 0x10: no block begins here");
}

}  // namespace
}  // namespace libatlas::program_heap
