#include "kernel/mm/heap/slab_depot.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <new>
#include <source_location>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/mm/heap/slab_cache.h"

namespace mm {

void StopOnFault(ObjectFault fault, std::string_view, const void*) {
  // CheckFailed() takes text that lasts; the names are literals.
  base::CheckFailed(ObjectFaultName(fault).data(), std::source_location::current());
}

SlabDepot::SlabDepot(const SlabPlace& place, PageSource& records, ObjectFaultHandler on_fault)
    : pages_(place.pages),
      descriptors_(place.descriptors),
      on_fault_(on_fault),
      small_records_(records, kSmallSlabRecordBytes),
      large_records_(records, kLargeSlabRecordBytes),
      magazines_{NodePool(records, kSmallestMagazineBytes),
                 NodePool(records, kSmallestMagazineBytes << 1),
                 NodePool(records, kSmallestMagazineBytes << 2),
                 NodePool(records, kSmallestMagazineBytes << 3)} {}

SlabDepot::~SlabDepot() { CHECK(first_cache_ == nullptr); }

base::Result<Slab*> SlabDepot::MakeSlab(SlabCache& cache, unsigned order, unsigned objects,
                                        uint32_t size_class) {
  void* const pages = TRY(pages_.AllocatePages(order));
  const base::Result<Slab*> record = MakeRecord(objects);
  if (!record) {
    pages_.FreePages(pages, order);
    return std::unexpected(record.error());
  }
  Slab& slab = **record;
  slab.cache = &cache;
  slab.objects = static_cast<std::byte*>(pages);
  slab.order = static_cast<uint8_t>(order);
  for (size_t offset = 0; offset < slab.bytes(); offset += kPageSize) {
    FrameDescriptor& page = descriptors_.Of(slab.objects + offset);
    page.SetOwner(reinterpret_cast<uintptr_t>(&slab) | (offset >> kPageShift));
    page.SetMark(kSlabMark + size_class);
  }
  Cover(slab);
  return &slab;
}

void SlabDepot::Cover(const Slab& slab) {
  const uintptr_t pages = descriptors_.IndexOf(slab.objects + slab.bytes() - 1) + 1;
  uintptr_t covered = covered_pages_.load(std::memory_order_relaxed);
  while (covered < pages &&
         !covered_pages_.compare_exchange_weak(covered, pages, std::memory_order_relaxed)) {
  }
}

NodePool& SlabDepot::RecordsFor(unsigned objects) {
  return Slab::RecordBytesFor(objects) <= kSmallSlabRecordBytes ? small_records_ : large_records_;
}

base::Result<Slab*> SlabDepot::MakeRecord(unsigned objects) {
  void* memory = nullptr;
  {
    const locking::SpinLockHolder hold(lock_);
    memory = TRY(RecordsFor(objects).Allocate());
  }
  std::memset(memory, 0, Slab::RecordBytesFor(objects));
  Slab* const slab = new (memory) Slab{};
  slab->object_count = static_cast<uint16_t>(objects);
  slab->free_count = slab->object_count;
  unsigned left = objects;
  for (uint64_t& row : slab->free_rows()) {
    const unsigned in_row = std::min(left, kSlabRowBits);
    row = base::LowBits(in_row);
    left -= in_row;
  }
  return slab;
}

void SlabDepot::DropSlab(Slab& slab) {
  for (size_t offset = 0; offset < slab.bytes(); offset += kPageSize) {
    FrameDescriptor& page = descriptors_.Of(slab.objects + offset);
    page.SetOwner(0);
    page.ClearMark();
  }
  pages_.FreePages(slab.objects, slab.order);
  const unsigned objects = slab.object_count;
  const locking::SpinLockHolder hold(lock_);
  RecordsFor(objects).Free(&slab);
}

size_t SlabDepot::MagazineSizeOf(size_t capacity) {
  const size_t units = (Magazine::BytesFor(capacity) - 1) / kSmallestMagazineBytes;
  const auto size = static_cast<size_t>(std::bit_width(units));
  CHECK(size < kMagazineSizes);
  return size;
}

base::Result<Magazine*> SlabDepot::MakeMagazine(size_t capacity) {
  const size_t size = MagazineSizeOf(capacity);
  const locking::SpinLockHolder hold(lock_);
  void* const memory = TRY(magazines_[size].Allocate());
  return new (memory) Magazine(static_cast<uint32_t>(capacity));
}

void SlabDepot::DropMagazine(Magazine& magazine) {
  const size_t size = MagazineSizeOf(magazine.capacity());
  std::destroy_at(&magazine);
  const locking::SpinLockHolder hold(lock_);
  magazines_[size].Free(&magazine);
}

void SlabDepot::Enlist(SlabCache& cache) {
  const locking::SpinLockHolder hold(lock_);
  cache.previous_cache_ = last_cache_;
  (last_cache_ != nullptr ? last_cache_->next_cache_ : first_cache_) = &cache;
  last_cache_ = &cache;
}

void SlabDepot::Strike(SlabCache& cache) {
  const locking::SpinLockHolder hold(lock_);
  SlabCache* const next = cache.next_cache_;
  SlabCache* const previous = cache.previous_cache_;
  (previous != nullptr ? previous->next_cache_ : first_cache_) = next;
  (next != nullptr ? next->previous_cache_ : last_cache_) = previous;
}

void SlabDepot::ForEachCache(base::FunctionRef<void(const SlabCache&)> visit) const {
  const locking::SpinLockHolder hold(lock_);
  for (const SlabCache* cache = first_cache_; cache != nullptr; cache = cache->next_cache_) {
    visit(*cache);
  }
}

size_t SlabDepot::RecordBytes() const {
  const locking::SpinLockHolder hold(lock_);
  size_t bytes = small_records_.bytes() + large_records_.bytes();
  for (const NodePool& pool : magazines_) bytes += pool.bytes();
  return bytes;
}

}  // namespace mm
