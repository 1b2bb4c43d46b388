// Pages for the allocators' nodes, in large pages as a kernel's direct map gives them.
#pragma once

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/page_source.h"

namespace bench {

class LargePages final : public mm::PageSource {
 public:
  LargePages() = default;
  LargePages(const LargePages&) = delete;
  LargePages& operator=(const LargePages&) = delete;
  ~LargePages() {
    for (void* const chunk : chunks_) std::free(chunk);
  }

  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override {
    CHECK(order == 0);
    if (free_.empty()) AddChunk();
    void* const page = free_.back();
    free_.pop_back();
    return page;
  }
  void FreePages(void* page, unsigned order) override {
    CHECK(order == 0);
    free_.push_back(page);
  }

 private:
  static constexpr size_t kChunkBytes = size_t{2} << 20;

  void AddChunk() {
    auto* const chunk = static_cast<std::byte*>(std::aligned_alloc(kChunkBytes, kChunkBytes));
    CHECK(chunk != nullptr);
    static_cast<void>(madvise(chunk, kChunkBytes, MADV_HUGEPAGE));  // advice only
    chunks_.push_back(chunk);
    for (size_t offset = kChunkBytes; offset > 0; offset -= mm::kPageSize) {
      free_.push_back(chunk + offset - mm::kPageSize);
    }
  }

  std::vector<void*> chunks_;
  std::vector<void*> free_;
};

}  // namespace bench
