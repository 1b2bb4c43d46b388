// The heap of global shared memory: what smalloc, sfree and their like do. A process's blocks of up
// to 8 KiB lie in chunks of 64 KiB that it owns, larger ones have some of their own; each ends
// with a header.
//
// Everybody may write to a chunk. So nothing in it is believed: what is free and where blocks begin
// stands in the owner's private memory. The one thing that others tell the owner through a header
// is what they have freed, and all that a lie there does is that a block is given out again while
// somebody uses it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel/mm/heap/object_fault.h"
#include "kernel/sync/thread_annotations.h"
#include "userspace/libatlas/mutex.h"

namespace libatlas {

// Global shared memory as the kernel hands it out.
class ChunkSource {
 public:
  // So many bytes, multiples of kChunkBytes, which is also what their address is a multiple of:
  // zeroes. Null if there are none.
  [[nodiscard]] virtual std::byte* Make(size_t bytes) = 0;
  // This process does not use them any more.
  virtual void Release(std::byte* chunk) = 0;
  // How many there are from here on, whichever process made them; 0 if none begin here.
  [[nodiscard]] virtual size_t BytesFrom(const std::byte* chunk) = 0;
  // The calling thread wants to use its cache. If it may, somebody calls Empty() when it ends.
  [[nodiscard]] virtual bool MayUseCache() = 0;

 protected:
  ChunkSource() = default;
  ~ChunkSource() = default;
  ChunkSource(const ChunkSource&) = default;
  ChunkSource& operator=(const ChunkSource&) = default;
};

class SharedHeap {
 public:
  static constexpr std::string_view kName = "shared heap";
  static constexpr size_t kChunkBytes = size_t{64} << 10;
  static constexpr size_t kAlignment = 16;

  // Sizes that blocks have: four to each power of two, where that makes a difference.
  static constexpr auto kSizes = std::to_array<uint16_t>(
      {16,  32,  48,  64,  80,  96,   112,  128,  160,  192,  224,  256,  320,  384,
       448, 512, 640, 768, 896, 1024, 1280, 1536, 2048, 2560, 3072, 4096, 5376, 8112});
  static constexpr size_t kLargestSmall = kSizes.back();

  // What a thread freed last, of each size: given out again without a lock.
  struct Cache {
    // Not opened yet: nothing is kept there.
    static constexpr uintptr_t kClosed = 1;

    constexpr Cache() { blocks.fill(kClosed); }
    [[nodiscard]] bool IsClosed() const { return blocks[0] == kClosed; }

    // 0: none. The last one, of large blocks, stays closed.
    std::array<uintptr_t, kSizes.size() + 1> blocks{};
  };

  // `on_fault` is told of blocks that are freed and are none; when it returns nothing has happened.
  // Both stay.
  constexpr SharedHeap(ChunkSource& source, mm::ObjectFaultHandler on_fault)
      : source_(source), on_fault_(on_fault) {}
  SharedHeap(const SharedHeap&) = delete;
  SharedHeap& operator=(const SharedHeap&) = delete;
  // Nobody uses it any more. Chunks stay, as after the end of a process.
  ~SharedHeap();

  // What the thread keeps of that size; null: AllocateSlowly() may have one.
  [[nodiscard]] static void* TakeKept(Cache& cache, size_t bytes) {
    if (bytes > kLargestSmall) [[unlikely]]
      return nullptr;
    uintptr_t& kept = cache.blocks.data()[ClassOf(bytes)];  // an index by its making
    const uintptr_t block = kept;
    if (block <= Cache::kClosed) [[unlikely]]
      return nullptr;
    kept = 0;
    return reinterpret_cast<void*>(block);
  }
  // Null: there is no memory. Of no bytes, too, there is a block.
  [[nodiscard]] void* AllocateSlowly(Cache& cache, size_t bytes);
  [[nodiscard]] void* Allocate(Cache& cache, size_t bytes) {
    void* const kept = TakeKept(cache, bytes);
    return kept != nullptr ? kept : AllocateSlowly(cache, bytes);
  }
  [[nodiscard]] void* AllocateZeroed(Cache& cache, size_t bytes);
  // As realloc(); a block of another process's becomes one of this.
  [[nodiscard]] void* Reallocate(Cache& cache, void* block, size_t bytes);

