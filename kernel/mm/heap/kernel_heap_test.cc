#include "kernel/mm/heap/kernel_heap.h"

#include <array>
#include <cstring>
#include <optional>

#include "kernel/base/bits.h"
#include "kernel/mm/debug.h"
#include "kernel/mm/heap/slab_test_memory.h"
#include "kernel/mm/test_failures.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

// A heap is too large for a kernel's stack.
[[clang::no_destroy]] constinit std::optional<KernelHeap> heap_storage;

struct HeapWorld {
  HeapWorld() = default;
  HeapWorld(const HeapWorld&) = delete;
  HeapWorld& operator=(const HeapWorld&) = delete;
  ~HeapWorld() { heap_storage.reset(); }

  SlabTestMemory memory;
  TestLargeBlocks large{memory.pages};
  KernelHeap& heap = heap_storage.emplace(memory.depot, large);
};

void* Allocated(const base::Result<void*>& result) {
  EXPECT_TRUE(result.has_value());
  return result.value_or(nullptr);
}

TEST(KernelHeap, BlocksOfAllSizes) {
  HeapWorld world;
  struct Row {
    size_t bytes;
    size_t usable;  // in builds that round
  };
  constexpr Row kRows[] = {{0, 16},      {1, 16},      {16, 16},       {17, 32},
                           {1000, 1024}, {4096, 4096}, {16384, 16384}, {16385, 32768}};
  std::array<void*, std::size(kRows)> blocks{};
  for (size_t i = 0; i < blocks.size(); ++i) {
    blocks[i] = Allocated(world.heap.Allocate(kRows[i].bytes));
    std::memset(blocks[i], static_cast<int>(i), kRows[i].bytes);
    const size_t usable = world.heap.UsableSize(blocks[i]);
    const bool exact = kDebug && kRows[i].bytes <= kMaxClassBytes;
    EXPECT_EQ(usable, exact ? kRows[i].bytes : kRows[i].usable) << kRows[i].bytes;
  }
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto* const bytes = static_cast<const unsigned char*>(blocks[i]);
    for (size_t b = 0; b < kRows[i].bytes; ++b) ASSERT_EQ(bytes[b], i) << kRows[i].bytes;
    world.heap.Free(blocks[i]);
  }
  EXPECT_TRUE(world.heap.CheckInvariants().has_value());
  world.heap.Shrink();
  EXPECT_EQ(fault_note.count, 0);
}

TEST(KernelHeap, NullIsABlockOfNothing) {
  HeapWorld world;
  world.heap.Free(nullptr);
  EXPECT_EQ(world.heap.UsableSize(nullptr), 0);
  void* const block = Allocated(world.heap.Reallocate(nullptr, 10));
  EXPECT_GE(world.heap.UsableSize(block), 10);
  world.heap.Free(block);
  EXPECT_EQ(fault_note.count, 0);
}

TEST(KernelHeap, Alignments) {
  HeapWorld world;
  for (const size_t bytes : {size_t{1}, size_t{100}, size_t{1000}, size_t{5000}}) {
    for (size_t alignment = 1; alignment <= 4096; alignment *= 2) {
      void* const block = Allocated(world.heap.AllocateAligned(bytes, alignment));
      EXPECT_TRUE(base::IsAligned(reinterpret_cast<uintptr_t>(block), alignment)) << bytes;
      EXPECT_GE(world.heap.UsableSize(block), bytes) << alignment;
      world.heap.Free(block);
    }
    void* const block = Allocated(world.heap.Allocate(bytes));
    EXPECT_TRUE(base::IsAligned(reinterpret_cast<uintptr_t>(block), KernelHeap::kMinAlignment));
    world.heap.Free(block);
    world.heap.Shrink();
  }
}

TEST(KernelHeap, ReallocateKeepsContents) {
  HeapWorld world;
  struct Row {
    size_t before;
    size_t after;
    bool in_place;
  };
  constexpr Row kRows[] = {
      {100, 112, true},      // the same class
      {112, 100, true},      //
      {112, 60, true},       // more than half is used
      {112, 40, false},      //
      {112, 113, false},     //
      {40, 20000, false},    // class to large block
      {20000, 30000, true},  // large block with room
      {30000, 17000, true},  //
      {20000, 100, false},   // large block to class
      {16, 0, true},
  };
  for (const Row& row : kRows) {
    auto* const before = static_cast<unsigned char*>(Allocated(world.heap.Allocate(row.before)));
    for (size_t i = 0; i < row.before; ++i) before[i] = static_cast<unsigned char>(i * 7);
    auto* const after =
        static_cast<unsigned char*>(Allocated(world.heap.Reallocate(before, row.after)));
    EXPECT_EQ(after == before, row.in_place) << row.before;
    EXPECT_GE(world.heap.UsableSize(after), row.after) << row.before;
    for (size_t i = 0; i < row.before && i < row.after; ++i) {
      ASSERT_EQ(after[i], static_cast<unsigned char>(i * 7)) << row.before;
    }
    std::memset(after, 0, row.after);
    world.heap.Free(after);
    EXPECT_EQ(fault_note.count, 0) << row.before;
  }
}

