// Blocks of all sizes and alignments, what becomes of them, and every mistake with them.
#include "userspace/libatlas/heap.h"

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "gtest/gtest.h"
#include "kernel/mm/debug.h"
#include "kernel/mm/test_failures.h"
#include "userspace/libatlas/test_region.h"

namespace libatlas {
namespace {

struct Note {
  int count = 0;
  mm::ObjectFault fault = {};
  const void* block = nullptr;
};
Note note;

void TakeNote(mm::ObjectFault fault, std::string_view, const void* block) {
  note = {.count = note.count + 1, .fault = fault, .block = block};
}

// With a cache, and without.
class HeapTest : public testing::TestWithParam<bool> {
 protected:
  HeapTest() {
    note = {};
    heap().Start(region_, 0x5EC2'E71E'55ED'0042, TakeNote);
    if (GetParam()) cache_ = *heap().MakeCache();
  }
  ~HeapTest() override {
    Check();
    EXPECT_EQ(note.count, 0);
    heap().Shrink(cache_);
    Check();
  }

  Heap& heap() { return *heap_; }
  void Check() { ASSERT_TRUE(heap().CheckInvariants().has_value()); }
  void* Allocate(size_t bytes) { return heap().Allocate(cache_, bytes).value_or(nullptr); }
  void Free(void* block) { heap().Free(cache_, block); }
  // That freeing it is a mistake, told now or with some frees more.
  void ExpectFault(void* block, mm::ObjectFault fault) { ExpectFault(block, fault, fault); }
  void ExpectFault(void* block, mm::ObjectFault fault, mm::ObjectFault or_fault) {
    Free(block);
    for (int i = 0; i < 10 && note.count == 0; ++i) Free(Allocate(200));
    EXPECT_EQ(note.count, 1);
    EXPECT_TRUE(note.fault == fault || note.fault == or_fault) << mm::ObjectFaultName(note.fault);
    EXPECT_EQ(note.block, block);
    note = {};
    Check();
  }

  TestRegion region_{{4096}};
  std::unique_ptr<Heap> heap_ = std::make_unique<Heap>();
  ThreadCache* cache_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(All, HeapTest, testing::Bool(), [](const auto& run) {
  return std::string(run.param ? "WithCache" : "WithoutCache");
});

TEST_P(HeapTest, BlocksOfAllSizes) {
  std::vector<std::pair<std::byte*, size_t>> blocks;
  for (size_t bytes = 0; bytes < 70'000; bytes += 1 + bytes / 9) {
    for (int i = 0; i < 3; ++i) {
      auto* const block = static_cast<std::byte*>(Allocate(bytes));
      ASSERT_NE(block, nullptr);
      ASSERT_EQ(reinterpret_cast<uintptr_t>(block) % Heap::kMinAlignment, 0U);
      ASSERT_GE(heap().UsableSize(block), bytes);
      std::memset(block, static_cast<int>(blocks.size()), heap().UsableSize(block));
      blocks.emplace_back(block, heap().UsableSize(block));
    }
  }
  Check();
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto& [block, bytes] = blocks[i];
    for (size_t k = 0; k < bytes; ++k) ASSERT_EQ(block[k], std::byte(i));
    Free(block);
  }
}

TEST_P(HeapTest, PagesOfSlabsBecomeLargeBlocks) {
  constexpr size_t kLarge = size_t{1} << 20;
  std::vector<void*> blocks;
  for (const size_t bytes : {size_t{64}, kLarge, size_t{3000}, kLarge, size_t{640}}) {
    for (size_t all = 0; all < kLarge; all += bytes) {
      blocks.push_back(Allocate(bytes));
      ASSERT_NE(blocks.back(), nullptr);
    }
    for (void* const block : blocks) Free(block);
    blocks.clear();
    Check();
    heap().Shrink(cache_);
    EXPECT_LT(heap().pages().pages_in_use().value, 64U);
    Check();
  }
}

TEST_P(HeapTest, AlignedBlocks) {
  std::vector<void*> blocks;
  for (size_t alignment = 1; alignment <= 1 << 20; alignment *= 2) {
    for (const size_t bytes :
         {size_t{0}, size_t{1}, size_t{24}, size_t{1000}, size_t{5000}, size_t{100'000}}) {
      const auto block = heap().AllocateAligned(cache_, alignment, bytes);
      ASSERT_TRUE(block.has_value());
      ASSERT_EQ(reinterpret_cast<uintptr_t>(*block) % alignment, 0U) << alignment << " " << bytes;
      ASSERT_GE(heap().UsableSize(*block), bytes);
      std::memset(*block, 0x77, bytes);
      blocks.push_back(*block);
    }
    Check();
  }
  for (void* const block : blocks) Free(block);
}

TEST_P(HeapTest, ZeroedBlocks) {
  for (const size_t bytes : {size_t{10}, size_t{500}, size_t{16'384}, size_t{16'385},
                             size_t{300'000}, size_t{2'000'000}}) {
    for (int i = 0; i < 3; ++i) {
      const auto block = heap().AllocateZeroed(cache_, bytes);
      ASSERT_TRUE(block.has_value());
      auto* const first = static_cast<unsigned char*>(*block);
      for (size_t k = 0; k < bytes; ++k) ASSERT_EQ(first[k], 0) << bytes;
      std::memset(first, 0xff, bytes);
      Free(first);
    }
  }
}

struct Resizing {
  size_t from;
  size_t to;
  bool stays;
};

TEST_P(HeapTest, ResizedBlocks) {
  constexpr Resizing kRows[] = {
      {0, 16, true},        {90, 96, true},          {96, 48, true},          {96, 47, false},
      {96, 97, false},      {16, 0, true},           {1000, 0, false},        {1000, 20'000, false},
      {20'000, 100, false}, {20'000, 300'000, true}, {300'000, 20'000, true},
  };
  for (const Resizing& row : kRows) {
    auto* const block = static_cast<unsigned char*>(Allocate(row.from));
    std::memset(block, 0x3c, row.from);
    const auto resized = heap().Reallocate(cache_, block, row.to);
    ASSERT_TRUE(resized.has_value());
    if (row.stays) EXPECT_EQ(*resized, block) << row.from << " " << row.to;
    if (!row.stays) EXPECT_NE(*resized, block) << row.from << " " << row.to;
    EXPECT_GE(heap().UsableSize(*resized), row.to);
    for (size_t k = 0; k < std::min(row.from, row.to); ++k) {
      ASSERT_EQ(static_cast<unsigned char*>(*resized)[k], 0x3c);
    }
    Free(*resized);
    Check();
  }
  const auto made = heap().Reallocate(cache_, nullptr, 10);
  ASSERT_TRUE(made.has_value());
  Free(*made);
}

TEST_P(HeapTest, NullIsNoBlock) {
  Free(nullptr);
  EXPECT_EQ(heap().UsableSize(nullptr), 0U);
}

TEST_P(HeapTest, Mistakes) {
  auto* const small = static_cast<std::byte*>(Allocate(100));
  auto* const large = static_cast<std::byte*>(Allocate(100'000));
  std::byte on_stack[64];
  ExpectFault(small + 8, mm::ObjectFault::kInterior);
  ExpectFault(small + 16, mm::ObjectFault::kInterior);
  ExpectFault(large + 16, mm::ObjectFault::kForeign);
  ExpectFault(large + mm::kPageSize, mm::ObjectFault::kForeign);
  ExpectFault(on_stack, mm::ObjectFault::kForeign);
  ExpectFault(region_.base() + (4000 * mm::kPageSize), mm::ObjectFault::kForeign);
  if (cache_ != nullptr) {
    ExpectFault(reinterpret_cast<std::byte*>(cache_) + 16, mm::ObjectFault::kForeign);
  }
  Free(large);
  ExpectFault(large, mm::ObjectFault::kForeign);
  Free(small);
  ExpectFault(small, mm::ObjectFault::kDoubleFree);
}

TEST_P(HeapTest, ResizesThatAreMistakes) {
  auto* const small = static_cast<std::byte*>(Allocate(100));
  auto* const freed = static_cast<std::byte*>(Allocate(100));
  auto* const large = static_cast<std::byte*>(Allocate(100'000));
  std::byte on_stack[64];
  Free(freed);
  struct Row {
    void* block;
    mm::ObjectFault fault;
  };
  const Row rows[] = {
      {small + 1, mm::ObjectFault::kInterior},
      {small + 16, mm::ObjectFault::kInterior},
      {freed, mm::ObjectFault::kDoubleFree},
      {on_stack, mm::ObjectFault::kForeign},
      {large + mm::kPageSize, mm::ObjectFault::kForeign},
  };
  for (const Row& row : rows) {
    for (const size_t bytes : {size_t{90}, size_t{1000}, size_t{200'000}}) {
      EXPECT_FALSE(heap().Reallocate(cache_, row.block, bytes).has_value());
      EXPECT_EQ(note.count, 1);
      EXPECT_EQ(note.fault, row.fault) << mm::ObjectFaultName(note.fault);
      EXPECT_EQ(note.block, row.block);
      note = {};
      Check();
    }
  }
  Free(small);
  Free(large);
}

// Nothing that the heap needs lies in blocks, in free ones either.
TEST_P(HeapTest, OverrunsReachBlocksAlone) {
  std::vector<std::byte*> blocks;
  for (size_t bytes = 16; bytes <= 4096; bytes += bytes / 4) {
    for (int i = 0; i < 40; ++i) blocks.push_back(static_cast<std::byte*>(Allocate(bytes)));
  }
  std::vector<std::byte*> freed;
  for (size_t i = 0; i < blocks.size(); i += 2) {
    freed.push_back(blocks[i]);
    Free(blocks[i]);
  }
  for (std::byte* const block : freed) std::memset(block, 0xee, 16);
  Check();
  for (size_t i = 1; i < blocks.size(); i += 2) Free(blocks[i]);
  for (int i = 0; i < 1000; ++i) Free(Allocate(16 + i * 7 % 4000));
  heap().Shrink(cache_);
  Check();
}

// However many frees and allocations lie between.
TEST_P(HeapTest, BlocksFreedTwice) {
  for (const int between : {0, 1, 7, 8, 9, 30, 200, 1000}) {
    std::vector<void*> others;
    for (int i = 0; i < between; ++i) others.push_back(Allocate(200));
    void* const block = Allocate(200);
    Free(block);
    for (void* const other : others) Free(other);
    // Its slab may have been given back.
    ExpectFault(block, mm::ObjectFault::kDoubleFree, mm::ObjectFault::kForeign);
  }
}

TEST_P(HeapTest, GivesMemoryBack) {
  std::vector<void*> blocks;
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 3000; ++i) blocks.push_back(Allocate(i % 7 == 0 ? 20'000 : 1500));
    const uint64_t most = region_.pages().value;
    for (void* const block : blocks) Free(block);
    blocks.clear();
    Check();
    EXPECT_LT(heap().pages().pages_in_use().value, most / 20);
    EXPECT_LT(heap().pages().pages_kept().value, most / 10);
  }
}

TEST_P(HeapTest, RunsOut) {
  std::vector<void*> blocks;
  while (void* const block = Allocate(3000)) blocks.push_back(block);
  EXPECT_GT(blocks.size(), 4000U);  // of 16 MiB
  EXPECT_EQ(Allocate(100'000), nullptr);
  EXPECT_EQ(Allocate(SIZE_MAX), nullptr);
  EXPECT_EQ(Allocate(SIZE_MAX / 2), nullptr);
  EXPECT_FALSE(heap().Reallocate(cache_, blocks[0], 100'000).has_value());
  EXPECT_FALSE(heap().Reallocate(cache_, blocks[0], SIZE_MAX).has_value());
  for (const unsigned log2 : {25, 31, 40, 63}) {
    EXPECT_FALSE(heap().AllocateAligned(cache_, size_t{1} << log2, 1).has_value()) << log2;
  }
  Check();
  for (void* const block : blocks) Free(block);
  void* const again = Allocate(100'000);
  EXPECT_NE(again, nullptr);
  Free(again);
}

// Growth fails at each place of many; what was there stays, and the heap goes on.
TEST_P(HeapTest, EachGrowthFails) {
  for (unsigned n = 0; n < 12; ++n) {
    std::vector<std::pair<unsigned char*, size_t>> blocks;
    region_.FailAfter(n);
    for (size_t i = 0; i < 400; ++i) {
      const size_t bytes = 16 + i * 37 % 5000 + (i % 50 == 0 ? 30'000 : 0);
      auto* const block = static_cast<unsigned char*>(Allocate(bytes));
      if (block == nullptr) continue;
      std::memset(block, static_cast<int>(n), bytes);
      blocks.emplace_back(block, bytes);
    }
    Check();
    region_.FailNothing();
    void* const more = Allocate(200'000);
    EXPECT_NE(more, nullptr);
    for (const auto& [block, bytes] : blocks) {
      for (size_t k = 0; k < bytes; ++k) ASSERT_EQ(block[k], n);
      Free(block);
    }
    Free(more);
    heap().Shrink(cache_);
    Check();
  }
}

// Not a page for each of so many sizes.
TEST_P(HeapTest, FewBlocksTakeFewPages) {
  std::vector<void*> blocks;
  for (size_t bytes = 16; bytes <= 1024; bytes += 16) blocks.push_back(Allocate(bytes));
  // Redzones make some blocks those of the next class.
  EXPECT_LE(heap().pages().pages_in_use().value, mm::kDebug ? 28U : 24U);
  for (void* const block : blocks) Free(block);
}

TEST(Heap, BeforeItStarts) {
  Heap heap;
  EXPECT_FALSE(heap.Allocate(nullptr, 10).has_value());
  EXPECT_FALSE(heap.Allocate(nullptr, 100'000).has_value());
  heap.Free(nullptr, nullptr);
  EXPECT_EQ(heap.UsableSize(nullptr), 0U);
  EXPECT_TRUE(heap.CheckInvariants().has_value());
}

}  // namespace
}  // namespace libatlas
