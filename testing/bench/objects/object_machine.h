// A machine of 512 MiB for our allocators of objects: the frame allocator over real memory.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "kernel/base/result.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/direct_map_pages.h"
#include "kernel/mm/frames/frame_cache.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/heap/kernel_heap_large.h"

namespace bench {

// Counts the pages that go through it.
class CountedPages final : public mm::PageSource {
 public:
  explicit CountedPages(mm::PageSource& pages) : pages_(pages) {}

  base::Result<void*> AllocatePages(unsigned order) override {
    void* const pages = TRY(pages_.AllocatePages(order));
    in_use_ += size_t{1} << order;
    most_ = std::max(most_, in_use_);
    return pages;
  }
  void FreePages(void* pages, unsigned order) override {
    in_use_ -= size_t{1} << order;
    pages_.FreePages(pages, order);
  }
  size_t most() const { return most_; }

 private:
  mm::PageSource& pages_;
  size_t in_use_ = 0;
  size_t most_ = 0;
};

// Nothing here is larger than a size class.
class NoLargeBlocks final : public mm::LargeBlocks {
 public:
  base::Result<void*> AllocateBlock(size_t, size_t) override {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  base::Result<> FreeBlock(void*) override { return std::unexpected(base::Error::kNotFound); }
  base::Result<size_t> BlockBytes(const void*) const override {
    return std::unexpected(base::Error::kNotFound);
  }
};

class ObjectMachine {
 public:
  ObjectMachine();
  ~ObjectMachine();
  ObjectMachine(const ObjectMachine&) = delete;
  ObjectMachine& operator=(const ObjectMachine&) = delete;

  CountedPages& pages() { return *pages_; }
  const mm::FrameTable& table() const { return *table_; }
  // The most memory that has been in use at once: pages, and what the frame allocator and the frame
  // table keep for each of them.
  double most_bytes() const;

 private:
  void* memory_;
  std::vector<mm::MemoryRegion> regions_;
  std::optional<mm::MemoryMap> map_;
  std::vector<uint64_t> words_;
  std::vector<mm::FrameDescriptor> descriptors_;
  std::vector<mm::FrameCpu> cpus_;
  std::optional<mm::FrameTable> table_;
  std::optional<mm::PhysicalMemory> physical_;
  std::optional<mm::DirectMapPages> direct_map_;
  std::optional<CountedPages> pages_;
};

}  // namespace bench
