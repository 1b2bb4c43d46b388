// Blocks that are not of the next size class: large ones, aligned ones, and those that change their
// size.
#include <algorithm>
#include <bit>
#include <optional>

#include "kernel/base/check.h"
#include "userspace/libatlas/heap.h"

namespace libatlas {
namespace {

// Whether a block with room for `room` bytes is worth keeping for `bytes`.
constexpr bool IsWorthKeeping(size_t room, size_t bytes) {
  return bytes <= room && bytes >= room / 2;
}

}  // namespace

base::Result<PageHeap::Block> Heap::AllocateLarge(ThreadCache* cache, size_t bytes,
                                                  size_t alignment) {
  if (bytes > pages_ << mm::kPageShift) {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  const mm::PageCount pages = mm::PagesFor(std::max<size_t>(bytes, 1));
  const mm::PageCount alignment_pages = mm::PagesFor(alignment);
  if (const auto block = page_heap_->AllocateBlock(pages, alignment_pages)) return block;
  Reclaim(cache);
  return page_heap_->AllocateBlock(pages, alignment_pages);
}

base::Result<void*> Heap::AllocateZeroed(ThreadCache* cache, size_t bytes) {
  if (bytes > mm::kMaxClassBytes) {
    const PageHeap::Block block = TRY(AllocateLarge(cache, bytes, mm::kPageSize));
    if (block.contents != PageHeap::Contents::kZero) std::memset(block.base, 0, bytes);
    return block.base;
  }
  void* const block = TRY(Allocate(cache, bytes));
  std::memset(block, 0, bytes);
  return block;
}

base::Result<void*> Heap::AllocateAligned(ThreadCache* cache, size_t alignment, size_t bytes) {
  CHECK(std::has_single_bit(alignment));
  if (alignment <= kMinAlignment) return Allocate(cache, bytes);
  if (bytes <= mm::kMaxClassBytes && alignment <= mm::kPageSize) {
    for (size_t i = mm::SizeClassOf(std::max(bytes, alignment)); i < kClasses; ++i) {
      if (mm::NaturalAlignment(mm::kSizeClassBytes[i]) < alignment) continue;
      if (const auto object = Take(cache, i, kGrowth)) return Handed(*object);
      return std::unexpected(base::Error::kOutOfMemory);
    }
  }
  return TRY(AllocateLarge(cache, bytes, std::max<size_t>(alignment, mm::kPageSize))).base;
}

void Heap::FreeElsewhere(void* block) {
  if (block == nullptr) return;
  if (pages_ == 0 || !page_heap_->FreeBlock(block)) Report(mm::ObjectFault::kForeign, block);
}

std::optional<mm::ObjectFault> Heap::FindFault(const ThreadCache* cache, const void* block) const {
  if (!BeginsObject(block, NoteOf(descriptors_[PageOf(block)]))) return mm::ObjectFault::kInterior;
  if (IsMarkedFree(block) || (cache != nullptr && cache->IsWaiting(block))) {
    return mm::ObjectFault::kDoubleFree;
  }
  return std::nullopt;
}

base::Result<void*> Heap::Reallocate(ThreadCache* cache, void* block, size_t bytes) {
  if (block == nullptr) return Allocate(cache, bytes);
  const size_t size_class = ClassOf(block);
  if (size_class >= kClasses) return ReallocateLarge(cache, block, bytes);
  if (const auto fault = FindFault(cache, block)) {
    Report(*fault, block);
    return std::unexpected(base::Error::kOutOfMemory);
  }
  const size_t room = mm::kSizeClassBytes[size_class];
  if (IsWorthKeeping(room, std::max(bytes, kMinAlignment))) return block;
  return Move(cache, block, room, bytes);
}

base::Result<void*> Heap::ReallocateLarge(ThreadCache* cache, void* block, size_t bytes) {
  const size_t room = UsableSize(block);
  if (room == 0) return std::unexpected(base::Error::kOutOfMemory);
  if (bytes > mm::kMaxClassBytes && bytes <= pages_ << mm::kPageShift &&
      page_heap_->ResizeBlock(block, mm::PagesFor(bytes))) {
    return block;
  }
  return Move(cache, block, room, bytes);
}

base::Result<void*> Heap::Move(ThreadCache* cache, void* block, size_t old_bytes, size_t bytes) {
  void* const moved = TRY(Allocate(cache, bytes));
  std::memcpy(moved, block, std::min(old_bytes, bytes));
  Free(cache, block);
  return moved;
}

size_t Heap::UsableSize(void* block) {
  if (block == nullptr) return 0;
  const size_t size_class = ClassOf(block);
  if (size_class < kClasses) return mm::kSizeClassBytes[size_class];
  const auto pages =
      pages_ == 0 ? std::unexpected(base::Error::kNotFound) : page_heap_->PagesOf(block);
  if (pages) return static_cast<size_t>(pages->bytes());
  Report(mm::ObjectFault::kForeign, block);
  return 0;
}

}  // namespace libatlas
