// What slab caches need, for tests: 64 pages, their descriptors, and a note of the faults reported.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/heap/kernel_heap_large.h"
#include "kernel/mm/heap/object_fault.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/heap/slab_geometry.h"
#include "kernel/mm/test_pages.h"

namespace mm {

// The last fault reported to NoteFault().
struct FaultNote {
  int count = 0;
  ObjectFault fault = {};
  std::string_view cache;
  const void* object = nullptr;
};
inline constinit FaultNote fault_note;

inline void NoteFault(ObjectFault fault, std::string_view cache, const void* object) {
  fault_note = {.count = fault_note.count + 1, .fault = fault, .cache = cache, .object = object};
}

inline constexpr size_t kSlabTestPages = 64;
// One for all tests: each kernel image has little room.
inline constinit TestArena<kSlabTestPages, kMaxSlabBytes> slab_test_arena{};
inline constinit std::array<FrameDescriptor, kSlabTestPages> slab_test_descriptors{};

// Memory, not all of it used when a test is through: that is the test's to check.
struct SlabTestMemory {
  static constexpr FrameNumber kFirst{0x40};

  explicit SlabTestMemory(ObjectFaultHandler on_fault = NoteFault)
      : depot(pages, frames, on_fault) {
    frames.Prepare(kFirst, PageCount{kSlabTestPages});
    fault_note = {};
  }

  TestPages pages{slab_test_arena.bytes};
  FrameTable frames{slab_test_descriptors,
                    kFirst,
                    {.first = kFirst, .pages = {kSlabTestPages}, .base = slab_test_arena.bytes}};
  SlabDepot depot;
};

// A few blocks of whole pages.
class TestLargeBlocks final : public LargeBlocks {
 public:
  explicit TestLargeBlocks(PageSource& pages) : pages_(pages) {}

  [[nodiscard]] base::Result<void*> AllocateBlock(size_t bytes, size_t) override {
    for (Block& block : blocks_) {
      if (block.base != nullptr) continue;
      unsigned order = 0;
      while ((static_cast<size_t>(kPageSize) << order) < bytes) ++order;
      void* const base = TRY(pages_.AllocatePages(order));
      block = {.base = base, .order = order};
      return base;
    }
    return std::unexpected(base::Error::kOutOfMemory);
  }

  [[nodiscard]] base::Result<> FreeBlock(void* base) override {
    Block* const block = Find(base);
    if (block == nullptr) return std::unexpected(base::Error::kNotFound);
    pages_.FreePages(block->base, block->order);
    *block = {};
    return {};
  }

  [[nodiscard]] base::Result<size_t> BlockBytes(const void* base) const override {
    const Block* const block = Find(base);
    if (block == nullptr) return std::unexpected(base::Error::kNotFound);
    return static_cast<size_t>(kPageSize) << block->order;
  }

 private:
  struct Block {
    void* base = nullptr;
    unsigned order = 0;
  };

  template <class Self>
  static auto* FindIn(Self& self, const void* base) {
    for (auto& block : self.blocks_) {
      if (block.base == base) return &block;
    }
    return static_cast<decltype(self.blocks_.data())>(nullptr);
  }
  Block* Find(const void* base) { return FindIn(*this, base); }
  [[nodiscard]] const Block* Find(const void* base) const { return FindIn(*this, base); }

  PageSource& pages_;
  std::array<Block, 16> blocks_{};
};

}  // namespace mm
