#include "userspace/libatlas/shared/shared_heap.h"

#include <algorithm>
#include <bit>
#include <cstring>

namespace libatlas {

// A thread's first block, or its first after its end has begun.
void SharedHeap::Open(Cache& cache) {
  if (!source_.MayUseCache()) return;
  std::fill_n(cache.blocks.begin(), kSizes.size(), 0);
}

void* SharedHeap::AllocateSlowly(Cache& cache, size_t bytes) {
  if (cache.IsClosed()) Open(cache);
  const MutexHolder hold(lock_);
  return bytes <= kLargestSmall ? AllocateSmall(ClassOf(bytes)) : AllocateLarge(bytes);
}

void* SharedHeap::AllocateSmall(size_t size_class) {
  Class& of_size = classes_[size_class];
  Chunk* chunk = of_size.with_free.first();
  if (chunk == nullptr) chunk = ChunkFor(size_class);
  if (chunk == nullptr) return nullptr;
  constexpr auto kAll = ~Chunk::Word{0};
  uint32_t word = chunk->first_word;
  while (chunk->taken[word].load(std::memory_order_relaxed) == kAll) ++word;
  chunk->first_word = word;
  const Chunk::Word bits = chunk->taken[word].load(std::memory_order_relaxed);
  chunk->taken[word].store(bits | (bits + 1), std::memory_order_relaxed);
  if (--chunk->free_count == 0) {
    of_size.with_free.Remove(*chunk);
    of_size.full.Append(*chunk);
  }
  const uint32_t index = word * Chunk::kWordBits + static_cast<uint32_t>(std::countr_one(bits));
  return reinterpret_cast<void*>(chunk->AddressOf(index));
}

// What others have freed stays this process's, for the next one that fits: only the owner knows
// that nobody uses it, and others cannot take it away from him.
void* SharedHeap::AllocateLarge(size_t bytes) {
  size_t needed = 0;
  if (__builtin_add_overflow(bytes, kHeaderBytes + (kChunkBytes - 1), &needed)) return nullptr;
  needed -= needed % kChunkBytes;
  Chunk* chunk = nullptr;
  large_.ForEach([&](Chunk& one) {
    const bool is_free = one.free_count > 0 || IsFreedByOthers(one);
    if (one.chunk_bytes >= needed && is_free) chunk = &one;
  });
  if (chunk == nullptr) {
    chunk = MakeChunk(needed);
    if (chunk == nullptr) return nullptr;
    chunk->size_class = kLarge;
    chunk->block_bytes = static_cast<uint32_t>(std::min<size_t>(needed, UINT32_MAX));
    chunk->inverse = 0;
    chunk->count = 0;
    chunk->free_count = 0;
    large_.Append(*chunk);
  } else if (chunk->free_count > 0) {
    chunk->free_count = 0;
  } else {
    chunk->others_freed = true;
  }
  ClearHeader(*chunk, chunk->block_bytes);
  return reinterpret_cast<void*>(chunk->AddressOf(0));
}

void* SharedHeap::AllocateZeroed(Cache& cache, size_t bytes) {
  void* const block = Allocate(cache, bytes);
  if (block != nullptr) std::memset(block, 0, bytes);
  return block;
}

void* SharedHeap::Reallocate(Cache& cache, void* block, size_t bytes) {
  if (block == nullptr) return Allocate(cache, bytes);
  const auto address = reinterpret_cast<uintptr_t>(block);
  size_t size = 0;
  {
    const MutexHolder hold(lock_);
    size = SizeOf(address);
    if (size == 0) return nullptr;
    const bool is_own = Find(address) != nullptr;
    // It stays unless it would waste half of its block.
    if (is_own && bytes <= size && bytes > size / 2) return block;
  }
  void* const other = Allocate(cache, bytes);
  if (other == nullptr) return nullptr;
  std::memcpy(other, block, std::min(bytes, size));
  Free(cache, block);
  return other;
}

void SharedHeap::FreeSlowly(Cache& cache, void* block) {
  if (block == nullptr) return;
  if (cache.IsClosed()) Open(cache);
  const auto address = reinterpret_cast<uintptr_t>(block);
  const MutexHolder hold(lock_);
  if (std::ranges::contains(cache.blocks, address)) return ReportUnlessOthersFreed(address);
  FreeLocked(address);
}

// Others may have said of a block that it is free while somebody here has it, who frees it now.
void SharedHeap::ReportUnlessOthersFreed(uintptr_t address) {
  const Chunk* const chunk = Find(address);
  if (chunk == nullptr || !chunk->others_freed) Report(mm::ObjectFault::kDoubleFree, address);
}

void SharedHeap::FreeLocked(uintptr_t address) {
  Chunk* const chunk = Find(address);
  if (chunk == nullptr) return FreeOfOther(address);
  if (chunk->size_class == kLarge) {
    if (address != chunk->AddressOf(0)) return Report(mm::ObjectFault::kInterior, address);
    if (chunk->others_freed) {
      chunk->free_count = 1;
      return;
    }
    large_.Remove(*chunk);
    return Drop(*chunk);
  }
  const uint32_t index = chunk->IndexOf(address);
  if (!chunk->Begins(index, address) || index >= chunk->count) {
    return Report(mm::ObjectFault::kInterior, address);
  }
  if (!chunk->IsTaken(index)) return ReportUnlessOthersFreed(address);
  const uint32_t free_before = chunk->free_count;
  SetFree(*chunk, index);
  Settle(*chunk, free_before);
}

// The owner finds the bit when it has no free block of that size, if it lives. A large block is of
// no more use here; in a chunk there may be others.
void SharedHeap::FreeOfOther(uintptr_t address) {
  const uintptr_t base = address & ~uintptr_t{kChunkBytes - 1};
  const size_t bytes = source_.BytesFrom(reinterpret_cast<std::byte*>(base));
  if (bytes < kChunkBytes) return Report(mm::ObjectFault::kForeign, address);
  const uintptr_t offset = address - base;
  if (offset >= bytes - kHeaderBytes || offset % kAlignment != 0) {
    return Report(mm::ObjectFault::kInterior, address);
  }
  Header& header = HeaderOf(base, bytes);
  constexpr unsigned kBits = 32;
  const uintptr_t granule = offset / kAlignment;
  header.freed[granule / kBits].fetch_or(uint32_t{1} << granule % kBits, std::memory_order_relaxed);
  header.has_freed.store(1, std::memory_order_release);
  const bool is_large = header.block_bytes.load(std::memory_order_relaxed) > kLargestSmall;
  if (is_large) source_.Release(reinterpret_cast<std::byte*>(base));
}

size_t SharedHeap::SizeOf(uintptr_t address) {
  const Chunk* const chunk = Find(address);
  size_t size = 0;
  if (chunk == nullptr) {
    size = SizeOfOther(address);
    if (size == 0) Report(mm::ObjectFault::kForeign, address);
    return size;
  }
  if (chunk->size_class == kLarge) {
    if (address == chunk->AddressOf(0)) size = chunk->chunk_bytes - kHeaderBytes;
  } else if (chunk->IsTakenAt(address)) {
    size = chunk->block_bytes;
  }
  if (size == 0) Report(mm::ObjectFault::kInterior, address);
  return size;
}

// As its header says, as far as there is something.
size_t SharedHeap::SizeOfOther(uintptr_t address) {
  const uintptr_t base = address & ~uintptr_t{kChunkBytes - 1};
  const size_t bytes = source_.BytesFrom(reinterpret_cast<std::byte*>(base));
  if (bytes < kChunkBytes || address - base >= bytes - kHeaderBytes) return 0;
  const size_t said = HeaderOf(base, bytes).block_bytes.load(std::memory_order_relaxed);
  return std::min<size_t>(said, bytes - kHeaderBytes - (address - base));
}

size_t SharedHeap::UsableSize(const void* block) {
  const auto address = reinterpret_cast<uintptr_t>(block);
  const MutexHolder hold(lock_);
  return Find(address) == nullptr ? 0 : SizeOf(address);
}

void SharedHeap::Empty(Cache& cache) {
  const MutexHolder hold(lock_);
  for (uintptr_t& block : cache.blocks) {
    if (block > Cache::kClosed) FreeLocked(block);
    block = Cache::kClosed;
  }
}

void SharedHeap::ReleaseInChild(Cache& cache) {
  for (std::atomic<Chunk*>& bucket : chunks_) {
    while (Chunk* const chunk = bucket.load(std::memory_order_relaxed)) {
      bucket.store(chunk->next, std::memory_order_relaxed);
      chunk->base.store(0, std::memory_order_relaxed);
      chunk->next = unused_;
      unused_ = chunk;
    }
  }
  classes_ = {};
  large_ = {};
  empty_ = {};
  if (!cache.IsClosed()) std::fill_n(cache.blocks.begin(), kSizes.size(), 0);
  lock_.Release();
}

}  // namespace libatlas
