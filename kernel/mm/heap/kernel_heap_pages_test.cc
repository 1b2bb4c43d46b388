// A heap whose blocks of a page lie in a place of their own.
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>

#include "kernel/base/bits.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/heap/object_fault.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/heap/slab_geometry.h"
#include "kernel/mm/heap/slab_test_memory.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

// A heap is too large for a kernel's stack.
[[clang::no_destroy]] constinit std::optional<KernelHeap> heap_storage;

void* Allocated(const base::Result<void*>& result) {
  EXPECT_TRUE(result.has_value());
  return result.value_or(nullptr);
}

constexpr size_t kPageObjects = 18;
TestArena<kPageObjects, kMaxSlabBytes> page_arena;
std::array<FrameDescriptor, kPageObjects> page_descriptors;

struct SplitWorld {
  SplitWorld() { page_descriptors = {}; }
  SplitWorld(const SplitWorld&) = delete;
  SplitWorld& operator=(const SplitWorld&) = delete;
  ~SplitWorld() { heap_storage.reset(); }

  [[nodiscard]] static bool IsInPages(const void* block) {
    const auto at = reinterpret_cast<uintptr_t>(block);
    const auto first = reinterpret_cast<uintptr_t>(page_arena.bytes);
    return at >= first && at < first + sizeof(page_arena.bytes);
  }

  SlabTestMemory memory;
  TestLargeBlocks large{memory.pages};
  TestPages pages{page_arena.bytes};
  SlabDepot page_depot{{pages,
                        {page_arena.bytes, PageCount{kPageObjects},
                         reinterpret_cast<uintptr_t>(page_descriptors.data())}},
                       memory.pages,
                       NoteFault};
  KernelHeap& heap = heap_storage.emplace(memory.depot, page_depot, large);
};

TEST(KernelHeapPages, HoldBlocksOfAPageAndNothingElse) {
  SplitWorld world;
  struct Row {
    size_t bytes;
    bool in_pages;
  };
  constexpr Row kRows[] = {{16, false},   {3000, false}, {4000, true},   {4096, true},
                           {4097, false}, {8192, false}, {20000, false}, {4096, true}};
  std::array<void*, std::size(kRows)> blocks{};
  for (size_t i = 0; i < blocks.size(); ++i) {
    blocks[i] = Allocated(world.heap.Allocate(kRows[i].bytes));
    std::memset(blocks[i], static_cast<int>(i), kRows[i].bytes);
    EXPECT_EQ(SplitWorld::IsInPages(blocks[i]), kRows[i].in_pages) << kRows[i].bytes;
    EXPECT_TRUE(
        base::IsAligned(reinterpret_cast<uintptr_t>(blocks[i]), kRows[i].in_pages ? kPageSize : 1));
    EXPECT_GE(world.heap.UsableSize(blocks[i]), kRows[i].bytes);
    EXPECT_TRUE(world.heap.CheckInvariants().has_value());
  }
  // From the one place to the other, and back.
  blocks[0] = Allocated(world.heap.Reallocate(blocks[0], kPageSize));
  EXPECT_TRUE(SplitWorld::IsInPages(blocks[0]));
  blocks[0] = Allocated(world.heap.Reallocate(blocks[0], kRows[0].bytes));
  EXPECT_FALSE(SplitWorld::IsInPages(blocks[0]));
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto* const bytes = static_cast<const unsigned char*>(blocks[i]);
    for (size_t b = 0; b < kRows[i].bytes; ++b) ASSERT_EQ(bytes[b], i) << kRows[i].bytes;
    world.heap.Free(blocks[i]);
    EXPECT_TRUE(world.heap.CheckInvariants().has_value());
  }
  EXPECT_EQ(fault_note.count, 0);
  world.heap.Shrink();
  EXPECT_EQ(world.pages.pages_in_use(), 0);
}

TEST(KernelHeapPages, WrongFreesHaveNames) {
  SplitWorld world;
  SlabCache other(world.page_depot, {.name = "other", .object_bytes = 64});
  void* const object = Allocated(other.Allocate());
  world.heap.Free(object);
  EXPECT_EQ(fault_note.count, 1);
  EXPECT_TRUE(fault_note.fault == ObjectFault::kWrongCache);
  other.Free(object);
  // Where there has been no slab yet.
  world.heap.Free(page_arena.bytes + sizeof(page_arena.bytes) - 1);
  EXPECT_EQ(fault_note.count, 2);
  EXPECT_TRUE(fault_note.fault == ObjectFault::kForeign);
}

TEST(KernelHeapPages, EndByThemselves) {
  SplitWorld world;
  std::array<void*, kPageObjects> blocks{};
  size_t count = 0;
  while (const auto block = world.heap.Allocate(kPageSize)) blocks[count++] = *block;
  EXPECT_GT(count, 4);
  EXPECT_TRUE(world.heap.CheckInvariants().has_value());
  world.heap.Free(Allocated(world.heap.Allocate(100)));
  world.heap.Free(blocks[--count]);
  blocks[count] = Allocated(world.heap.Allocate(kPageSize));
  for (size_t i = 0; i <= count; ++i) world.heap.Free(blocks[i]);
  world.heap.Shrink();
  EXPECT_EQ(world.pages.pages_in_use(), 0);
}

}  // namespace
}  // namespace mm
