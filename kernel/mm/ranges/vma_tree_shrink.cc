// How a VmaTree gives nodes back: small ones join their neighbours.
#include <algorithm>
#include <atomic>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/mm/ranges/vma_tree.h"

namespace mm {

void VmaTree::FreeLeaf(VmaLeaf& leaf) {
  leaf.Unlink();
  leaves_.Free(&leaf);
  found_last_.store(0, std::memory_order_relaxed);
}

void VmaTree::DropKeptLeaf() {
  if (kept_leaf_ != nullptr) leaves_.Free(std::exchange(kept_leaf_, nullptr));
}

// With its only range.
void VmaTree::RemoveLeaf(Path& path) {
  if (levels_ == 0) {
    FreeLeaf(*path.leaf);
    DropKeptLeaf();
    root_ = nullptr;
    ForgetPath();
    return;
  }
  VmaLeaf* const below = path.leaf->previous();
  if (kept_leaf_ == nullptr) {
    kept_leaf_ = path.leaf;
    kept_leaf_->Unlink();
    kept_leaf_->Reset();
    found_last_.store(0, std::memory_order_relaxed);
  } else {
    FreeLeaf(*path.leaf);
  }
  if (path.slot() != 0) return GiveLeafTo(path, *below);
  const PageIndex page = path.lower;
  RemoveChild(path, 0);
  // The leaf below, or of the lowest part the one above, has all of the gap now.
  UpdateGapAt(page);
  ForgetPath();
}

// The path's leaf is gone; its part is that of the one below, a child of the same parent, to which
// the path leads then.
void VmaTree::GiveLeafTo(Path& path, VmaLeaf& below) {
  VmaInner& parent = path.parent();
  const unsigned slot = path.slot() - 1;
  const bool keeps_shape = parent.count() > (levels_ == 1 ? 2 : VmaInner::kSmall);
  parent.set_gap_unseen(slot, std::max(parent.gap(slot), path.upper - below.last() - 1));
  RemoveChild(path, 0);
  if (!keeps_shape) return ForgetPath();
  path.slots[0] = slot;
  path.leaf = &below;
  path.lower = parent.first(slot);
  guess_ = below.count();
}

// Forgets the path's child of the node at `level`.
void VmaTree::RemoveChild(Path& path, unsigned level) {
  VmaInner& node = *path.nodes[level];
  const bool is_lowest = path.slots[level] == 0 && node.first(0) == 0;
  node.Erase(path.slots[level]);
  CHECK(node.count() != 0);
  if (is_lowest) node.set_first(0, 0);
  if (level + 1 < levels_) UpdateAbove(path, level);
  if (level + 1 == levels_) {
    RemoveThinRoots();
  } else if (node.count() < VmaInner::kSmall) {
    GatherInner(path, level);
  }
}

void VmaTree::RemoveThinRoots() {
  while (levels_ != 0) {
    auto* const root = static_cast<VmaInner*>(root_);
    if (root->count() != 1) return;
    root_ = root->child(0);
    --levels_;
    inners_.Free(root);
  }
}

// The path's leaf is small: its ranges go to one neighbour or to both, if they have room. Returns
// whether they have.
bool VmaTree::GatherLeaf(Path& path) {
  const VmaInner& parent = path.parent();
  const VmaLeaf& leaf = *path.leaf;
  const unsigned slot = path.slot();
  const VmaLeaf* const below = slot == 0 ? nullptr : parent.leaf(slot - 1);
  const VmaLeaf* const above = slot + 1 < parent.count() ? parent.leaf(slot + 1) : nullptr;
  if (below != nullptr && below->count() + leaf.count() <= VmaLeaf::kGathered &&
      below->ReachesAllOf(leaf)) {
    MergeLeaves(path, slot - 1);
  } else if (above != nullptr && leaf.count() + above->count() <= VmaLeaf::kGathered &&
             leaf.ReachesAllOf(*above)) {
    MergeLeaves(path, slot);
  } else if (below != nullptr && above != nullptr &&
             below->count() + leaf.count() + above->count() <= 2 * VmaLeaf::kGathered &&
             below->ReachesAllOf(leaf) && leaf.ReachesAllOf(*above)) {
    SpreadLeaf(path);
  } else {
    return false;
  }
  return true;
}

// The leaf at `lower_slot` takes all of the next one.
void VmaTree::MergeLeaves(Path& path, unsigned lower_slot) {
  VmaInner& parent = path.parent();
  VmaLeaf& upper = *parent.leaf(lower_slot + 1);
  parent.leaf(lower_slot)->MoveDown(upper, upper.count());
  FreeLeaf(upper);
  path.slots[0] = lower_slot + 1;
  // Before the child goes, so that its own gap, which ends where the upper's did, is known.
  const PageIndex end = parent.Upper(lower_slot + 1, path.parent_upper);
  parent.set_gap(lower_slot, parent.leaf(lower_slot)->LargestGap(parent.first(lower_slot), end));
  RemoveChild(path, 0);
}

// The path's leaf, which is not its parent's first or last, is shared out between its neighbours.
void VmaTree::SpreadLeaf(Path& path) {
  VmaInner& parent = path.parent();
  VmaLeaf& leaf = *path.leaf;
  const unsigned slot = path.slot();
  VmaLeaf& below = *parent.leaf(slot - 1);
  VmaLeaf& above = *parent.leaf(slot + 1);
  const unsigned half = (below.count() + leaf.count() + above.count()) / 2;
  // Neither neighbour has room for all, so that each gets some.
  below.MoveDown(leaf, half - below.count());
  leaf.MoveUp(above, leaf.count());
  FreeLeaf(leaf);
  parent.set_first(slot + 1, above.first());
  UpdateLeafGap(path, slot + 1);
  const PageIndex lower = parent.first(slot - 1);
  parent.set_gap(slot - 1, below.LargestGap(lower, above.first()));
  RemoveChild(path, 0);
}

// The node at `level` is small: it joins a neighbour, or takes some of a large one's children.
void VmaTree::GatherInner(Path& path, unsigned level) {
  VmaInner& parent = *path.nodes[level + 1];
  CHECK(parent.count() > 1);
  const unsigned slot = path.slots[level + 1];
  const unsigned lower_slot = slot == 0 ? 0 : slot - 1;
  VmaInner& lower = *parent.inner(lower_slot);
  VmaInner& upper = *parent.inner(lower_slot + 1);
  const unsigned both = lower.count() + upper.count();
  if (both <= VmaInner::kGathered) {
    lower.MoveDown(upper, upper.count());
    parent.set_gap(lower_slot, lower.LargestGap());
    inners_.Free(&upper);
    path.slots[level + 1] = lower_slot + 1;
    RemoveChild(path, level + 1);
    return;
  }
  if (lower.count() < upper.count()) {
    lower.MoveDown(upper, both / 2 - lower.count());
  } else {
    lower.MoveUp(upper, both / 2 - upper.count());
  }
  parent.set_first(lower_slot + 1, upper.first(0));
  parent.set_gap(lower_slot, lower.LargestGap());
  parent.set_gap(lower_slot + 1, upper.LargestGap());
  UpdateAbove(path, level + 1);
}

}  // namespace mm
