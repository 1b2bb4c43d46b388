#include "userspace/libatlas/shared/shared_heap.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <memory>
#include <random>
#include <string_view>
#include <thread>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/heap/object_fault.h"

namespace libatlas {
namespace {

constexpr size_t kChunk = SharedHeap::kChunkBytes;
constexpr size_t kHeader = 576;

// What the kernel has: who made what, and how many have it.
class Kernel {
 public:
  std::byte* Make(size_t bytes) {
    if (is_full) return nullptr;
    auto* const chunk = static_cast<std::byte*>(std::aligned_alloc(kChunk, bytes));
    std::memset(chunk, 0, bytes);
    sizes_[chunk] = bytes;
    return chunk;
  }
  void Free(std::byte* chunk) {
    sizes_.erase(chunk);
    std::free(chunk);
  }
  size_t BytesFrom(const std::byte* chunk) const {
    const auto found = sizes_.find(chunk);
    return found == sizes_.end() ? 0 : found->second;
  }
  // Which one a block is in; null when it is in none.
  std::byte* ChunkOf(const std::byte* block) const {
    const auto above = sizes_.upper_bound(block);
    if (above == sizes_.begin()) return nullptr;
    const auto& [chunk, bytes] = *std::prev(above);
    return block < chunk + bytes ? const_cast<std::byte*>(chunk) : nullptr;
  }
  size_t chunks() const { return sizes_.size(); }

  bool is_full = false;

 private:
  std::map<const std::byte*, size_t> sizes_;
};

// A process's part of it. What it made ends when it releases it: the others have no use here.
class Source final : public ChunkSource {
 public:
  explicit Source(Kernel& kernel) : kernel_(kernel) {}
  std::byte* Make(size_t bytes) override {
    std::byte* const chunk = kernel_.Make(bytes);
    if (chunk != nullptr) made_.push_back(chunk);
    return chunk;
  }
  void Release(std::byte* chunk) override {
    ++released;
    if (std::erase(made_, chunk) > 0) kernel_.Free(chunk);
  }
  size_t BytesFrom(const std::byte* chunk) override { return kernel_.BytesFrom(chunk); }
  bool MayUseCache() override { return true; }
  ~Source() {
    for (std::byte* const chunk : made_) kernel_.Free(chunk);
  }

  int released = 0;

 private:
  Kernel& kernel_;
  std::vector<std::byte*> made_;
};

std::vector<mm::ObjectFault> faults;
void Note(mm::ObjectFault fault, std::string_view, const void*) { faults.push_back(fault); }

struct Process {
  explicit Process(Kernel& kernel) : source(kernel) { faults.clear(); }

  std::byte* Allocate(size_t bytes) {
    return static_cast<std::byte*>(heap->Allocate(cache, bytes));
  }
  void Free(void* block) { heap->Free(cache, block); }
  std::byte* Reallocate(void* block, size_t bytes) {
    return static_cast<std::byte*>(heap->Reallocate(cache, block, bytes));
  }
  bool IsSound() { return heap->CheckInvariants(); }

