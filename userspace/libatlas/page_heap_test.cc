// Runs of pages: where they lie, what becomes of free ones, and what the system gets back.
#include "userspace/libatlas/page_heap.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <random>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/test_seed.h"
#include "userspace/libatlas/test_region.h"

namespace libatlas {
namespace {

constexpr mm::PageCount kOne{1};

struct World {
  World() = default;
  explicit World(const TestRegion::Gap& gap) : region({2048}, gap) {}

  TestRegion region{{2048}};
  PageHeap heap{region};

  void* Block(uint64_t pages, uint64_t alignment = 1) {
    const auto block = heap.AllocateBlock({pages}, {alignment});
    EXPECT_TRUE(heap.CheckInvariants().has_value());
    return block ? block->base : nullptr;
  }
  void Free(void* block) {
    EXPECT_TRUE(heap.FreeBlock(block).has_value());
    EXPECT_TRUE(heap.CheckInvariants().has_value());
  }
  [[nodiscard]] ptrdiff_t PageOf(const void* block) const {
    return (static_cast<const std::byte*>(block) - region.base()) /
           static_cast<ptrdiff_t>(mm::kPageSize);
  }
};

TEST(PageHeap, TakesTheShortestFreeRunThatDoes) {
  World world;
  // Free runs of 9, 3 and 5 pages, each behind a page that stays.
  std::vector<void*> freed;
  for (const uint64_t pages : {9, 3, 5}) {
    freed.push_back(world.Block(pages));
    world.Block(1);
  }
  for (void* const block : freed) world.Free(block);
  EXPECT_EQ(world.Block(2), freed[1]);
  EXPECT_EQ(world.Block(5), freed[2]);
  EXPECT_EQ(world.Block(6), freed[0]);
  EXPECT_EQ(world.PageOf(world.Block(1)), world.PageOf(freed[1]) + 2);
}

TEST(PageHeap, NeighboursBecomeOneRun) {
  World world;
  std::vector<void*> blocks;
  for (int i = 0; i < 4; ++i) blocks.push_back(world.Block(2));
  void* const last = world.Block(1);
  for (const size_t i : {1, 3, 0, 2}) world.Free(blocks[i]);
  EXPECT_EQ(world.Block(8), blocks[0]);
  world.Free(last);
}

TEST(PageHeap, BlocksAreAligned) {
  World world;
  for (const uint64_t alignment : {1, 2, 4, 16, 64, 256}) {
    for (const uint64_t pages : {1, 3, 17}) {
      const void* const block = world.Block(pages, alignment);
      ASSERT_NE(block, nullptr);
      EXPECT_EQ(reinterpret_cast<uintptr_t>(block) % (alignment * mm::kPageSize), 0U);
    }
  }
  for (unsigned order = 0; order <= mm::kMaxSlabOrder; ++order) {
    const auto run = world.heap.AllocatePages(order);
    ASSERT_TRUE(run.has_value());
    EXPECT_EQ(reinterpret_cast<uintptr_t>(*run) % (mm::kPageSize << order), 0U);
    world.heap.FreePages(*run, order);
    EXPECT_TRUE(world.heap.CheckInvariants().has_value());
  }
}

TEST(PageHeap, KnowsWhatIsZero) {
  World world;
  const auto fresh = world.heap.AllocateBlock({4}, kOne);
  EXPECT_EQ(fresh->contents, PageHeap::Contents::kZero);
  std::memset(fresh->base, 1, 4 * mm::kPageSize);
  void* const fence = world.Block(1);
  world.Free(fresh->base);
  EXPECT_EQ(world.heap.AllocateBlock({2}, kOne)->contents, PageHeap::Contents::kArbitrary);
  world.heap.Purge();
  const auto purged = world.heap.AllocateBlock({2}, kOne);
  EXPECT_EQ(purged->contents, PageHeap::Contents::kZero);
  EXPECT_EQ(static_cast<std::byte*>(purged->base)[0], std::byte{0});
  world.Free(fence);
}

TEST(PageHeap, ReturnsWhatIsFree) {
  World world;
  void* const low = world.Block(500);
  void* const middle = world.Block(1);
  void* const high = world.Block(500);
  // A hole is forgotten, the end is cut off.
  world.Free(low);
  EXPECT_EQ(world.region.forgotten(), (mm::PageCount{500}));
  world.Free(high);
  EXPECT_EQ(world.region.pages(), (mm::PageCount{501}));
  EXPECT_EQ(world.heap.pages_kept(), (mm::PageCount{0}));
  world.Free(middle);
  world.heap.Purge();
  EXPECT_EQ(world.region.pages(), (mm::PageCount{0}));
  EXPECT_EQ(world.heap.pages_in_use(), (mm::PageCount{0}));
}

TEST(PageHeap, ResizesInPlace) {
  World world;
  void* const block = world.Block(4);
  ASSERT_TRUE(world.heap.ResizeBlock(block, {20}).has_value());  // the last one: the region grows
  void* const next = world.Block(10);
  EXPECT_EQ(world.heap.ResizeBlock(block, {21}).error(), base::Error::kOutOfMemory);
  void* const fence = world.Block(1);
  world.Free(next);
  ASSERT_TRUE(world.heap.ResizeBlock(block, {25}).has_value());
  EXPECT_EQ(world.heap.ResizeBlock(block, {31}).error(), base::Error::kOutOfMemory);
  ASSERT_TRUE(world.heap.ResizeBlock(block, {30}).has_value());
  ASSERT_TRUE(world.heap.ResizeBlock(block, {1}).has_value());
  EXPECT_TRUE(world.heap.CheckInvariants().has_value());
  EXPECT_EQ(*world.heap.PagesOf(block), kOne);
  world.Free(block);
  world.Free(fence);
}

TEST(PageHeap, KnowsItsBlocks) {
  World world;
  std::byte* const block = static_cast<std::byte*>(world.Block(4));
  const int elsewhere = 0;
  for (const void* const wrong :
       {static_cast<const void*>(block + mm::kPageSize), static_cast<const void*>(block + 16),
        static_cast<const void*>(block + 64 * mm::kPageSize), static_cast<const void*>(&elsewhere),
        static_cast<const void*>(nullptr)}) {
    EXPECT_EQ(world.heap.PagesOf(wrong).error(), base::Error::kNotFound);
    EXPECT_EQ(world.heap.FreeBlock(const_cast<void*>(wrong)).error(), base::Error::kNotFound);
  }
  world.Free(block);
  EXPECT_EQ(world.heap.FreeBlock(block).error(), base::Error::kNotFound);
  // The second of two neighbours that became one.
  void* const first = world.Block(1);
  void* const second = world.Block(1);
  world.Free(first);
  world.Free(second);
  EXPECT_EQ(world.heap.FreeBlock(second).error(), base::Error::kNotFound);
}

TEST(PageHeap, RunsOut) {
  World world;
  EXPECT_EQ(world.Block(2049), nullptr);
  EXPECT_EQ(world.Block(uint64_t{1} << 40), nullptr);
  EXPECT_EQ(world.Block(1, uint64_t{1} << 30), nullptr);
  void* const all = world.Block(2048);
  ASSERT_NE(all, nullptr);
  EXPECT_EQ(world.Block(1), nullptr);
  EXPECT_FALSE(world.heap.ResizeBlock(all, {2049}).has_value());
  world.Free(all);
  // The system has less than the region.
  world.region.FailAfter(0);
  EXPECT_EQ(world.Block(1), nullptr);
  world.region.FailNothing();
  EXPECT_NE(world.Block(1), nullptr);
}

TEST(PageHeap, GoesOnBehindAGap) {
  World world({.before = {500}, .pages = {100}});
  void* const low = world.Block(490);
  void* const high = world.Block(20);
  EXPECT_EQ(world.PageOf(high), 600);
  // What the lower stretch had left.
  EXPECT_EQ(world.PageOf(world.Block(10)), 490);
  EXPECT_EQ(world.PageOf(world.Block(10)), 620);
  // There is no third one.
  EXPECT_EQ(world.Block(1440), nullptr);
  EXPECT_FALSE(world.heap.ResizeBlock(low, {1000}).has_value());
  world.Free(low);
  world.Free(high);
  EXPECT_EQ(world.PageOf(world.Block(490)), 0);
  EXPECT_TRUE(world.region.IsGapUntouched());
}

TEST(PageHeap, GivesBackDownToAGap) {
  World world({.before = {64}, .pages = {1}});
  void* const low = world.Block(64);
  void* const high = world.Block(700);
  EXPECT_EQ(world.PageOf(high), 65);
  world.Free(high);
  world.heap.Purge();
  EXPECT_EQ(world.region.pages(), (mm::PageCount{65}));
  world.Free(low);
  world.heap.Purge();
  EXPECT_EQ(world.heap.pages_in_use(), (mm::PageCount{0}));
  EXPECT_EQ(world.Block(64), low);
  EXPECT_EQ(world.Block(64), high);
}

// Neither stretch, or the upper one alone, is there at once.
TEST(PageHeap, MayFindNoRoomBehindAGap) {
  World world({.before = {64}, .pages = {8}});
  void* const low = world.Block(60);
  ASSERT_NE(low, nullptr);
  world.region.FailAfter(0);
  EXPECT_EQ(world.Block(70), nullptr);
  world.region.FailNothing();
  EXPECT_EQ(world.Block(1977), nullptr);
  EXPECT_EQ(world.PageOf(world.Block(1976)), 72);
}

void RunsDoNotOverlapIn(World& world);

TEST(PageHeapRandom, RunsDoNotOverlap) {
  World world;
  RunsDoNotOverlapIn(world);
  EXPECT_EQ(world.region.pages(), (mm::PageCount{0}));
}

TEST(PageHeapRandom, RunsDoNotOverlapAroundAGap) {
  World world({.before = {100}, .pages = {37}});
  RunsDoNotOverlapIn(world);
  EXPECT_TRUE(world.region.IsGapUntouched());
}

void RunsDoNotOverlapIn(World& world) {
  struct Held {
    std::byte* base;
    uint64_t pages;
    std::byte mark;
  };
  const uint64_t seed = mm::TestSeed();
  std::printf("ATLAS_TEST_SEED=%#llx\n", static_cast<unsigned long long>(seed));
  std::mt19937_64 random(seed);
  std::vector<Held> held;
  const auto mark = [](const Held& block) {
    for (uint64_t page = 0; page < block.pages; ++page) {
      block.base[page * mm::kPageSize] = block.mark;
    }
  };
  const auto is_kept = [](const Held& block, uint64_t pages) {
    for (uint64_t page = 0; page < pages; ++page) {
      if (block.base[page * mm::kPageSize] != block.mark) return false;
    }
    return true;
  };
  for (int step = 0; step < 20'000; ++step) {
    const uint64_t pages = (random() % 4 == 0 ? random() % 100 : random() % 6) + 1;
    const std::byte value{static_cast<unsigned char>(step)};
    if (step % 200 == 0) world.region.FailAfter(random() % 2);
    if (step % 200 == 50) world.region.FailNothing();
    if (held.empty() || random() % 100 < 52) {
      const uint64_t alignment = uint64_t{1} << random() % 5;
      const auto block = world.heap.AllocateBlock({pages}, {alignment});
      if (!block) continue;
      ASSERT_EQ(reinterpret_cast<uintptr_t>(block->base) % (alignment * mm::kPageSize), 0U);
      held.push_back({static_cast<std::byte*>(block->base), pages, value});
      if (block->contents == PageHeap::Contents::kZero) {
        const Held zero = {held.back().base, pages, std::byte{0}};
        ASSERT_TRUE(is_kept(zero, pages));
      }
      mark(held.back());
    } else {
      Held& block = held[random() % held.size()];
      ASSERT_TRUE(is_kept(block, block.pages));
      ASSERT_EQ(world.heap.PagesOf(block.base)->value, block.pages);
      if (random() % 4 == 0) {
        if (!world.heap.ResizeBlock(block.base, {pages})) continue;
        ASSERT_TRUE(is_kept(block, std::min(pages, block.pages)));
        block.pages = pages;
        mark(block);
      } else {
        ASSERT_TRUE(world.heap.FreeBlock(block.base).has_value());
        block = held.back();
        held.pop_back();
      }
    }
    if (step % 16 == 0) ASSERT_TRUE(world.heap.CheckInvariants().has_value()) << step;
  }
  for (const Held& block : held) ASSERT_TRUE(world.heap.FreeBlock(block.base).has_value());
  world.heap.Purge();
  ASSERT_TRUE(world.heap.CheckInvariants().has_value());
  EXPECT_EQ(world.heap.pages_in_use(), (mm::PageCount{0}));
}

}  // namespace
}  // namespace libatlas