  // Any process's block, or null.
  void Free(Cache& cache, void* block) {
    const auto address = reinterpret_cast<uintptr_t>(block);
    // What the descriptor says is as old as its base.
    const Chunk* const chunk = chunks_.data()[BucketOf(address)].load(std::memory_order_relaxed);
    if (chunk != nullptr && chunk->IsOf(address)) [[likely]] {
      uintptr_t& kept = cache.blocks.data()[chunk->size_class];
      if (kept == 0 && chunk->IsTakenAt(address)) [[likely]] {
        kept = address;
        return;
      }
    }
    FreeSlowly(cache, block);
  }

  // The thread ends.
  void Empty(Cache& cache);

  // Of a block of this process's; 0 for others.
  [[nodiscard]] size_t UsableSize(const void* block);

  // Around a fork. The child is a user of all there is, and the owner of nothing.
  void AcquireForFork() ACQUIRE(lock_) { lock_.Acquire(); }
  void ReleaseInParent() RELEASE(lock_) { lock_.Release(); }
  // `cache` is that of the thread that forked.
  void ReleaseInChild(Cache& cache) RELEASE(lock_);

  // Every chunk is where it belongs, and has as many free blocks as it says.
  [[nodiscard]] bool CheckInvariants();

 private:
  static constexpr size_t kHeaderBytes = 576;
  static constexpr size_t kBlocksBytes = kChunkBytes - kHeaderBytes;
  static constexpr size_t kMostIndexes = kChunkBytes / kSizes[0];
  static constexpr size_t kBuckets = 4096;
  // How many full chunks are asked at a time what others freed of them.
  static constexpr unsigned kAskedTogether = 16;
  // Chunks that nothing is in, for any size.
  static constexpr unsigned kMostEmpty = 8;
  static constexpr uint8_t kLarge = kSizes.size();  // in place of a class

  // What lies at the end of a chunk. Everybody writes to it.
  struct Header {
    std::atomic<uint32_t> block_bytes;  // the size of each, for who wants to copy one
    std::atomic<uint32_t> has_freed;
    // A bit for each 16 bytes of the chunk.
    std::array<std::atomic<uint32_t>, kChunkBytes / kAlignment / 32> freed;
  };
  static_assert(sizeof(Header) <= kHeaderBytes && kHeaderBytes % kAlignment == 0);
  [[nodiscard]] static Header& HeaderOf(uintptr_t base, size_t bytes) {
    return *reinterpret_cast<Header*>(base + bytes - kHeaderBytes);
  }

  // What its owner knows of a chunk. Never freed: who looks a block up without the lock may still
  // be here.
  struct Chunk {
    using Word = uintptr_t;
    static constexpr unsigned kWordBits = 8 * sizeof(Word);

    [[nodiscard]] bool IsOf(uintptr_t address) const {
      return (base.load(std::memory_order_acquire) ^ address) < kChunkBytes;
    }
    // What is in the header lies behind the last block.
    [[nodiscard]] static uint32_t OffsetOf(uintptr_t address) {
      return static_cast<uint16_t>(address);
    }
    // Of the block that the address is in: exact for all offsets.
    [[nodiscard]] uint32_t IndexOf(uintptr_t address) const {
      return static_cast<uint32_t>((uint64_t{OffsetOf(address)} * inverse) >> 32);
    }
    [[nodiscard]] bool Begins(uint32_t index, uintptr_t address) const {
      return index * block_bytes == OffsetOf(address);
    }
    [[nodiscard]] bool IsTaken(uint32_t index) const {
      const Word word = taken.data()[index / kWordBits].load(std::memory_order_relaxed);
      return (word >> (index % kWordBits) & 1) != 0;
    }
    // A block begins there, and somebody has it.
    [[nodiscard]] bool IsTakenAt(uintptr_t address) const {
      const uint32_t index = IndexOf(address);
      return Begins(index, address) && IsTaken(index);
    }
    [[nodiscard]] uintptr_t AddressOf(uint32_t index) const {
      return base.load(std::memory_order_relaxed) + index * block_bytes;
    }
    [[nodiscard]] Header& header() const {
      return HeaderOf(base.load(std::memory_order_relaxed), chunk_bytes);
    }

