// The slabs of a cache that have free objects, by how full they are.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/mm/heap/slab.h"

namespace mm {

// Objects are taken from the fullest slabs, so that the emptiest ones drain and their pages can be
// given back. Sorting by quarters is as good as sorting by number, and hardly ever moves a slab.
// Guarded by the lock of the cache.
class SlabLists {
 public:
  // Where a slab is, in Slab::list.
  enum List : uint8_t {
    kQuarterFree,  // at most a quarter of it is free
    kHalfFree,
    kThreeQuartersFree,
    kMostlyFree,
    kEmpty,  // of allocated objects
    kFull,   // in no list
  };
  static constexpr size_t kListCount = kFull;

  void Add(Slab& slab);
  void Remove(Slab& slab);

  // After any change of its free_count.
  void Update(Slab& slab) {
    if (const List list = ListFor(slab); list != slab.list) [[unlikely]]
      Move(slab, list);
  }

  // The fullest slab that has a free object; null when there is none.
  [[nodiscard]] Slab* Fullest() const;
  [[nodiscard]] Slab* first_empty() const { return heads_[kEmpty]; }

  // Every slab is in the list where it belongs and its bits agree with its counts. Adds up the free
  // objects and counts the slabs. Error: kCorrupt. O(slabs with free objects).
  [[nodiscard]] base::Result<> Check(size_t& free_objects, size_t& slabs) const;

 private:
  [[nodiscard]] static List ListFor(const Slab& slab) {
    const unsigned count = slab.object_count;
    const unsigned free = slab.free_count;
    if (free == 0) return kFull;
    if (free == count) return kEmpty;
    return static_cast<List>((free * 4 > count ? 1 : 0) + (free * 2 > count ? 1 : 0) +
                             (free * 4 > count * 3 ? 1 : 0));
  }
  [[nodiscard]] static uint16_t RiseOf(const Slab& slab, List list);
  void Move(Slab& slab, List list);
  void Link(Slab& slab, List list);
  void Unlink(Slab& slab);

  std::array<Slab*, kListCount> heads_{};
};

}  // namespace mm
