// The heap that brk moves, and the stack's limit: part of address_space.h.
#pragma once

#include "kernel/mm/space/address_space.h"

namespace mm {

template <SpaceTable Table>
void AddressSpace<Table>::StartHeap(VirtAddr base) {
  const locking::SpinLockHolder holder(lock_);
  CHECK(heap_base_.value == 0 && IsAligned(base, kPageSize));
  heap_base_ = base;
  break_ = base;
}

template <SpaceTable Table>
VirtAddr AddressSpace<Table>::Break() const {
  const locking::SpinLockHolder holder(lock_);
  return break_;
}

template <SpaceTable Table>
VirtAddr AddressSpace<Table>::HeapBase() const {
  const locking::SpinLockHolder holder(lock_);
  return heap_base_;
}

template <SpaceTable Table>
base::Result<VirtAddr> AddressSpace<Table>::SetBreak(VirtAddr last_plus_one) {
  const locking::SpinLockHolder holder(lock_);
  if (heap_base_.value == 0 || last_plus_one < heap_base_) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  const uint64_t bytes = last_plus_one - heap_base_;
  // Before it is rounded up to pages.
  if (bytes > bounds().size_bytes) return std::unexpected(base::Error::kOutOfRange);
  TRY(MoveHeapEnd(PagesFor(bytes).bytes()));
  break_ = last_plus_one;
  return break_;
}

template <SpaceTable Table>
base::Result<> AddressSpace<Table>::MoveHeapEnd(uint64_t size_bytes) {
  const uint64_t old_bytes = PagesFor(break_ - heap_base_).bytes();
  if (size_bytes == old_bytes) return {};
  if (size_bytes < old_bytes) {
    return UnmapLocked({heap_base_ + size_bytes, old_bytes - size_bytes});
  }
  const VirtRange added{heap_base_ + old_bytes, size_bytes - old_bytes};
  const VmaTraits traits{.access = Access::kReadWrite,
                         .may = Access::kReadWrite,
                         .kind = VmaKind::kHeap,
                         .locked = future_locked_};
  (void)TRY(CheckPlace(added, traits));
  if (!IsFreeOfLive(added)) return std::unexpected(base::Error::kOverlap);
  if (areas_.dead() > 0) SweepIn(added);
  TRY(areas_.Add(added, traits));
  PopulateIfLocked(added, traits);
  return {};
}

template <SpaceTable Table>
void AddressSpace<Table>::SetStackLimit(uint64_t bytes) {
  const locking::SpinLockHolder holder(lock_);
  stack_limit_bytes_ = bytes;
}

}  // namespace mm
