// Which parts of a space of addresses are taken: the kernel's virtual addresses, for one. Best fit,
// in O(log n) steps; a million ranges are nothing special.
//
// The space is cut into ranges, each allocated or free; neighbouring free ranges are one. Two
// B+-trees hold them: all of them by address, eight bytes each, and the free ones by size. Nothing
// is written into the ranges themselves, which need not be memory.
//
// Freeing never needs memory: an allocation sets aside the nodes that its free may take. Not
// locked: whoever owns the allocator orders the calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "kernel/base/function_ref.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/ranges/key_tree.h"
#include "kernel/mm/ranges/range_allocator_keys.h"
#include "kernel/mm/ranges/spare_nodes.h"

namespace mm {

// Why a range cannot be freed. The allocator is as it was.
enum class RangeFault : uint8_t {
  kOutsideSpace,    // empty, wrapping, not whole granules, or not in the space
  kDoubleFree,      // all of it is free already
  kNeverAllocated,  // some of it is allocated, but nothing that starts there
  kWrongSize,       // starts with an allocated range of another size
};

// What a person reads, for example "freed twice".
[[nodiscard]] std::string_view RangeFaultName(RangeFault fault);

class RangeAllocator {
 public:
  enum class State : uint8_t { kFree, kAllocated };

  struct Statistics {
    uint64_t free_bytes = 0;
    uint64_t largest_free_bytes = 0;
    uint64_t free_ranges = 0;
    uint64_t allocated_bytes = 0;
    uint64_t allocated_ranges = 0;
    uint64_t node_bytes = 0;  // what the trees take, what is set aside included
  };

  // Takes memory from `source`, which must outlive this, one page at a time. Every range is whole
  // granules; `granule_bytes` is a power of two, at least 2 (CHECKed).
  RangeAllocator(PageSource& source, uint64_t granule_bytes);
  RangeAllocator(const RangeAllocator&) = delete;
  RangeAllocator& operator=(const RangeAllocator&) = delete;
  // Gives all memory back, whatever is still allocated.
  ~RangeAllocator();

  // What there is to allocate; all of it is free. It may end with the last byte of the address
  // space. Called once, before all else. Errors: kInvalidArgument (empty or wrapping), kNotAligned
  // (no whole granules), kOutOfMemory.
  [[nodiscard]] base::Result<> Start(const VirtRange& space);

  // The smallest free range that `size_bytes` fit into, the lowest of several, from its start.
  // Errors: kInvalidArgument (nothing asked for), kNotAligned (no whole granules), kOutOfMemory (no
  // such free range, or no node). On an error nothing has changed. O(log n).
  [[nodiscard]] base::Result<VirtRange> Allocate(uint64_t size_bytes);

  // The same with a base that is a multiple of `alignment`, a power of two. The kAlignedTries
  // smallest that are large enough are tried, then the smallest that holds the size wherever it
  // starts. O(log n), unless nothing is that large: then every other is tried. Errors: those of
  // Allocate(); kInvalidArgument also for the alignment.
  static constexpr unsigned kAlignedTries = 16;
  [[nodiscard]] base::Result<VirtRange> AllocateAligned(uint64_t size_bytes, uint64_t alignment);

  // Exactly `range`. Errors: kInvalidArgument (empty or wrapping), kNotAligned (no whole granules),
  // kOutOfRange (not in the space), kOverlap (not all free), kOutOfMemory (no node). On an error
  // nothing has changed. O(log n).
  [[nodiscard]] base::Result<> AllocateAt(const VirtRange& range);

  // Takes back exactly what was allocated. Never fails for lack of memory. O(log n).
  [[nodiscard]] std::expected<void, RangeFault> Free(const VirtRange& range);

  // The allocated range that holds `va`. O(log n), allocates nothing.
  [[nodiscard]] std::optional<VirtRange> FindAllocated(VirtAddr va) const;

  // Every range, ascending. O(n).
  using Visitor = base::FunctionRef<void(const VirtRange&, State)>;
  void ForEach(Visitor visit) const;

  [[nodiscard]] const VirtRange& space() const { return space_; }
  [[nodiscard]] uint64_t granule_bytes() const { return granule_bytes_; }

  // O(log n).
  [[nodiscard]] Statistics statistics() const;

  // kCorrupt when the trees are not sound, do not show the same free ranges, leave free neighbours
  // apart, or too few nodes are set aside. O(n log n).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  using Boundaries = KeyTree<range_allocator_internal::BoundaryOrder>;
  using FreeSizes = KeyTree<range_allocator_internal::SizeOrder>;
  using SizeKey = range_allocator_internal::SizeKey;

  // The free ranges beside a range.
  struct FreeNeighbours {
    std::optional<SizeKey> before;
    std::optional<SizeKey> after;
  };

  [[nodiscard]] base::Result<> CheckSize(uint64_t size_bytes) const;
  [[nodiscard]] bool FindAligned(uint64_t size_bytes, uint64_t alignment,
                                 FreeSizes::Place& place) const;
  [[nodiscard]] VirtRange RangeAt(const Boundaries::Place& place) const;
  [[nodiscard]] FreeNeighbours FreeNeighboursOf(const Boundaries::Place& place,
                                                const VirtRange& range) const;
  void Take(const SizeKey& free, const VirtRange& range);
  void PutBack(Boundaries::Place& place, const VirtRange& range);
  [[nodiscard]] RangeFault NameFault(const Boundaries::Place& place, const VirtRange& range) const;

  [[nodiscard]] uint64_t NodesToKeep() const;
  [[nodiscard]] base::Result<> SetNodesAside();
  void SetFreeable(uint64_t ranges);
  void GiveNodesBack();

  uint64_t granule_bytes_;
  VirtRange space_;
  SpareNodes nodes_;
  Boundaries boundaries_;
  FreeSizes free_sizes_;
  uint64_t allocated_bytes_ = 0;
  uint64_t allocated_ranges_ = 0;
  // The nodes set aside, with those in `free_sizes_`, are at least `most_size_nodes_`: enough to
  // free this many allocated ranges in any order.
  uint64_t freeable_ranges_ = 0;
  uint64_t most_size_nodes_ = 0;
};

}  // namespace mm
