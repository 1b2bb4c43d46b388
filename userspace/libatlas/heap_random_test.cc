// Random operations on a heap beside a list of what ought to be there; memory ends now and then.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <memory>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/test_seed.h"
#include "userspace/libatlas/fault_message.h"
#include "userspace/libatlas/heap.h"
#include "userspace/libatlas/test_region.h"

namespace libatlas {
namespace {

struct Block {
  unsigned char* bytes;
  size_t size;
  unsigned char mark;  // every byte of it

  void Mark(unsigned char value) {
    mark = value;
    std::memset(bytes, value, size);
  }
  [[nodiscard]] bool IsKept(size_t count) const {
    return std::all_of(bytes, bytes + count, [this](unsigned char byte) { return byte == mark; });
  }
};

TEST(HeapRandom, BehavesLikeAListOfBlocks) {
  const uint64_t seed = mm::TestSeed();
  std::printf("ATLAS_TEST_SEED=%#llx\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  TestRegion region({4096});
  const auto heap = std::make_unique<Heap>();
  heap->Start(region, random(), StopProgram);
  ThreadCache* cache = nullptr;
  std::vector<Block> blocks;
  for (int step = 0; step < 60'000; ++step) {
    const size_t top = size_t{1} << random() % 17;
    const size_t size = top + random() % top;
    const auto mark = static_cast<unsigned char>(step);
    if (step % 1000 == 0) region.FailAfter(random() % 3);
    if (step % 1000 == 300) region.FailNothing();
    if (step % 5000 == 1000) {
      if (cache != nullptr) heap->DropCache(*cache);
      cache = heap->MakeCache().value_or(nullptr);
    }
    const unsigned choice = random() % 100;
    if (blocks.empty() || (choice < 45 && blocks.size() < 400)) {
      const size_t alignment = size_t{1} << random() % 14;
      const bool zeroed = choice < 5;
      const auto made = zeroed        ? heap->AllocateZeroed(cache, size)
                        : choice < 10 ? heap->AllocateAligned(cache, alignment, size)
                                      : heap->Allocate(cache, size);
      if (!made) continue;
      Block block{static_cast<unsigned char*>(*made), size, 0};
      if (zeroed) ASSERT_TRUE(block.IsKept(size));
      if (choice >= 5 && choice < 10) {
        ASSERT_EQ(reinterpret_cast<uintptr_t>(*made) % alignment, 0U);
      }
      ASSERT_GE(heap->UsableSize(*made), size);
      block.Mark(mark);
      blocks.push_back(block);
    } else {
      Block& block = blocks[random() % blocks.size()];
      ASSERT_TRUE(block.IsKept(block.size));
      if (choice < 60) {
        const auto made = heap->Reallocate(cache, block.bytes, size);
        if (!made) continue;
        block.bytes = static_cast<unsigned char*>(*made);
        ASSERT_TRUE(block.IsKept(std::min(size, block.size)));
        block.size = size;
        block.Mark(mark);
      } else {
        heap->Free(cache, block.bytes);
        block = blocks.back();
        blocks.pop_back();
      }
    }
    if (step % 100 == 0) ASSERT_TRUE(heap->CheckInvariants().has_value());
    if (step % 10'000 == 0) heap->Shrink(cache);
  }
  for (const Block& block : blocks) heap->Free(cache, block.bytes);
  ASSERT_TRUE(heap->CheckInvariants().has_value());
  if (cache != nullptr) heap->DropCache(*cache);
  heap->Shrink(nullptr);
  ASSERT_TRUE(heap->CheckInvariants().has_value());
  EXPECT_LE(heap->pages().pages_in_use().value, 1U);
}

}  // namespace
}  // namespace libatlas