  Source source;
  std::unique_ptr<SharedHeap> heap = std::make_unique<SharedHeap>(source, Note);
  SharedHeap::Cache cache;
};

TEST(SharedHeap, BlocksOfAllSizesAreApart) {
  Kernel kernel;
  Process process(kernel);
  struct Block {
    std::byte* bytes;
    size_t size;
  };
  std::vector<Block> blocks;
  for (size_t size = 0; size < 9000; size += 1 + size / 16) {
    for (int i = 0; i < 3; ++i) {
      std::byte* const bytes = process.Allocate(size);
      ASSERT_NE(bytes, nullptr);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(bytes) % SharedHeap::kAlignment, 0U);
      EXPECT_GE(process.heap->UsableSize(bytes), size);
      std::memset(bytes, static_cast<int>(blocks.size() % 251), size);
      blocks.push_back({bytes, size});
    }
    ASSERT_TRUE(process.IsSound()) << size;
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    EXPECT_TRUE(std::all_of(blocks[i].bytes, blocks[i].bytes + blocks[i].size,
                            [&](std::byte byte) { return byte == std::byte(i % 251); }));
  }
  for (const Block& block : blocks) process.Free(block.bytes);
  EXPECT_TRUE(process.IsSound());
  EXPECT_TRUE(faults.empty());
}

TEST(SharedHeap, LargeBlocksGoBackAtOnce) {
  Kernel kernel;
  Process process(kernel);
  std::byte* const block = process.Allocate(1 << 20);
  EXPECT_EQ(kernel.chunks(), 1U);
  block[(1 << 20) - 1] = std::byte{1};
  process.Free(block);
  EXPECT_EQ(kernel.chunks(), 0U);
  EXPECT_EQ(process.Allocate(~size_t{0}), nullptr);
  EXPECT_EQ(process.Allocate(~size_t{0} - kHeader), nullptr);
  EXPECT_TRUE(process.IsSound());
}

TEST(SharedHeap, ChunksThatNothingIsInServeOtherSizesAndGoBack) {
  Kernel kernel;
  Process process(kernel);
  std::vector<std::byte*> blocks;
  for (int i = 0; i < 200; ++i) blocks.push_back(process.Allocate(8000));
  const size_t most = kernel.chunks();
  EXPECT_GE(most, 200U / 8);
  for (std::byte* const block : blocks) process.Free(block);
  EXPECT_LE(kernel.chunks(), 10U);
  EXPECT_TRUE(process.IsSound());
  const size_t kept = kernel.chunks();
  for (int i = 0; i < 100; ++i) ASSERT_NE(process.Allocate(32), nullptr);
  EXPECT_EQ(kernel.chunks(), kept);
  EXPECT_TRUE(process.IsSound());
}

TEST(SharedHeap, ZeroesEvenWhatWasUsed) {
  Kernel kernel;
  Process process(kernel);
  for (const size_t size : {size_t{1}, size_t{500}, size_t{8112}, size_t{100000}}) {
    std::byte* const used = process.Allocate(size);
    std::memset(used, 0x5a, size);
    process.Free(used);
    const auto* const block =
        static_cast<std::byte*>(process.heap->AllocateZeroed(process.cache, size));
    EXPECT_TRUE(
        std::all_of(block, block + size, [](std::byte byte) { return byte == std::byte{0}; }));
  }
}

TEST(SharedHeap, GrowsAndShrinksWithWhatIsInIt) {
  Kernel kernel;
  Process process(kernel);
  std::byte* block = process.Reallocate(nullptr, 10);
  std::memcpy(block, "0123456789", 10);
  for (const size_t size : {12, 16, 17, 400, 9000, 200000, 300000, 5000, 64, 10}) {
    block = process.Reallocate(block, size);
    ASSERT_NE(block, nullptr);
    EXPECT_EQ(std::memcmp(block, "0123456789", 10), 0) << size;
    EXPECT_GE(process.heap->UsableSize(block), size);
    EXPECT_TRUE(process.IsSound()) << size;
  }
  std::byte* const same = process.Reallocate(block, 9);
  EXPECT_EQ(same, block);
  EXPECT_TRUE(faults.empty());
}

TEST(SharedHeap, WithoutMemoryThereIsNone) {
  Kernel kernel;
  Process process(kernel);
  std::byte* const block = process.Allocate(100);
  kernel.is_full = true;
  EXPECT_EQ(process.Allocate(200), nullptr);
  EXPECT_EQ(process.Allocate(100000), nullptr);
  EXPECT_EQ(process.Reallocate(block, 5000), nullptr);
  EXPECT_TRUE(process.IsSound());
  kernel.is_full = false;
  EXPECT_NE(process.Allocate(200), nullptr);
}

TEST(SharedHeap, WrongFreesAreNamed) {
  using enum mm::ObjectFault;
  struct Row {
    const char* name;
    void (*run)(Process& process);
    mm::ObjectFault fault;
  };
  constexpr Row kRows[] = {
      {"what was freed last",
       [](Process& process) {
         std::byte* const block = process.Allocate(64);
         process.Free(block);
         process.Free(block);
       },
       kDoubleFree},
      {"what was freed before",
       [](Process& process) {
         std::byte* const block = process.Allocate(64);
         std::byte* const other = process.Allocate(64);
         process.Free(other);
         process.Free(block);
         process.Free(block);
       },
       kDoubleFree},
      {"the same when nothing is kept",
       [](Process& process) {
         std::byte* const block = process.Allocate(64);
         std::byte* const other = process.Allocate(64);
         process.Free(other);
         process.Free(block);
         static_cast<void>(process.Allocate(64));
         process.Free(block);
       },
       kDoubleFree},
      {"inside", [](Process& process) { process.Free(process.Allocate(64) + 16); }, kInterior},
      {"the header",
       [](Process& process) {
         const auto block = reinterpret_cast<uintptr_t>(process.Allocate(64));
         process.Free(reinterpret_cast<void*>(block | (kChunk - 16)));
       },
       kInterior},
      {"inside a large one", [](Process& process) { process.Free(process.Allocate(1 << 20) + 16); },
       kInterior},
      {"no chunk", [](Process& process) { process.Free(&process); }, kForeign},
  };
  for (const Row& row : kRows) {
    Kernel kernel;
    Process process(kernel);
    row.run(process);
    EXPECT_EQ(faults, std::vector{row.fault}) << row.name;
    EXPECT_TRUE(process.IsSound()) << row.name;
  }
}

// A receiver frees what it was sent; the owner has it again.
TEST(SharedHeap, OthersFree) {
  Kernel kernel;
  Process owner(kernel);
  Process other(kernel);
  std::vector<std::byte*> blocks;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 100; ++i) {
      blocks.push_back(owner.Allocate(1000));
      ASSERT_NE(blocks.back(), nullptr);
    }
    for (std::byte* const block : blocks) other.Free(block);
    blocks.clear();
    ASSERT_TRUE(owner.IsSound());
  }
  EXPECT_LE(kernel.chunks(), 8U);
  EXPECT_TRUE(faults.empty());
}

