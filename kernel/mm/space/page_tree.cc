#include "kernel/mm/space/page_tree.h"

#include <algorithm>
#include <new>

#include "kernel/base/check.h"

namespace mm {

PageTree::~PageTree() { CHECK(pages_ == 0 && root_ == 0); }

std::optional<FrameNumber> PageTree::Find(uint64_t number) const {
  if (!Reaches(number)) return std::nullopt;
  Slot slot = root_;
  for (unsigned level = levels_; level > 0 && slot != 0; --level) {
    slot = NodeOf(slot).slots[IndexAt(number, level)];
  }
  if (slot == 0) return std::nullopt;
  return FrameOf(slot);
}

// `first` and the result are within what the slot is of.
std::optional<uint64_t> PageTree::FindFromIn(Slot slot, unsigned level, uint64_t first) {
  if (slot == 0) return std::nullopt;
  if (level == 0) return 0;
  const uint64_t start = IndexAt(first, level);
  const unsigned bits = (level - 1) * kIndexBits;
  for (uint64_t index = start; index < kSlots; ++index) {
    const auto found = FindFromIn(NodeOf(slot).slots[static_cast<size_t>(index)], level - 1,
                                  index == start ? first : 0);
    if (found) return index << bits | *found;
  }
  return std::nullopt;
}

std::optional<uint64_t> PageTree::FindFrom(uint64_t number) const {
  if (!Reaches(number)) return std::nullopt;
  return FindFromIn(root_, levels_, number);
}

base::Result<PageTree::Slot> PageTree::NewNode() {
  return reinterpret_cast<Slot>(new (TRY(nodes_.Allocate())) Node{});
}

// Nodes on top until `number` is in reach. An empty tree needs none: it is as deep as one likes.
base::Result<> PageTree::Deepen(uint64_t number) {
  while (!Reaches(number)) {
    if (root_ != 0) {
      const Slot above = TRY(NewNode());
      NodeOf(above).slots[0] = root_;
      root_ = above;
    }
    ++levels_;
  }
  return {};
}

// Takes nodes away from the top that hold nothing but the first slot, and empty levels.
void PageTree::FlattenUnused() {
  while (levels_ > 0) {
    if (root_ != 0) {
      const Node& node = NodeOf(root_);
      if (std::ranges::any_of(node.slots.begin() + 1, node.slots.end(),
                              [](Slot slot) { return slot != 0; })) {
        return;
      }
      const Slot only = node.slots[0];
      nodes_.Free(reinterpret_cast<void*>(root_));
      root_ = only;
    }
    --levels_;
  }
}

base::Result<> PageTree::Insert(uint64_t number, FrameNumber frame) {
  CHECK(number >> kNumberBits == 0);
  // The nodes below the one where the way ends now, made before anything is linked.
  const auto deepened = Deepen(number);
  Slot* slot = &root_;
  unsigned level = levels_;
  while (deepened && level > 0 && *slot != 0) slot = &NodeOf(*slot).slots[IndexAt(number, level--)];
  Slot branch = SlotOf(frame);
  base::Result<> result = deepened;
  unsigned made = 0;
  for (unsigned below = 1; result && below <= level; ++below) {
    const base::Result<Slot> node = NewNode();
    if (!node) {
      result = std::unexpected(node.error());
      break;
    }
    NodeOf(*node).slots[IndexAt(number, below)] = branch;
    branch = *node;
    made = below;
  }
  if (!result) {
    for (unsigned below = made; below > 0; --below) {
      const Slot node = branch;
      branch = NodeOf(node).slots[IndexAt(number, below)];
      nodes_.Free(reinterpret_cast<void*>(node));
    }
    FlattenUnused();
    return result;
  }
  CHECK(*slot == 0);
  *slot = branch;
  ++pages_;
  return {};
}

void PageTree::RemoveIn(Slot& slot, unsigned level, uint64_t first,
                        base::FunctionRef<void(FrameNumber)> visit) {
  if (slot == 0) return;
  if (level == 0) {
    visit(FrameOf(slot));
    --pages_;
    slot = 0;
    return;
  }
  Node& node = NodeOf(slot);
  const size_t start = IndexAt(first, level);
  for (size_t index = start; index < kSlots; ++index) {
    RemoveIn(node.slots[index], level - 1, index == start ? first : 0, visit);
  }
  if (std::ranges::any_of(node.slots, [](Slot each) { return each != 0; })) return;
  nodes_.Free(&node);
  slot = 0;
}

void PageTree::RemoveFrom(uint64_t first, base::FunctionRef<void(FrameNumber)> visit) {
  if (!Reaches(first)) return;
  RemoveIn(root_, levels_, first, visit);
  FlattenUnused();
}

base::Result<uint64_t> PageTree::CountIn(Slot slot, unsigned level) {
  if (slot == 0) return 0;
  if (level == 0) return 1;
  uint64_t pages = 0;
  for (const Slot each : NodeOf(slot).slots) pages += TRY(CountIn(each, level - 1));
  if (pages == 0) return std::unexpected(base::Error::kCorrupt);
  return pages;
}

base::Result<> PageTree::CheckInvariants() const {
  if (TRY(CountIn(root_, levels_)) != pages_) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
