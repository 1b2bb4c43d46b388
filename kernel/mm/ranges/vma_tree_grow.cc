// How a VmaTree makes room: sharing between neighbours, and splits.
#include <algorithm>
#include <expected>
#include <new>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/ranges/vma_tree.h"

namespace mm {

// The leaf is full, or the span too far from its ranges.
base::Result<> VmaTree::InsertOutside(Path& path, unsigned slot, const PageSpan& span,
                                      uintptr_t value) {
  const VmaLeaf& leaf = *path.leaf;
  const bool is_far = !leaf.Reaches(span.first);
  const bool is_outermost = slot == leaf.count() || slot == 0;
  if (is_far || (is_outermost && leaf.IsFilledInOrder(slot))) {
    return InsertLeaf(path, slot, span, value);
  }
  TRY(MakeRoom(path, slot));
  Descend(span.first, path);
  PutInto(path, path.leaf->CountNotAbove(span.first), span, value);
  return {};
}

// The span becomes the first range of the next leaf, if that one alone is near and has room.
// Returns whether it does; the path leads there then.
bool VmaTree::InsertBelowNext(Path& path, unsigned slot, const PageSpan& span, uintptr_t value) {
  const VmaLeaf& leaf = *path.leaf;
  if (slot != leaf.count() || leaf.Reaches(span.first)) return false;
  const VmaLeaf* const next = leaf.next();
  if (next == nullptr || next->IsFull() || !next->Reaches(span.first)) return false;
  path.upper = span.first;
  UpdateGap(path);
  Descend(next->first(), path);
  path.leaf->Insert(0, span, value);
  guess_ = 1;
  SetFirst(path, span.first);
  UpdateGap(path);
  return true;
}

// The span gets a leaf of its own, above the path's, if one is at hand and its parent has room.
// Returns whether it does; the path leads to the new leaf then.
bool VmaTree::InsertKeptLeaf(Path& path, unsigned slot, const PageSpan& span, uintptr_t value) {
  VmaLeaf& leaf = *path.leaf;
  if (kept_leaf_ == nullptr || levels_ == 0 || slot == 0 || leaf.Reaches(span.first)) return false;
  VmaInner& parent = path.parent();
  const VmaLeaf* const next = leaf.next();
  if (parent.IsFull() || (next != nullptr && next->Reaches(span.first))) return false;
  VmaLeaf& added = *std::exchange(kept_leaf_, nullptr);
  added.Insert(0, span, value);
  added.PutAfter(leaf);
  parent.set_gap_unseen(path.slot(), leaf.LargestGap(path.lower, span.first));
  const PageIndex gap = path.upper - span.last - 1;
  parent.Insert(++path.slots[0], {span.first, gap, &added});
  if (levels_ > 1) UpdateAbove(path, 0);
  path.leaf = &added;
  path.lower = span.first;
  guess_ = 1;
  return true;
}

// The span gets a leaf of its own, above the path's or, in the gap below all ranges, below it.
base::Result<> VmaTree::InsertLeaf(Path& path, unsigned slot, const PageSpan& span,
                                   uintptr_t value) {
  Spare spare = TRY(ReserveFor(path));
  VmaLeaf& added = NewLeaf(spare);
  added.Insert(0, span, value);
  if (levels_ == 0) AddRoot(path, spare);
  VmaLeaf& leaf = *path.leaf;
  if (slot != 0) {
    added.PutAfter(leaf);
    path.parent().set_gap_unseen(path.slot(), leaf.LargestGap(path.lower, span.first));
    const PageIndex gap = added.LargestGap(span.first, path.upper);
    AddChild(path, 0, path.slot() + 1, {span.first, gap, &added}, spare);
  } else {
    added.PutBefore(leaf);
    const PageIndex gap = added.LargestGap(path.lower, leaf.first());
    path.parent().set_first(0, leaf.first());
    path.parent().set_gap(0, leaf.LargestGap(leaf.first(), path.upper));
    AddChild(path, 0, 0, {path.lower, gap, &added}, spare);
  }
  return {};
}

// After it, the range that was to go to `slot` of the full leaf has room where a search leads now.
base::Result<> VmaTree::MakeRoom(Path& path, unsigned slot) {
  const VmaLeaf& leaf = *path.leaf;
  if (slot != 0 && slot != leaf.count() && leaf.IsFilledInOrder(slot)) return SplitLeaf(path, slot);
  if (levels_ == 0) return SplitLeaf(path, VmaLeaf::kSlots / 2);
  if (ShareWithNeighbour(path)) return {};
  const VmaInner& parent = path.parent();
  const unsigned at = path.slot();
  if (at + 1 < parent.count() && leaf.ReachesAllOf(*parent.leaf(at + 1))) {
    return SplitTwoLeaves(path, at);
  }
  if (at != 0 && parent.leaf(at - 1)->ReachesAllOf(leaf)) return SplitTwoLeaves(path, at - 1);
  return SplitLeaf(path, VmaLeaf::kSlots / 2);
}

// Evens out with the emptier neighbour, when that has enough room to be worth it.
bool VmaTree::ShareWithNeighbour(const Path& path) {
  VmaInner& parent = path.parent();
  VmaLeaf& leaf = *path.leaf;
  const unsigned slot = path.slot();
  const auto room = [](const VmaLeaf* neighbour) {
    return neighbour == nullptr ? 0 : VmaLeaf::kSlots - neighbour->count();
  };
  VmaLeaf* below = slot == 0 ? nullptr : parent.leaf(slot - 1);
  VmaLeaf* above = slot + 1 < parent.count() ? parent.leaf(slot + 1) : nullptr;
  if (below != nullptr && !below->ReachesAllOf(leaf)) below = nullptr;
  if (above != nullptr && !leaf.ReachesAllOf(*above)) above = nullptr;
  const unsigned most = std::max(room(below), room(above));
  if (most < kWorthSharing) return false;
  const unsigned moved = (most + 1) / 2;
  if (room(below) == most) {
    below->MoveDown(leaf, moved);
    UpdateLeaves(path, slot - 1);
  } else {
    leaf.MoveUp(*above, moved);
    UpdateLeaves(path, slot);
  }
  UpdateAbove(path, 0);
  return true;
}

// The leaf keeps its first `kept` ranges; a new one after it gets the others.
base::Result<> VmaTree::SplitLeaf(Path& path, unsigned kept) {
  Spare spare = TRY(ReserveFor(path));
  if (levels_ == 0) AddRoot(path, spare);
  VmaLeaf& added = NewLeaf(spare);
  path.leaf->MoveUp(added, path.leaf->count() - kept);
  AddLeafAfter(path, path.slot(), added, spare);
  return {};
}

// Two neighbours in reach of each other, at `lower_slot` and after it, become three.
base::Result<> VmaTree::SplitTwoLeaves(Path& path, unsigned lower_slot) {
  Spare spare = TRY(ReserveFor(path));
  VmaInner& parent = path.parent();
  VmaLeaf& lower = *parent.leaf(lower_slot);
  VmaLeaf& upper = *parent.leaf(lower_slot + 1);
  VmaLeaf& added = NewLeaf(spare);
  lower.MoveUp(added, lower.count() / 3);
  added.MoveDown(upper, upper.count() / 3);
  parent.set_first(lower_slot + 1, upper.first());
  UpdateLeafGap(path, lower_slot + 1);
  AddLeafAfter(path, lower_slot, added, spare);
  return {};
}

// A child of the path's parent got ranges from the one at `slot`, and comes after it.
void VmaTree::AddLeafAfter(Path& path, unsigned slot, VmaLeaf& added, Spare& spare) {
  VmaInner& parent = path.parent();
  added.PutAfter(*parent.leaf(slot));
  const PageIndex upper = parent.Upper(slot, path.parent_upper);
  parent.set_gap(slot, parent.leaf(slot)->LargestGap(parent.first(slot), added.first()));
  const PageIndex gap = added.LargestGap(added.first(), upper);
  AddChild(path, 0, slot + 1, {added.first(), gap, &added}, spare);
}

// For one more leaf: full nodes above it split, and a full root, or a leaf that is the root, gets a
// new one above it.
base::Result<VmaTree::Spare> VmaTree::ReserveFor(const Path& path) {
  unsigned full = 0;
  while (full < levels_ && path.nodes[full]->IsFull()) ++full;
  const unsigned roots = full == levels_ ? 1 : 0;
  Spare spare;
  if (kept_leaf_ == nullptr) spare.leaves = TRY(leaves_.Reserve(1));
  if (full + roots != 0) spare.inners = TRY(inners_.Reserve(full + roots));
  return spare;
}

VmaLeaf& VmaTree::NewLeaf(Spare& spare) {
  if (kept_leaf_ != nullptr) return *std::exchange(kept_leaf_, nullptr);
  return *new (spare.leaves.Take()) VmaLeaf;
}

// The root, a leaf or inner node, becomes the only child of a new one.
void VmaTree::AddRoot(Path& path, Spare& spare) {
  CHECK(levels_ < kMaxLevels);
  auto* const root = new (spare.inners.Take()) VmaInner;
  const PageIndex gap =
      levels_ == 0 ? path.leaf->LargestGap(0, kPageLimit) : path.nodes[levels_ - 1]->LargestGap();
  root->Insert(0, {0, gap, root_});
  path.nodes[levels_] = root;
  path.slots[levels_] = 0;
  root_ = root;
  ++levels_;
}

void VmaTree::AddChild(Path& path, unsigned level, unsigned slot, const VmaInner::Child& child,
                       Spare& spare) {
  for (VmaInner::Child adding = child;; ++level) {
    VmaInner& node = *path.nodes[level];
    if (!node.IsFull()) {
      node.Insert(slot, adding);
      UpdateAbove(path, level);
      return;
    }
    if (level + 1 == levels_) AddRoot(path, spare);
    VmaInner& upper = *new (spare.inners.Take()) VmaInner;
    SplitInner(node, upper, slot, adding);
    path.nodes[level + 1]->set_gap(path.slots[level + 1], node.LargestGap());
    slot = path.slots[level + 1] + 1;
    adding = {upper.first(0), upper.LargestGap(), &upper};
  }
}

// `node` is full and gets one more child: `upper`, a new node, takes the upper part. Children that
// come in order leave full nodes behind.
void VmaTree::SplitInner(VmaInner& node, VmaInner& upper, unsigned slot,
                         const VmaInner::Child& child) {
  const unsigned moved = slot == VmaInner::kSlots ? VmaInner::kSmall : VmaInner::kSlots / 2;
  const unsigned kept = VmaInner::kSlots - moved;
  node.MoveUp(upper, moved);
  if (slot > kept) {
    upper.Insert(slot - kept, child);
  } else {
    node.Insert(slot, child);
  }
}

}  // namespace mm
