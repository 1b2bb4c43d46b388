// A slab: a run of pages cut into objects of one size, and the record that says which are free.
//
// Records lie outside the slabs, in memory of their own: what is free is known without a look at
// the objects, and records do not compete for the same lines of the processor's caches, as headers
// at the start of every slab would.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/mm/debug.h"
#include "kernel/mm/facts/address.h"

namespace mm {

class SlabCache;

inline constexpr unsigned kSlabRowBits = 64;
inline constexpr unsigned kMaxObjectsPerSlab = 11 * kSlabRowBits;

// What never changes: cache, objects, object_count, order. The rest is guarded by the lock of the
// cache. Rows of bits follow: free bits, and in debug builds as many rows of live bits.
struct alignas(uint64_t) Slab {
  Slab* next;
  Slab* previous;
  SlabCache* cache;
  std::byte* objects;  // the first one
  uint16_t object_count;
  uint16_t free_count;
  uint16_t rises_at;  // the free_count at which, growing, the slab leaves its list
  uint8_t order;      // 2^order pages
  uint8_t list;       // see SlabLists

  [[nodiscard]] size_t bytes() const { return static_cast<size_t>(kPageSize) << order; }

  // A bit set: that object is in the slab, free; clear: it is allocated or in a magazine.
  [[nodiscard]] std::span<uint64_t> free_rows() { return {rows(), RowsFor(object_count)}; }
  [[nodiscard]] std::span<const uint64_t> free_rows() const {
    return {rows(), RowsFor(object_count)};
  }
  [[nodiscard]] bool IsFree(unsigned index) const {
    return (rows()[RowOf(index)] & MaskOf(index)) != 0;
  }

  // Live bits: whether an object is allocated. Free bits learn of a free only when the object
  // leaves its magazine. Atomic, because magazines of several processors hold objects of one slab.
  // The first two return whether the bit was set.
  bool SetLive(unsigned index) {
    return (LiveRow(index).fetch_or(MaskOf(index), std::memory_order_relaxed) & MaskOf(index)) != 0;
  }
  bool ClearLive(unsigned index) {
    return (LiveRow(index).fetch_and(~MaskOf(index), std::memory_order_relaxed) & MaskOf(index)) !=
           0;
  }
  [[nodiscard]] bool IsLive(unsigned index) {
    return (LiveRow(index).load(std::memory_order_relaxed) & MaskOf(index)) != 0;
  }

  [[nodiscard]] static constexpr size_t RecordBytesFor(unsigned objects) {
    return sizeof(Slab) + RowsFor(objects) * sizeof(uint64_t) * (kDebug ? 2 : 1);
  }

  [[nodiscard]] static constexpr unsigned RowOf(unsigned index) { return index / kSlabRowBits; }
  [[nodiscard]] static constexpr uint64_t MaskOf(unsigned index) {
    return uint64_t{1} << (index % kSlabRowBits);
  }

  [[nodiscard]] uint64_t* rows() { return reinterpret_cast<uint64_t*>(this + 1); }
  [[nodiscard]] const uint64_t* rows() const { return reinterpret_cast<const uint64_t*>(this + 1); }

 private:
  static constexpr size_t RowsFor(unsigned objects) {
    return (objects + kSlabRowBits - 1) / kSlabRowBits;
  }
  std::atomic_ref<uint64_t> LiveRow(unsigned index) {
    return std::atomic_ref<uint64_t>(rows()[RowsFor(object_count) + RowOf(index)]);
  }
};

static_assert(alignof(Slab) == alignof(uint64_t) && sizeof(Slab) % sizeof(uint64_t) == 0);

// Most slabs have few objects, and then a record takes one cache line; the largest take two.
inline constexpr size_t kSmallSlabRecordBytes = kDebug ? 128 : 64;
inline constexpr size_t kLargeSlabRecordBytes = 2 * kSmallSlabRecordBytes;
static_assert(Slab::RecordBytesFor(kMaxObjectsPerSlab) <= kLargeSlabRecordBytes);

}  // namespace mm