TEST(SharedHeap, OthersFreeLargeBlocks) {
  Kernel kernel;
  Process owner(kernel);
  Process other(kernel);
  std::byte* const block = owner.Allocate(100000);
  other.Free(block);
  EXPECT_EQ(other.source.released, 1);
  EXPECT_EQ(owner.Allocate(90000), block);
  EXPECT_NE(owner.Allocate(90000), block);
  EXPECT_EQ(kernel.chunks(), 2U);
  EXPECT_TRUE(owner.IsSound());
}

TEST(SharedHeap, OthersResize) {
  Kernel kernel;
  Process owner(kernel);
  Process other(kernel);
  std::byte* const block = owner.Allocate(100);
  std::memcpy(block, "0123456789", 10);
  std::byte* const moved = other.Reallocate(block, 200);
  ASSERT_NE(moved, nullptr);
  EXPECT_EQ(std::memcmp(moved, "0123456789", 10), 0);
  EXPECT_EQ(owner.heap->UsableSize(moved), 0U);
  EXPECT_GE(other.heap->UsableSize(moved), 200U);
}

// Others write where chunks end whatever they like, most of all that blocks are free. Their owner
// frees each once, and has it so long.
TEST(SharedHeap, WhatOthersWriteDoesNoHarm) {
  Kernel kernel;
  Process owner(kernel);
  std::minstd_rand random(7);
  std::vector<std::byte*> held;
  const auto lie = [&](std::byte* chunk) {
    std::byte* const header = chunk + kernel.BytesFrom(chunk) - kHeader;
    const std::byte mask{static_cast<unsigned char>(random() % 2 == 0 ? 0xff : 0)};
    for (size_t at = 0; at < kHeader; ++at) {
      header[at] = std::byte(random() % 256) | mask;
    }
  };
  for (int step = 0; step < 30'000; ++step) {
    if (held.size() < 100 || (held.size() < 2000 && random() % 2 == 0)) {
      const size_t size = random() % 50 == 0 ? random() % 300'000 : random() % 4000;
      held.push_back(owner.Allocate(size));
      ASSERT_NE(held.back(), nullptr);
    } else {
      std::byte*& block = held[random() % held.size()];
      // Where nothing is any more, this ends the test.
      ASSERT_NE(kernel.ChunkOf(block), nullptr) << step;
      *static_cast<volatile std::byte*>(block) = std::byte{1};
      owner.Free(block);
      ASSERT_TRUE(faults.empty()) << step;
      block = held.back();
      held.pop_back();
    }
    if (step % 20 == 0) lie(kernel.ChunkOf(held[random() % held.size()]));
    if (step % 500 == 0) ASSERT_TRUE(owner.IsSound()) << step;
  }
  for (std::byte* const block : held) owner.Free(block);
  EXPECT_TRUE(owner.IsSound());
  EXPECT_TRUE(faults.empty());
}

TEST(SharedHeap, AChildOwnsNothing) {
  Kernel kernel;
  Process process(kernel);
  std::byte* const block = process.Allocate(64);
  process.Free(process.Allocate(64));
  process.heap->AcquireForFork();
  process.heap->ReleaseInChild(process.cache);
  EXPECT_TRUE(process.IsSound());
  EXPECT_EQ(process.heap->UsableSize(block), 0U);
  process.Free(block);
  EXPECT_TRUE(faults.empty());
  std::byte* const own = process.Allocate(64);
  EXPECT_NE(reinterpret_cast<uintptr_t>(own) / kChunk, reinterpret_cast<uintptr_t>(block) / kChunk);
}

TEST(SharedHeap, ThreadsHaveTheirOwn) {
  constexpr int kThreads = 4;
  Kernel kernel;
  Process process(kernel);
  std::vector<std::thread> threads;
  for (int number = 0; number < kThreads; ++number) {
    threads.emplace_back([&process, number] {
      SharedHeap::Cache cache;
      std::minstd_rand random(static_cast<unsigned>(number) + 1);
      std::vector<std::byte*> blocks(200);
      for (int i = 0; i < 20000; ++i) {
        std::byte*& block = blocks[random() % blocks.size()];
        if (block != nullptr) {
          EXPECT_EQ(block[0], std::byte(number));
          process.heap->Free(cache, block);
        }
        block = static_cast<std::byte*>(process.heap->Allocate(cache, 1 + random() % 500));
        block[0] = std::byte(number);
      }
      for (std::byte* const block : blocks) process.heap->Free(cache, block);
      process.heap->Empty(cache);
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(process.IsSound());
  EXPECT_TRUE(faults.empty());
}

}  // namespace
}  // namespace libatlas