TEST(KernelHeap, ClassesLendToSmallerOnes) {
  HeapWorld world;
  // 640 leaves more free objects behind than a slab has; 624 has no slab at all.
  std::array<void*, 200> blocks{};
  for (void*& block : blocks) block = Allocated(world.heap.Allocate(640));
  for (size_t i = 0; i < blocks.size(); i += 2) world.heap.Free(blocks[i]);
  const size_t pages = world.memory.pages.pages_in_use();
  void* const borrowed = Allocated(world.heap.Allocate(624));
  EXPECT_EQ(world.memory.pages.pages_in_use(), pages);
  EXPECT_EQ(world.heap.UsableSize(borrowed), kDebug ? 624 : 640);
  world.heap.Free(borrowed);
  for (size_t i = 1; i < blocks.size(); i += 2) world.heap.Free(blocks[i]);
  EXPECT_TRUE(world.heap.CheckInvariants().has_value());
  EXPECT_EQ(fault_note.count, 0);
}

TEST(KernelHeap, ReportsWhatIsNotItsOwn) {
  HeapWorld world;
  int outside = 0;
  world.heap.Free(&outside);
  EXPECT_EQ(fault_note.count, 1);
  EXPECT_TRUE(fault_note.fault == ObjectFault::kForeign);
  EXPECT_EQ(fault_note.cache, "kalloc");
  {
    SlabCache cache(world.memory.depot, {.name = "own", .object_bytes = 64});
    void* const object = *cache.Allocate();
    world.heap.Free(object);
    EXPECT_EQ(fault_note.count, 2);
    EXPECT_TRUE(fault_note.fault == ObjectFault::kWrongCache);
    cache.Free(object);
  }
  auto* const block = static_cast<std::byte*>(Allocated(world.heap.Allocate(64)));
  world.heap.Free(block + 16);
  if constexpr (!kDebug) world.heap.Shrink();
  EXPECT_EQ(fault_note.count, 3);
  EXPECT_TRUE(fault_note.fault == ObjectFault::kInterior);
  EXPECT_EQ(fault_note.cache, "kalloc-64");
  world.heap.Free(block);
  world.heap.Free(block);
  if constexpr (!kDebug) world.heap.Shrink();
  EXPECT_EQ(fault_note.count, 4);
  EXPECT_TRUE(fault_note.fault == ObjectFault::kDoubleFree);
}

TEST(KernelHeap, DebugBuildsGuardTheBytesAskedFor) {
  HeapWorld world;
  auto* const block = static_cast<unsigned char*>(Allocated(world.heap.Allocate(50)));
  if (kDebug) block[50] = 1;  // the class has 64
  world.heap.Free(block);
  EXPECT_EQ(fault_note.count, kDebug ? 1 : 0);
  auto* const grown = static_cast<unsigned char*>(Allocated(world.heap.Allocate(50)));
  EXPECT_EQ(Allocated(world.heap.Reallocate(grown, 60)), grown);
  grown[59] = 1;
  world.heap.Free(grown);
  EXPECT_EQ(fault_note.count, kDebug ? 1 : 0);
}

TEST(KernelHeap, SurvivesEachFailure) {
  HeapWorld world;
  for (const size_t bytes : {size_t{20}, size_t{3000}, size_t{16384}, size_t{40000}}) {
    void* block = nullptr;
    const auto unchanged = [&] {
      world.heap.Shrink();
      return world.heap.CheckInvariants().has_value();
    };
    const FailureRun run = FailEachAllocation(
        world.memory.pages,
        [&]() -> base::Result<> {
          block = TRY(world.heap.Allocate(bytes));
          return {};
        },
        unchanged,
        [&] {
          world.heap.Free(block);
          return true;
        });
    EXPECT_EQ(run.fault, "") << bytes;
    EXPECT_GT(run.failed, 0) << bytes;
    // Growing fails, and the block stays.
    std::memset(block, 5, bytes);
    world.memory.pages.FailAfter(0);
    EXPECT_TRUE(world.heap.Reallocate(block, 200000).error() == base::Error::kOutOfMemory) << bytes;
    world.memory.pages.FailNothing();
    EXPECT_EQ(static_cast<unsigned char*>(block)[bytes - 1], 5) << bytes;
    world.heap.Free(block);
  }
  EXPECT_EQ(fault_note.count, 0);
}

