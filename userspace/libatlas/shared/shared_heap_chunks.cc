// Chunks of the shared heap: where they come from, in which list they are, and what is free in
// them.
#include <algorithm>
#include <bit>
#include <cstdlib>
#include <new>
#include <utility>

#include "userspace/libatlas/shared/shared_heap.h"

namespace libatlas {

void SharedHeap::List::Append(Chunk& chunk) {
  chunk.above = nullptr;
  chunk.below = last_;
  (last_ != nullptr ? last_->above : first_) = &chunk;
  last_ = &chunk;
  ++size_;
}

void SharedHeap::List::Remove(Chunk& chunk) {
  (chunk.below != nullptr ? chunk.below->above : first_) = chunk.above;
  (chunk.above != nullptr ? chunk.above->below : last_) = chunk.below;
  --size_;
}

// One with free blocks, of which there was none.
SharedHeap::Chunk* SharedHeap::ChunkFor(size_t size_class) {
  Class& of_size = classes_[size_class];
  Collect(of_size);
  if (of_size.with_free.first() != nullptr) return of_size.with_free.first();
  Chunk* chunk = empty_.first();
  if (chunk != nullptr) {
    empty_.Remove(*chunk);
  } else {
    chunk = MakeChunk(kChunkBytes);
    if (chunk == nullptr) return nullptr;
  }
  Divide(*chunk, size_class);
  of_size.with_free.Append(*chunk);
  return chunk;
}

SharedHeap::Chunk* SharedHeap::MakeChunk(size_t bytes) {
  Chunk* const chunk = TakeDescriptor();
  if (chunk == nullptr) return nullptr;
  std::byte* const base = source_.Make(bytes);
  if (base == nullptr) {
    chunk->next = unused_;
    unused_ = chunk;
    return nullptr;
  }
  chunk->chunk_bytes = bytes;
  chunk->others_freed = false;
  chunk->base.store(reinterpret_cast<uintptr_t>(base), std::memory_order_release);
  AddToBucket(*chunk);
  return chunk;
}

SharedHeap::Chunk* SharedHeap::TakeDescriptor() {
  if (unused_ == nullptr) {
    void* const memory = std::malloc(sizeof(Chunk));
    return memory == nullptr ? nullptr : new (memory) Chunk;
  }
  Chunk* const chunk = unused_;
  unused_ = chunk->next;
  return chunk;
}

SharedHeap::~SharedHeap() {
  const auto free_all = [](Chunk* chunk) {
    while (chunk != nullptr) std::free(std::exchange(chunk, chunk->next));
  };
  for (const std::atomic<Chunk*>& bucket : chunks_) free_all(bucket.load());
  free_all(unused_);
}

// Nothing is in the chunk.
void SharedHeap::Divide(Chunk& chunk, size_t size_class) {
  const uint32_t bytes = kSizes[size_class];
  chunk.size_class = static_cast<uint8_t>(size_class);
  chunk.block_bytes = bytes;
  chunk.inverse = static_cast<uint32_t>(((uint64_t{1} << 32) + bytes - 1) / bytes);
  chunk.count = kBlocksBytes / bytes;
  chunk.free_count = chunk.count;
  chunk.first_word = 0;
  chunk.others_freed = false;
  for (auto& word : chunk.taken) word.store(0, std::memory_order_relaxed);
  ClearHeader(chunk, bytes);
}

void SharedHeap::ClearHeader(Chunk& chunk, uint32_t block_bytes) {
  Header& header = chunk.header();
  header.block_bytes.store(block_bytes, std::memory_order_relaxed);
  header.has_freed.store(0, std::memory_order_relaxed);
  for (auto& word : header.freed) word.store(0, std::memory_order_relaxed);
}

// What others have freed, of some of the chunks: those that were asked least recently.
void SharedHeap::Collect(Class& of_size) {
  const size_t asked = std::min<size_t>(of_size.full.size(), kAskedTogether);
  for (size_t i = 0; i < asked; ++i) {
    Chunk& chunk = *of_size.full.first();
    if (chunk.header().has_freed.exchange(0, std::memory_order_acquire) != 0) CollectFrom(chunk);
    if (chunk.free_count > 0) continue;
    of_size.full.Remove(chunk);
    of_size.full.Append(chunk);
  }
}

// Of a full one. A bit counts where a block begins that somebody has.
void SharedHeap::CollectFrom(Chunk& chunk) {
  const uintptr_t base = chunk.base.load(std::memory_order_relaxed);
  constexpr unsigned kBits = 32;
  uintptr_t first = base;  // of the word
  for (auto& word : chunk.header().freed) {
    uint32_t bits = word.load(std::memory_order_relaxed);
    if (bits != 0) bits = word.exchange(0, std::memory_order_relaxed);
    for (; bits != 0; bits &= bits - 1) {
      const uintptr_t address = first + kAlignment * static_cast<unsigned>(std::countr_zero(bits));
      if (chunk.IsTakenAt(address)) SetFree(chunk, chunk.IndexOf(address));
    }
    first += kAlignment * kBits;
  }
  if (chunk.free_count == 0) return;
  chunk.others_freed = true;
  Settle(chunk, 0);
}

bool SharedHeap::IsFreedByOthers(const Chunk& large) {
  const Header& header = large.header();
  return header.has_freed.load(std::memory_order_acquire) != 0 &&
         (header.freed[0].load(std::memory_order_relaxed) & 1) != 0;
}

void SharedHeap::SetFree(Chunk& chunk, uint32_t index) {
  const uint32_t word = index / Chunk::kWordBits;
  const Chunk::Word bit = Chunk::Word{1} << index % Chunk::kWordBits;
  const Chunk::Word bits = chunk.taken[word].load(std::memory_order_relaxed);
  chunk.taken[word].store(bits & ~bit, std::memory_order_relaxed);
  chunk.first_word = std::min(chunk.first_word, word);
  ++chunk.free_count;
}

// To the list where it belongs now that some more of it is free. A size keeps its last chunk, and
// those of which others freed something.
void SharedHeap::Settle(Chunk& chunk, uint32_t free_before) {
  Class& of_size = classes_[chunk.size_class];
  if (free_before == 0) {
    of_size.full.Remove(chunk);
    of_size.with_free.Append(chunk);
  }
  if (chunk.free_count < chunk.count || chunk.others_freed) return;
  if (of_size.with_free.size() == 1) return;
  of_size.with_free.Remove(chunk);
  if (empty_.size() < kMostEmpty) return empty_.Append(chunk);
  Drop(chunk);
}

// Gives a chunk back that is in no list.
void SharedHeap::Drop(Chunk& chunk) {
  RemoveFromBucket(chunk);
  source_.Release(reinterpret_cast<std::byte*>(chunk.base.load(std::memory_order_relaxed)));
  chunk.base.store(0, std::memory_order_relaxed);
  chunk.next = unused_;
  unused_ = &chunk;
}

SharedHeap::Chunk* SharedHeap::Find(uintptr_t address) {
  Chunk* chunk = chunks_[BucketOf(address)].load(std::memory_order_relaxed);
  while (chunk != nullptr && !chunk->IsOf(address)) chunk = chunk->next;
  return chunk;
}

void SharedHeap::AddToBucket(Chunk& chunk) {
  std::atomic<Chunk*>& bucket = chunks_[BucketOf(chunk.base.load(std::memory_order_relaxed))];
  chunk.next = bucket.load(std::memory_order_relaxed);
  bucket.store(&chunk, std::memory_order_release);
}

void SharedHeap::RemoveFromBucket(Chunk& chunk) {
  std::atomic<Chunk*>& bucket = chunks_[BucketOf(chunk.base.load(std::memory_order_relaxed))];
  Chunk* one = bucket.load(std::memory_order_relaxed);
  if (one == &chunk) return bucket.store(chunk.next, std::memory_order_release);
  while (one->next != &chunk) one = one->next;
  one->next = chunk.next;
}

bool SharedHeap::IsSound(const Chunk& chunk) {
  uint32_t taken = 0;
  uint32_t index = 0;
  bool is_sound = true;
  for (const std::atomic<Chunk::Word>& word : chunk.taken) {
    const Chunk::Word bits = word.load(std::memory_order_relaxed);
    taken += static_cast<uint32_t>(std::popcount(bits));
    is_sound &= bits == ~Chunk::Word{0} || index / Chunk::kWordBits >= chunk.first_word;
    is_sound &= bits == 0 || index + static_cast<uint32_t>(std::bit_width(bits)) <= chunk.count;
    index += Chunk::kWordBits;
  }
  return is_sound && taken + chunk.free_count == chunk.count &&
         chunk.block_bytes == kSizes[chunk.size_class];
}

bool SharedHeap::CheckInvariants() {
  const MutexHolder hold(lock_);
  bool is_sound = empty_.size() <= kMostEmpty;
  size_t chunks = large_.size() + empty_.size();
  const auto check = [&](const List& list, auto&& is_right) {
    size_t size = 0;
    list.ForEach([&](const Chunk& chunk) {
      ++size;
      is_sound &= is_right(chunk) && Find(chunk.base.load(std::memory_order_relaxed)) == &chunk;
    });
    is_sound &= size == list.size();
  };
  for (size_t size_class = 0; size_class < classes_.size(); ++size_class) {
    const Class& of_size = classes_[size_class];
    chunks += of_size.with_free.size() + of_size.full.size();
    const auto is_of_it = [&](const Chunk& chunk) {
      return chunk.size_class == size_class && IsSound(chunk);
    };
    check(of_size.with_free, [&](const Chunk& one) { return is_of_it(one) && one.free_count > 0; });
    check(of_size.full, [&](const Chunk& one) { return is_of_it(one) && one.free_count == 0; });
  }
  check(empty_, [](const Chunk& one) { return IsSound(one) && one.free_count == one.count; });
  check(large_, [](const Chunk& one) { return one.size_class == kLarge; });
  for (const std::atomic<Chunk*>& bucket : chunks_) {
    for (const Chunk* one = bucket.load(std::memory_order_relaxed); one != nullptr; one = one->next)
      --chunks;
  }
  return is_sound && chunks == 0;
}

}  // namespace libatlas
