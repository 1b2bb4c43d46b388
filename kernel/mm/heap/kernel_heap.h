// The kernel's heap: blocks of any size, from slab caches of 92 size classes, and above them from
// vmalloc. The documents call its operations kalloc, kfree and krealloc.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>
#include <utility>

#include "kernel/base/result.h"
#include "kernel/mm/debug.h"
#include "kernel/mm/heap/kernel_heap_large.h"
#include "kernel/mm/heap/object_fault.h"
#include "kernel/mm/heap/size_class.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"

namespace mm {

// Blocks are aligned to 16 bytes, and a block of 2^n bytes to its size, up to a page. Usable with
// interrupts off and on every processor at once, except that what goes to `large` obeys its rules.
class KernelHeap {
 public:
  static constexpr size_t kMinAlignment = kSizeStep;

  // About 30 KiB large. Takes no memory yet. The class of a page's size has its slabs in `pages`,
  // all others in `depot`; the two cover different addresses, or are the same.
  KernelHeap(SlabDepot& depot, SlabDepot& pages, LargeBlocks& large);
  KernelHeap(SlabDepot& depot, LargeBlocks& large) : KernelHeap(depot, depot, large) {}
  KernelHeap(const KernelHeap&) = delete;
  KernelHeap& operator=(const KernelHeap&) = delete;
  // CHECKed: every block of a size class is free.
  ~KernelHeap() = default;

  // kalloc: at least `bytes` bytes, which may be 0. Contents are arbitrary. Error: kOutOfMemory.
  [[nodiscard]] base::Result<void*> Allocate(size_t bytes) {
    if (bytes > kMaxClassBytes) [[unlikely]]
      return large_.AllocateBlock(bytes, kMinAlignment);
    const size_t size_class = SizeClassOf(bytes);
    if (void* const block = caches_.data()[size_class].TryAllocateBytes(bytes)) [[likely]]
      return block;
    return AllocateSlow(size_class, bytes);
  }

  // `alignment` is a power of two. Above a page it costs a block from vmalloc.
  [[nodiscard]] base::Result<void*> AllocateAligned(size_t bytes, size_t alignment);

  // kfree: any block of this heap, or null. Mistakes are ObjectFaults, see SlabCache::Free().
  void Free(void* block) {
    if (!depot_.Covers(block)) [[unlikely]]
      return FreeElsewhere(block);
    const uint32_t size_class = depot_.SizeClassOf(block);
    if (size_class >= kSizeClassCount) [[unlikely]]
      return FreeElsewhere(block);
    // Among blocks of many sizes one is allocated again long after it was last written to.
    __builtin_prefetch(block, 1);
    caches_.data()[size_class].Free(block);
  }

  // krealloc: the block with another size and, up to the smaller size, the same contents; in place
  // while it fits and less than half is left over. Null is a block of no bytes. Error:
  // kOutOfMemory, and `block` is as before. A new place is aligned like Allocate()'s.
  [[nodiscard]] base::Result<void*> Reallocate(void* block, size_t bytes);

  // How many bytes of the block may be used, at least as many as were asked for; 0 for null.
  // CHECKed: it is a block of this heap.
  [[nodiscard]] size_t UsableSize(void* block);

  // SlabCache::Shrink() of all classes. Returns the pages.
  size_t Shrink();

  // Error: kCorrupt. Only while no other processor uses the heap.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static constexpr std::string_view kName = "kalloc";

  template <size_t... kClasses>
  KernelHeap(SlabDepot& depot, SlabDepot& pages, LargeBlocks& large,
             std::index_sequence<kClasses...>);

  static SlabOptions OptionsOf(uint32_t size_class);

  static constexpr auto kGrowth = SlabCache::Growth::kAllowed;
  static constexpr auto kNoGrowth = SlabCache::Growth::kForbidden;

  // When this processor has no object of the class at hand.
  [[nodiscard]] base::Result<void*> AllocateSlow(size_t size_class, size_t bytes);
  // What is in no slab of `depot_`.
  void FreeElsewhere(void* block);
  // Null when the block is in no size class.
  [[nodiscard]] SlabCache* CacheOf(const void* block);
  [[nodiscard]] base::Result<void*> Move(void* block, size_t old_bytes, size_t bytes);

  SlabDepot& depot_;
  SlabDepot& pages_;
  LargeBlocks& large_;
  std::array<SlabCache, kSizeClassCount> caches_;
};

}  // namespace mm