TEST(KernelHeap, AlignedBlocksSurviveEachFailure) {
  struct Row {
    size_t bytes;
    size_t alignment;
  };
  constexpr Row kRows[] = {{20, 16}, {20, 256}, {3000, 4096}, {16384, 4096}, {40000, 4096}};
  HeapWorld world;
  for (const Row& row : kRows) {
    void* block = nullptr;
    const auto free = [&] {
      world.heap.Free(block);
      return true;
    };
    const FailureRun run = FailEachAllocation(
        world.memory.pages,
        [&]() -> base::Result<> {
          block = TRY(world.heap.AllocateAligned(row.bytes, row.alignment));
          return {};
        },
        [&] {
          world.heap.Shrink();
          return world.heap.CheckInvariants().has_value();
        },
        free);
    EXPECT_EQ(run.fault, "") << row.bytes << " " << row.alignment;
    EXPECT_GT(run.failed, 0) << row.bytes << " " << row.alignment;
    EXPECT_TRUE(base::IsAligned(reinterpret_cast<uintptr_t>(block), row.alignment)) << row.bytes;
    free();
  }
  EXPECT_EQ(fault_note.count, 0);
  heap_storage.reset();
  EXPECT_EQ(world.memory.pages.pages_in_use(), 0);
}

// A block that cannot move stays, with all it holds.
TEST(KernelHeap, ReallocateSurvivesEachFailure) {
  struct Row {
    size_t before;
    size_t after;
  };
  constexpr Row kRows[] = {{100, 3000}, {3000, 100}, {100, 40000}, {40000, 100}, {20000, 40000}};
  HeapWorld world;
  for (const Row& row : kRows) {
    auto* block = static_cast<unsigned char*>(Allocated(world.heap.Allocate(row.before)));
    const size_t kept = row.before < row.after ? row.before : row.after;
    const auto fill = [&] {
      for (size_t i = 0; i < row.before; ++i) block[i] = static_cast<unsigned char>(i * 11 + 3);
    };
    const auto has = [&](size_t bytes) {
      for (size_t i = 0; i < bytes; ++i) {
        if (block[i] != static_cast<unsigned char>(i * 11 + 3)) return false;
      }
      return true;
    };
    fill();
    const FailureRun run = FailEachAllocation(
        world.memory.pages,
        [&]() -> base::Result<> {
          block = static_cast<unsigned char*>(TRY(world.heap.Reallocate(block, row.after)));
          return {};
        },
        [&] {
          world.heap.Shrink();
          return world.heap.CheckInvariants() && has(row.before) &&
                 world.heap.UsableSize(block) >= row.before;
        },
        // It did without a page: back to the block as it was.
        [&] {
          const bool moved_all = has(kept);
          world.heap.Free(block);
          block = static_cast<unsigned char*>(Allocated(world.heap.Allocate(row.before)));
          fill();
          return moved_all;
        });
    EXPECT_EQ(run.fault, "") << row.before << " " << row.after;
    EXPECT_GT(run.failed, 0) << row.before << " " << row.after;
    EXPECT_TRUE(has(kept)) << row.before << " " << row.after;
    EXPECT_GE(world.heap.UsableSize(block), row.after) << row.before;
    world.heap.Free(block);
    world.heap.Shrink();
  }
  EXPECT_EQ(fault_note.count, 0);
  heap_storage.reset();
  EXPECT_EQ(world.memory.pages.pages_in_use(), 0);
}

TEST(KernelHeap, GivesAllPagesBack) {
  SlabTestMemory memory;
  TestLargeBlocks large(memory.pages);
  heap_storage.emplace(memory.depot, large);
  std::array<void*, 24> blocks{};
  for (size_t i = 0; i < blocks.size(); ++i) blocks[i] = Allocated(heap_storage->Allocate(i * 50));
  for (void* const block : blocks) heap_storage->Free(block);
  EXPECT_GT(heap_storage->Shrink(), 0);
  heap_storage.reset();
  EXPECT_EQ(memory.pages.pages_in_use(), 0);
}

}  // namespace
}  // namespace mm
