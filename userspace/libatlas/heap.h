// A program's heap: what malloc, free and their like do, for threads that are told apart by their
// caches.
//
// Blocks up to 16 KiB are objects of the kernel heap's size classes, in the kernel's slabs
// (kernel/mm/heap/slab_cache.h), with magazines of threads in front of them instead of processors'.
// Larger blocks are runs of pages.
//
// Whether a block begins where one is freed is known at once, from the descriptor of its page. A
// free block has a key in its second eight bytes: before one is given out again, or back to its
// slab, it is known whether it had been free already.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

#include "kernel/base/bits.h"
#include "kernel/base/result.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/node_pool.h"
#include "kernel/mm/heap/object_fault.h"
#include "kernel/mm/heap/object_guard.h"
#include "kernel/mm/heap/size_class.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/sync/thread_annotations.h"
#include "userspace/libatlas/memory_region.h"
#include "userspace/libatlas/mutex.h"
#include "userspace/libatlas/page_heap.h"
#include "userspace/libatlas/thread_cache.h"

namespace libatlas {

// All zero before it starts, and small where little is used: what a size class needs is made with
// the first block of it. Any thread may call, with its own cache or none (null).
//
// Locks, what is further to the right inside what is to its left:
//   class_locks_ -> the class's SlabCache -> SlabDepot -> PageHeap
//   caches_lock_ -> PageHeap
class Heap {
 public:
  static constexpr std::string_view kName = "heap";
  static constexpr size_t kMinAlignment = mm::kSizeStep;

  constexpr Heap() = default;
  Heap(const Heap&) = delete;
  Heap& operator=(const Heap&) = delete;
  // Nobody uses the heap any more; its blocks are gone. CHECKed: there is none in a size class.
  ~Heap();

  // Once, before anything else. `region` is the heap's own and outlives it. `secret` is what nobody
  // outside guesses. Mistakes of callers are told to `on_fault`, which does not return, or leaves
  // the heap as if nothing had been freed.
  void Start(MemoryRegion& region, uint64_t secret, mm::ObjectFaultHandler on_fault);

  // Errors: kOutOfMemory.
  [[nodiscard]] base::Result<ThreadCache*> MakeCache();
  // Its objects go back to their slabs. Its thread has no cache any more.
  void DropCache(ThreadCache& cache);

  // At least `bytes` bytes, which may be 0, aligned to kMinAlignment. Contents are arbitrary.
  // Error: kOutOfMemory.
  [[nodiscard]] base::Result<void*> Allocate(ThreadCache* cache, size_t bytes) {
    if (cache != nullptr && bytes <= mm::kMaxClassBytes) [[likely]] {
      if (void* const object = cache->TryPop(mm::SizeClassOf(bytes))) [[likely]] {
        return Handed(object);
      }
    }
    return AllocateSlow(cache, bytes);
  }

  // The same, and all of it zero.
  [[nodiscard]] base::Result<void*> AllocateZeroed(ThreadCache* cache, size_t bytes);

  // `alignment` is a power of two.
  [[nodiscard]] base::Result<void*> AllocateAligned(ThreadCache* cache, size_t alignment,
                                                    size_t bytes);

  // Any block of this heap, or null.
  void Free(ThreadCache* cache, void* block) {
    const uintptr_t page = PageOf(block);
    if (page >= pages_) [[unlikely]]
      return FreeElsewhere(block);
    uint32_t note = notes_[page].load(std::memory_order_relaxed);
    if (note == 0 || cache == nullptr) [[unlikely]] {
      if (cache == nullptr || ClassOf(block) >= kClasses) return FreeElsewhere(cache, block);
      note = TakeNote(page);
    }
    const uint32_t size_class = ClassIn(note);
    if (!BeginsObject(block, note)) [[unlikely]]
      return Report(mm::ObjectFault::kInterior, block);
    if (cache->IsWaiting(block)) [[unlikely]]
      return Report(mm::ObjectFault::kDoubleFree, block);
    __builtin_prefetch(static_cast<const std::byte*>(block) + kKeyOffset, 1);
    const ThreadCache::Freed freed = cache->Exchange({block, size_class});
    if (freed.object == nullptr) [[unlikely]]
      return;
    if (IsMarkedFree(freed.object)) [[unlikely]]
      return Report(mm::ObjectFault::kDoubleFree, freed.object);
    MarkFree(freed.object);
    if (!cache->TryPush(freed.size_class, freed.object)) [[unlikely]]
      FreeSlow(*cache, freed.size_class, freed.object);
  }

