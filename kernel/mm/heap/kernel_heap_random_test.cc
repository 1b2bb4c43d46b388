// Random operations on a heap, beside a list of what ought to be there; and processors that free
// each other's blocks.
#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <new>
#include <random>
#include <span>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/heap/slab_test_memory.h"
#include "kernel/mm/test_pages.h"
#include "kernel/mm/test_seed.h"
#include "kernel/sync/cpu.h"

namespace mm {
namespace {

constexpr size_t kPages = 1024;

struct Aligned {
  void operator()(std::byte* memory) const { ::operator delete[](memory, kAlignment); }
  static constexpr std::align_val_t kAlignment{kMaxSlabBytes};
};

// 4 MiB, and a heap that stops the test at any fault.
struct Machine {
  std::unique_ptr<std::byte[], Aligned> memory{new (Aligned::kAlignment)
                                                   std::byte[kPages * kPageSize]};
  TestPages pages{std::span(memory.get(), kPages* kPageSize)};
  std::vector<FrameDescriptor> descriptors = std::vector<FrameDescriptor>(kPages);
  FrameTable frames{descriptors, {0}, {.first = {0}, .pages = {kPages}, .base = memory.get()}};
  SlabDepot depot{pages, frames};
  TestLargeBlocks large{pages};
  std::unique_ptr<KernelHeap> heap = std::make_unique<KernelHeap>(depot, large);
};

struct Block {
  unsigned char* bytes = nullptr;
  size_t size = 0;
  unsigned char mark = 0;  // every byte of it

  void Mark(unsigned char value) {
    mark = value;
    std::memset(bytes, value, size);
  }
  [[nodiscard]] bool IsKept(size_t count) const {
    for (size_t i = 0; i < count; ++i) {
      if (bytes[i] != mark) return false;
    }
    return true;
  }
};

// Printed, so that a failure can be repeated.
std::mt19937::result_type Seed() {
  const uint64_t seed = TestSeed();
  std::printf("ATLAS_TEST_SEED=%#llx\n", static_cast<unsigned long long>(seed));
  return static_cast<std::mt19937::result_type>(seed);
}

// Sizes of all magnitudes alike.
size_t RandomSize(std::mt19937& random, unsigned max_log2) {
  const size_t top = size_t{1} << (random() % (max_log2 + 1));
  return top + random() % top;
}

TEST(KernelHeapRandom, BehavesLikeAListOfBlocks) {
  Machine machine;
  KernelHeap& heap = *machine.heap;
  std::mt19937 random(Seed());
  std::vector<Block> blocks;
  for (int step = 0; step < 6000; ++step) {
    const size_t size = RandomSize(random, 13);
    const auto mark = static_cast<unsigned char>(step);
    // Now and then memory ends for a while.
    if (step % 100 == 0) machine.pages.FailAfter(random() % 4);
    if (step % 100 == 30) machine.pages.FailNothing();
    const unsigned choice = random() % 100;
    if (blocks.empty() || (choice < 45 && blocks.size() < 500)) {
      const size_t alignment = choice < 10 ? size_t{1} << (random() % 13) : 1;
      const auto result = choice < 10 ? heap.AllocateAligned(size, alignment) : heap.Allocate(size);
      if (!result) continue;
      ASSERT_EQ(reinterpret_cast<uintptr_t>(*result) % alignment, 0U);
      blocks.push_back({static_cast<unsigned char*>(*result), size});
      ASSERT_GE(heap.UsableSize(*result), size);
      blocks.back().Mark(mark);
    } else {
      Block& block = blocks[random() % blocks.size()];
      ASSERT_TRUE(block.IsKept(block.size));
      if (choice < 60) {
        const auto result = heap.Reallocate(block.bytes, size);
        if (!result) continue;
        block.bytes = static_cast<unsigned char*>(*result);
        ASSERT_TRUE(block.IsKept(std::min(size, block.size)));
        block.size = size;
        block.Mark(mark);
      } else {
        heap.Free(block.bytes);
        block = blocks.back();
        blocks.pop_back();
      }
    }
    if (step % 500 == 0) {
      ASSERT_TRUE(heap.CheckInvariants().has_value());
      heap.Shrink();
      ASSERT_TRUE(heap.CheckInvariants().has_value());
    }
  }
  machine.pages.FailNothing();
  for (const Block& block : blocks) {
    EXPECT_TRUE(block.IsKept(block.size));
    heap.Free(block.bytes);
  }
  heap.Shrink();
  machine.heap.reset();
  EXPECT_EQ(machine.pages.pages_in_use(), 0U);
}

// Each processor takes blocks and leaves them where any other picks them up and frees them.
TEST(KernelHeapThreads, BlocksTravelBetweenProcessors) {
  constexpr unsigned kProcessors = 4;
  constexpr int kSteps = 3000;
  Machine machine;
  KernelHeap& heap = *machine.heap;
  std::array<std::atomic<unsigned char*>, 64> table{};
  std::atomic<int> damaged = 0;
  const auto seed = Seed();
  const auto work = [&](unsigned index) {
    const locking::ThreadAsCpu cpu(index);
    std::mt19937 random(seed + index);
    for (int step = 0; step < kSteps; ++step) {
      const size_t size = RandomSize(random, 10);
      const auto result = heap.Allocate(size);
      if (!result) continue;
      auto* const mine = static_cast<unsigned char*>(*result);
      std::memset(mine, static_cast<int>(index) + 1, size);
      unsigned char* const found = table[random() % table.size()].exchange(mine);
      if (found != nullptr) {
        if (found[0] == 0 || found[0] > kProcessors) ++damaged;
        heap.Free(found);
      }
      if (step % 256 == 0) heap.Shrink();
      if (step % 300 == 0) {
        machine.depot.ForEachCache([&](const SlabCache& cache) {
          const SlabStatistics statistics = cache.Statistics();
          if (statistics.allocated > statistics.objects) ++damaged;
        });
      }
    }
    heap.Shrink();
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < kProcessors; ++i) threads.emplace_back(work, i);
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(damaged.load(), 0);
  EXPECT_TRUE(heap.CheckInvariants().has_value());
  for (auto& slot : table) heap.Free(slot.load());
  heap.Shrink();
  machine.heap.reset();
  EXPECT_EQ(machine.pages.pages_in_use(), 0U);
}

using ObjectFaultDeathTest = testing::Test;

// What the kernel does when nobody asked for anything else.
TEST(ObjectFaultDeathTest, AFaultStopsTheSystemAndSaysWhich) {
  Machine machine;
  SlabCache cache(machine.depot, {.name = "victim", .object_bytes = 64});
  void* const object = *cache.Allocate();
  const auto free_twice = [&] {
    cache.Free(object);
    cache.Free(object);
    cache.Shrink();
  };
  EXPECT_DEATH(free_twice(), "double free");
  int outside = 0;
  EXPECT_DEATH(machine.heap->Free(&outside), "no object of a slab cache");
  cache.Free(object);
}

TEST(ObjectFaultDeathTest, ACacheOutlivesItsObjects) {
  Machine machine;
  const auto forget = [&] {
    SlabCache cache(machine.depot, {.name = "leaky", .object_bytes = 64});
    EXPECT_TRUE(cache.Allocate().has_value());
  };
  EXPECT_DEATH(forget(), "slabs_ == 0");
}

}  // namespace
}  // namespace mm
