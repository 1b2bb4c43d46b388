// What inner nodes know of their children: where each starts, and its largest gap.
#include <algorithm>

#include "kernel/mm/ranges/vma_tree.h"

namespace mm {

// The largest gap of the path's leaf is `gap` now.
void VmaTree::SetGap(const Path& path, PageIndex gap) {
  for (unsigned level = 0;; ++level) {
    VmaInner& node = *path.nodes[level];
    node.set_gap(path.slots[level], gap);
    if (level + 1 == levels_) return;
    gap = node.LargestGap();
    if (gap == path.nodes[level + 1]->gap(path.slots[level + 1])) return;
  }
}

void VmaTree::UpdateGap(const Path& path) {
  if (levels_ == 0) return;
  const PageIndex gap = path.leaf->LargestGap(path.lower, path.upper);
  if (gap != path.parent().gap(path.slot())) SetGap(path, gap);
}

// For the leaf in whose part `page` lies.
void VmaTree::UpdateGapAt(PageIndex page) {
  Path path;
  Descend(page, path);
  UpdateGap(path);
}

// The part of the path's leaf, and of the nodes that start with it, starts at `first` now.
void VmaTree::SetFirst(Path& path, PageIndex first) {
  path.lower = first;
  for (unsigned level = 0; level < levels_; ++level) {
    path.nodes[level]->set_first(path.slots[level], first);
    if (path.slots[level] != 0) return;
  }
}

// The children of the path's node at `level` have changed.
void VmaTree::UpdateAbove(const Path& path, unsigned level) {
  for (; level + 1 < levels_; ++level) {
    const VmaInner& node = *path.nodes[level];
    VmaInner& above = *path.nodes[level + 1];
    const unsigned slot = path.slots[level + 1];
    const PageIndex gap = node.LargestGap();
    if (above.gap(slot) == gap && above.first(slot) == node.first(0)) return;
    above.set_gap(slot, gap);
    above.set_first(slot, node.first(0));
  }
}

// Two neighbours, children of one parent, have exchanged ranges.
void VmaTree::UpdateLeaves(const Path& path, unsigned lower_slot) {
  VmaInner& parent = path.parent();
  const unsigned upper_slot = lower_slot + 1;
  parent.set_first(upper_slot, parent.leaf(upper_slot)->first());
  UpdateLeafGap(path, lower_slot);
  UpdateLeafGap(path, upper_slot);
}

// In the parent only.
void VmaTree::UpdateLeafGap(const Path& path, unsigned slot) {
  VmaInner& parent = path.parent();
  const PageIndex upper = parent.Upper(slot, path.parent_upper);
  parent.set_gap(slot, parent.leaf(slot)->LargestGap(parent.first(slot), upper));
}

}  // namespace mm