    std::atomic<uintptr_t> base = 0;  // 0: none
    uint32_t block_bytes = 0;         // of a large one, all that there is
    uint32_t inverse = 0;             // 2^32 / block_bytes, rounded up
    uint32_t count = 0;
    uint32_t free_count = 0;  // of a large one that is free although it stays, 1
    uint32_t first_word = 0;  // of `taken`: those below are all ones
    uint8_t size_class = 0;
    // Others said so of some block of it. Who frees what is free may be right then, and somebody
    // may use what is free: it stays, and blocks begin where they do.
    bool others_freed = false;
    size_t chunk_bytes = 0;
    Chunk* above = nullptr;  // in its list
    Chunk* below = nullptr;
    Chunk* next = nullptr;  // in its bucket
    // A bit for each block; 0 behind the last. Written with the lock held.
    std::array<std::atomic<Word>, kMostIndexes / kWordBits> taken{};
  };

  // Chunks in the order in which they came.
  class List {
   public:
    [[nodiscard]] Chunk* first() const { return first_; }
    [[nodiscard]] size_t size() const { return size_; }
    void Append(Chunk& chunk);
    void Remove(Chunk& chunk);
    template <class Visit>
    void ForEach(Visit&& visit) const {
      for (Chunk* chunk = first_; chunk != nullptr;) {
        Chunk* const above = chunk->above;
        visit(*chunk);
        chunk = above;
      }
    }

   private:
    Chunk* first_ = nullptr;
    Chunk* last_ = nullptr;
    size_t size_ = 0;
  };

  struct Class {
    List with_free;
    List full;
  };

  static constexpr auto kClasses = [] {
    std::array<uint8_t, kLargestSmall / kAlignment + 1> classes{};
    uint8_t size_class = 0;
    for (size_t i = 0; i < classes.size(); ++i) {
      if (i * kAlignment > kSizes[size_class]) ++size_class;
      classes[i] = size_class;
    }
    return classes;
  }();
  static size_t ClassOf(size_t bytes) { return kClasses[(bytes + (kAlignment - 1)) / kAlignment]; }
  static size_t BucketOf(uintptr_t address) { return address / kChunkBytes % kBuckets; }

  void FreeSlowly(Cache& cache, void* block);

  void Open(Cache& cache);

  [[nodiscard]] void* AllocateSmall(size_t size_class) REQUIRES(lock_);
  [[nodiscard]] void* AllocateLarge(size_t bytes) REQUIRES(lock_);
  void FreeLocked(uintptr_t address) REQUIRES(lock_);
  void FreeOfOther(uintptr_t address) REQUIRES(lock_);
  void ReportUnlessOthersFreed(uintptr_t address) REQUIRES(lock_);
  [[nodiscard]] size_t SizeOf(uintptr_t address) REQUIRES(lock_);
  [[nodiscard]] size_t SizeOfOther(uintptr_t address) REQUIRES(lock_);

  // shared_heap_chunks.cc
  [[nodiscard]] Chunk* ChunkFor(size_t size_class) REQUIRES(lock_);
  [[nodiscard]] Chunk* MakeChunk(size_t bytes) REQUIRES(lock_);
  [[nodiscard]] Chunk* TakeDescriptor() REQUIRES(lock_);
  static void Divide(Chunk& chunk, size_t size_class);
  static void ClearHeader(Chunk& chunk, uint32_t block_bytes);
  void Collect(Class& of_size) REQUIRES(lock_);
  void CollectFrom(Chunk& chunk) REQUIRES(lock_);
  [[nodiscard]] static bool IsFreedByOthers(const Chunk& large);
  static void SetFree(Chunk& chunk, uint32_t index);
  void Settle(Chunk& chunk, uint32_t free_before) REQUIRES(lock_);
  void Drop(Chunk& chunk) REQUIRES(lock_);
  // Whoever calls it has the lock.
  [[nodiscard]] Chunk* Find(uintptr_t address);
  void AddToBucket(Chunk& chunk) REQUIRES(lock_);
  void RemoveFromBucket(Chunk& chunk) REQUIRES(lock_);
  [[nodiscard]] static bool IsSound(const Chunk& chunk);
  void Report(mm::ObjectFault fault, uintptr_t address) REQUIRES(lock_) {
    on_fault_(fault, kName, reinterpret_cast<void*>(address));
  }

  Mutex lock_;
  ChunkSource& source_;
  mm::ObjectFaultHandler on_fault_;
  // Written with the lock held.
  std::array<std::atomic<Chunk*>, kBuckets> chunks_{};
  std::array<Class, kSizes.size()> classes_ GUARDED_BY(lock_);
  List large_ GUARDED_BY(lock_);
  List empty_ GUARDED_BY(lock_);
  Chunk* unused_ GUARDED_BY(lock_) = nullptr;  // descriptors, by `next`
};

}  // namespace libatlas
