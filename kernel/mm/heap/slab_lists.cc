#include "kernel/mm/heap/slab_lists.h"

#include <algorithm>
#include <bit>

namespace mm {

void SlabLists::Add(Slab& slab) { Link(slab, ListFor(slab)); }

void SlabLists::Remove(Slab& slab) {
  Unlink(slab);
  slab.list = kFull;
}

Slab* SlabLists::Fullest() const {
  for (Slab* head : heads_) {
    if (head != nullptr) return head;
  }
  return nullptr;
}

void SlabLists::Move(Slab& slab, List list) {
  Unlink(slab);
  Link(slab, list);
}

// The inverse of ListFor(). An empty slab does not rise.
uint16_t SlabLists::RiseOf(const Slab& slab, List list) {
  constexpr unsigned kQuarters = 4;
  if (list == kFull) return 1;
  if (list == kEmpty) return 0;
  const unsigned count = slab.object_count;
  return static_cast<uint16_t>(std::min(count, count * (list + 1) / kQuarters + 1));
}

void SlabLists::Link(Slab& slab, List list) {
  slab.list = list;
  slab.rises_at = RiseOf(slab, list);
  if (list == kFull) return;
  Slab*& head = heads_.data()[list];
  slab.previous = nullptr;
  slab.next = head;
  if (head != nullptr) head->previous = &slab;
  head = &slab;
}

void SlabLists::Unlink(Slab& slab) {
  if (slab.list == kFull) return;
  if (slab.next != nullptr) slab.next->previous = slab.previous;
  if (slab.previous != nullptr) {
    slab.previous->next = slab.next;
  } else {
    heads_.data()[slab.list] = slab.next;
  }
}

base::Result<> SlabLists::Check(size_t& free_objects, size_t& slabs) const {
  for (uint8_t list = 0; list < kListCount; ++list) {
    const Slab* previous = nullptr;
    for (const Slab* slab = heads_[list]; slab != nullptr; slab = slab->next) {
      unsigned bits = 0;
      for (const uint64_t row : slab->free_rows())
        bits += static_cast<unsigned>(std::popcount(row));
      const bool sound = slab->list == list && ListFor(*slab) == list &&
                         slab->rises_at == RiseOf(*slab, ListFor(*slab)) &&
                         slab->previous == previous && bits == slab->free_count;
      if (!sound) return std::unexpected(base::Error::kCorrupt);
      free_objects += bits;
      ++slabs;
      previous = slab;
    }
  }
  return {};
}

}  // namespace mm