  // The block with another size and, up to the smaller size, the same contents; in place while it
  // fits and less than half is left over. Null is a block of no bytes. Error: kOutOfMemory, and
  // `block` is as before; so it is after a fault. A new place is aligned like Allocate()'s.
  [[nodiscard]] base::Result<void*> Reallocate(ThreadCache* cache, void* block, size_t bytes);

  // How many bytes of the block may be used; 0 for null.
  [[nodiscard]] size_t UsableSize(void* block);

  // Gives back what no block needs: the cache's objects, empty slabs, free pages.
  void Shrink(ThreadCache* cache);

  // Between the two no other thread is in here.
  void AcquireForFork();
  void ReleaseAfterFork();

  [[nodiscard]] const PageHeap& pages() const { return *page_heap_; }

  // Error: kCorrupt. Only while no other thread uses the heap.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static constexpr size_t kClasses = mm::kSizeClassCount;
  static constexpr auto kGrowth = mm::SlabCache::Growth::kAllowed;
  static constexpr auto kNoGrowth = mm::SlabCache::Growth::kForbidden;

  // Where a free block's key is. The first eight bytes are what most mistakes write to.
  static constexpr size_t kKeyOffset = 8;

  // 2^32 / distance from one object of a class to the next, rounded up: the product of an offset in
  // a slab with it is, in its low half, less than it only when the distance divides the offset. The
  // rounding adds less than 2^16, and a remainder at least 2^32 / distance > 2^16.
  static constexpr std::array<uint32_t, kClasses> MakeReciprocals() {
    std::array<uint32_t, kClasses> reciprocals{};
    for (size_t i = 0; i < kClasses; ++i) {
      const uint64_t stride = StrideOf(i);
      reciprocals[i] = static_cast<uint32_t>(((uint64_t{1} << 32) + stride - 1) / stride);
    }
    return reciprocals;
  }
  static constexpr size_t StrideOf(size_t size_class) {
    const size_t bytes = mm::kSizeClassBytes[size_class];
    return static_cast<size_t>(
        base::AlignUp(bytes + mm::guard::kExtraBytes, mm::NaturalAlignment(bytes)));
  }
  static const std::array<uint32_t, kClasses> kReciprocals;

  // A number from pages_ on for what lies elsewhere.
  [[nodiscard]] uintptr_t PageOf(const void* pointer) const {
    return (reinterpret_cast<uintptr_t>(pointer) - base_) >> mm::kPageShift;
  }
  // A note has the size class, plus one since 0 is no note, and above it the page's place in its
  // slab.
  static constexpr unsigned kPlaceShift = 8;
  static_assert(kClasses < (1U << kPlaceShift));
  [[nodiscard]] static uint32_t NoteOf(const mm::FrameDescriptor& page) {
    return (mm::SlabDepot::SizeClassOf(page) + 1) |
           (mm::SlabDepot::PlaceInSlab(page) << kPlaceShift);
  }
  [[nodiscard]] static uint32_t ClassIn(uint32_t note) {
    return (note & ((1U << kPlaceShift) - 1)) - 1;
  }
  // The first time that a block in a slab's page is freed. No slab ends while it has blocks.
  uint32_t TakeNote(uintptr_t page) {
    const uint32_t note = NoteOf(descriptors_[page]);
    notes_[page].store(static_cast<uint16_t>(note), std::memory_order_relaxed);
    return note;
  }
  [[nodiscard]] static bool BeginsObject(const void* block, uint32_t note) {
    const auto in_page = static_cast<uint32_t>(reinterpret_cast<uintptr_t>(block)) &
                         static_cast<uint32_t>(mm::kPageSize - 1);
    const uint32_t offset = ((note >> kPlaceShift) << mm::kPageShift) | in_page;
    const uint32_t reciprocal = kReciprocals.data()[ClassIn(note)];
    return offset * reciprocal < reciprocal;
  }

