// A model of how Linux kept the ranges of an address space before its maple tree (up to 6.0,
// mm/mmap.c): a red-black tree of vm_area_struct, linked in a list as well, in which each node
// knows the largest gap in front of a range of its subtree. Written anew from that description;
// nothing of Linux is here.
//
// What is modelled: the node's first cache line (bounds, list links, tree links with the colour in
// the parent's, largest gap: 64 bytes; 48 without the list), the search for an address, insertion
// and erasure with the gaps kept, the search for the first gap. What is not: locks, the per-thread
// cache of the range found last, merging, and everything else that the kernel does with a range.
#pragma once

#include <cstddef>
#include <cstdint>

namespace bench {

// Pages; both ends inclusive.
struct LinuxRange {
  uint64_t first = 0;
  uint64_t last = 0;
  LinuxRange* next = nullptr;
  LinuxRange* previous = nullptr;
  uintptr_t parent_and_colour = 0;
  LinuxRange* left = nullptr;
  LinuxRange* right = nullptr;
  uint64_t largest_gap = 0;
};
static_assert(sizeof(LinuxRange) == 64);

class LinuxGapTree {
 public:
  // The range that contains `page`, or the first above it.
  [[nodiscard]] LinuxRange* FindNotBelow(uint64_t page) const;

  // Whether there was room; `range` says where.
  bool Insert(LinuxRange& range);
  void Erase(LinuxRange& range);

  static constexpr uint64_t kNoGap = ~uint64_t{0};
  // The first page of the lowest gap of `pages` that starts at `lowest` or above, below some range;
  // kNoGap if there is none.
  [[nodiscard]] uint64_t FindGap(uint64_t pages, uint64_t lowest) const;

  [[nodiscard]] LinuxRange* first() const;

  // Colours, order and gaps.
  [[nodiscard]] bool IsSound() const;

 private:
  void LinkInList(LinuxRange& range, LinuxRange* previous, LinuxRange* next);
  void Replace(const LinuxRange& old_child, LinuxRange* child, LinuxRange* parent);
  void RotateLeft(LinuxRange& node);
  void RotateRight(LinuxRange& node);
  void ColourAfterInsert(LinuxRange* node);
  void ColourAfterErase(LinuxRange* node, LinuxRange* parent);

  LinuxRange* root_ = nullptr;
};

}  // namespace bench
