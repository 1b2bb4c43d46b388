#include "testing/bench/ranges/node_memory.h"

#include <sys/mman.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"

namespace bench {

NodeMemory::~NodeMemory() {
  while (chunks_ != nullptr) std::free(std::exchange(chunks_, chunks_->next));
}

// The chunk's list link takes its first block of `alignment` bytes.
void NodeMemory::AddChunk(size_t alignment) {
  auto* const chunk = static_cast<Chunk*>(std::aligned_alloc(kChunk, kChunk));
  CHECK(chunk != nullptr);
  // Advice only: without large pages all contenders are equally worse off.
  static_cast<void>(madvise(chunk, kChunk, MADV_HUGEPAGE));
  chunk->next = chunks_;
  chunks_ = chunk;
  next_ = reinterpret_cast<std::byte*>(chunk) + alignment;
  left_ = kChunk - alignment;
}

void* NodeMemory::Allocate(size_t bytes) {
  const size_t size = RoundUp(bytes);
  CHECK(size <= kLargest);
  bytes_ += size;
  FreeBlock*& free = free_[size / kGrain];
  if (free != nullptr) return std::exchange(free, free->next);
  // Blocks of a page are aligned to it: then all blocks of this memory are pages.
  if (left_ < size) AddChunk(size % mm::kPageSize == 0 ? size : kGrain * 4);
  left_ -= size;
  return std::exchange(next_, next_ + size);
}

void NodeMemory::Free(void* block, size_t bytes) {
  const size_t size = RoundUp(bytes);
  bytes_ -= size;
  auto* const freed = static_cast<FreeBlock*>(block);
  freed->next = std::exchange(free_[size / kGrain], freed);
}

base::Result<void*> NodePages::AllocatePages(unsigned order) {
  CHECK(order == 0);
  return memory_.Allocate(mm::kPageSize);
}

void NodePages::FreePages(void* pages, unsigned order) {
  CHECK(order == 0);
  memory_.Free(pages, mm::kPageSize);
}

}  // namespace bench