  [[nodiscard]] uint64_t KeyOf(const void* block) const {
    return secret_ ^ reinterpret_cast<uintptr_t>(block);
  }
  [[nodiscard]] bool IsMarkedFree(const void* block) const {
    uint64_t found = 0;
    std::memcpy(&found, static_cast<const std::byte*>(block) + kKeyOffset, sizeof(found));
    return found == KeyOf(block);
  }
  void MarkFree(void* block) const { WriteKey(block, KeyOf(block)); }
  static void WriteKey(void* block, uint64_t key) {
    std::memcpy(static_cast<std::byte*>(block) + kKeyOffset, &key, sizeof(key));
  }
  // An object that leaves for its user.
  static void* Handed(void* object) {
    WriteKey(object, 0);
    return object;
  }

  void Report(mm::ObjectFault fault, const void* block) const;
  // Why freeing what lies in an object's page would be a mistake, as far as that is known at once.
  [[nodiscard]] std::optional<mm::ObjectFault> FindFault(const ThreadCache* cache,
                                                         const void* block) const;

  // When the thread has no object of the class at hand.
  [[nodiscard]] base::Result<void*> AllocateSlow(ThreadCache* cache, size_t bytes);
  [[nodiscard]] base::Result<void*> AllocateObject(ThreadCache* cache, size_t size_class);
  [[nodiscard]] base::Result<void*> Take(ThreadCache* cache, size_t size_class,
                                         mm::SlabCache::Growth growth);
  [[nodiscard]] base::Result<void*> Borrow(size_t size_class);
  [[nodiscard]] base::Result<PageHeap::Block> AllocateLarge(ThreadCache* cache, size_t bytes,
                                                            size_t alignment);
  // Makes pages free that only wait to be objects again.
  void Reclaim(ThreadCache* cache);
  void FreeSlow(ThreadCache& cache, size_t size_class, void* block);
  void FreeElsewhere(ThreadCache* cache, void* block);
  // To its slab, past all caches.
  void ReturnOne(size_t size_class, void* block);
  void FreeElsewhere(void* block);
  [[nodiscard]] base::Result<void*> ReallocateLarge(ThreadCache* cache, void* block, size_t bytes);
  [[nodiscard]] base::Result<void*> Move(ThreadCache* cache, void* block, size_t old_bytes,
                                         size_t bytes);

  // kClasses or more when it is no object's page.
  [[nodiscard]] size_t ClassOf(const void* block) const {
    const uintptr_t page = PageOf(block);
    return page < pages_ ? mm::SlabDepot::SizeClassOf(descriptors_[page]) : kClasses;
  }
  [[nodiscard]] mm::SlabCache& SlabsOf(size_t size_class);
  // Larger than the one that is full or empty, while that is smaller than it may be.
  mm::Magazine& Enlarged(ThreadCache& cache, size_t size_class);
  void Empty(ThreadCache& cache);

  uintptr_t base_ = 0;
  uintptr_t pages_ = 0;
  mm::FrameDescriptor* descriptors_ = nullptr;
  PageNote* notes_ = nullptr;
  uint64_t secret_ = 0;
  mm::ObjectFaultHandler on_fault_ = nullptr;

  std::optional<PageHeap> page_heap_;
  std::optional<mm::SlabDepot> depot_;

  Mutex caches_lock_;
  std::optional<mm::NodePool> cache_pool_;
  ThreadCache* first_cache_ = nullptr;

  // Each guards the class of the same number, and what threads' magazines exchange with it.
  std::array<Mutex, kClasses> class_locks_;
  // Blocks that went to a coarser class.
  std::array<std::atomic<uint8_t>, kClasses> coarse_blocks_{};
  std::array<std::optional<mm::SlabCache>, kClasses> classes_;
};

inline constexpr std::array<uint32_t, Heap::kClasses> Heap::kReciprocals = MakeReciprocals();

}  // namespace libatlas
