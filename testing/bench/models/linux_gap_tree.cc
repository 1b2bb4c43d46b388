#include "testing/bench/models/linux_gap_tree.h"

#include <algorithm>
#include <cstdint>

namespace bench {
namespace {

constexpr uintptr_t kBlack = 1;

LinuxRange* Parent(const LinuxRange& node) {
  return reinterpret_cast<LinuxRange*>(node.parent_and_colour & ~kBlack);
}
bool IsBlack(const LinuxRange* node) {
  return node == nullptr || (node->parent_and_colour & kBlack) != 0;
}
void SetParent(LinuxRange& node, LinuxRange* parent) {
  node.parent_and_colour = reinterpret_cast<uintptr_t>(parent) | (node.parent_and_colour & kBlack);
}
void SetBlack(LinuxRange& node) { node.parent_and_colour |= kBlack; }
void SetRed(LinuxRange& node) { node.parent_and_colour &= ~kBlack; }
void CopyColour(LinuxRange& to, const LinuxRange& from) {
  to.parent_and_colour = (to.parent_and_colour & ~kBlack) | (from.parent_and_colour & kBlack);
}

uint64_t GapBefore(const LinuxRange& node) {
  return node.previous == nullptr ? node.first : node.first - node.previous->last - 1;
}

uint64_t LargestGap(const LinuxRange& node) {
  uint64_t gap = GapBefore(node);
  if (node.left != nullptr) gap = std::max(gap, node.left->largest_gap);
  if (node.right != nullptr) gap = std::max(gap, node.right->largest_gap);
  return gap;
}

// From `node` up to the first whose gap stays.
void UpdateGaps(LinuxRange* node) {
  for (; node != nullptr; node = Parent(*node)) {
    const uint64_t gap = LargestGap(*node);
    if (gap == node->largest_gap) return;
    node->largest_gap = gap;
  }
}

int BlackHeight(const LinuxRange* node) {
  if (node == nullptr) return 0;
  const int left = BlackHeight(node->left);
  const int right = BlackHeight(node->right);
  const bool reds_touch = !IsBlack(node) && (!IsBlack(node->left) || !IsBlack(node->right));
  if (left < 0 || left != right || reds_touch) return -1;
  if (node->largest_gap != LargestGap(*node)) return -1;
  for (const LinuxRange* child : {node->left, node->right}) {
    if (child != nullptr && Parent(*child) != node) return -1;
  }
  return left + (IsBlack(node) ? 1 : 0);
}

}  // namespace

LinuxRange* LinuxGapTree::FindNotBelow(uint64_t page) const {
  LinuxRange* best = nullptr;
  for (LinuxRange* node = root_; node != nullptr;) {
    if (node->last >= page) {
      best = node;
      if (node->first <= page) break;
      node = node->left;
    } else {
      node = node->right;
    }
  }
  return best;
}

bool LinuxGapTree::Insert(LinuxRange& range) {
  LinuxRange* parent = nullptr;
  LinuxRange* previous = nullptr;
  LinuxRange* next = nullptr;
  for (LinuxRange* node = root_; node != nullptr;) {
    parent = node;
    if (range.last < node->first) {
      next = node;
      node = node->left;
    } else if (range.first > node->last) {
      previous = node;
      node = node->right;
    } else {
      return false;
    }
  }
  LinkInList(range, previous, next);
  range.left = nullptr;
  range.right = nullptr;
  range.parent_and_colour = reinterpret_cast<uintptr_t>(parent);
  range.largest_gap = 0;
  if (parent == nullptr) {
    root_ = &range;
  } else if (parent == next) {
    parent->left = &range;
  } else {
    parent->right = &range;
  }
  range.largest_gap = GapBefore(range);
  UpdateGaps(parent);
  UpdateGaps(next);
  ColourAfterInsert(&range);
  return true;
}

void LinuxGapTree::LinkInList(LinuxRange& range, LinuxRange* previous, LinuxRange* next) {
  range.previous = previous;
  range.next = next;
  if (previous != nullptr) previous->next = &range;
  if (next != nullptr) next->previous = &range;
}

// Puts `child` where `old_child` hangs.
void LinuxGapTree::Replace(const LinuxRange& old_child, LinuxRange* child, LinuxRange* parent) {
  if (parent == nullptr) {
    root_ = child;
  } else if (parent->left == &old_child) {
    parent->left = child;
  } else {
    parent->right = child;
  }
}

void LinuxGapTree::RotateLeft(LinuxRange& node) {
  LinuxRange& child = *node.right;
  LinuxRange* const parent = Parent(node);
  node.right = child.left;
  if (node.right != nullptr) SetParent(*node.right, &node);
  child.left = &node;
  Replace(node, &child, parent);
  SetParent(child, parent);
  SetParent(node, &child);
  child.largest_gap = node.largest_gap;
  node.largest_gap = LargestGap(node);
}

void LinuxGapTree::RotateRight(LinuxRange& node) {
  LinuxRange& child = *node.left;
  LinuxRange* const parent = Parent(node);
  node.left = child.right;
  if (node.left != nullptr) SetParent(*node.left, &node);
  child.right = &node;
  Replace(node, &child, parent);
  SetParent(child, parent);
  SetParent(node, &child);
  child.largest_gap = node.largest_gap;
  node.largest_gap = LargestGap(node);
}

void LinuxGapTree::ColourAfterInsert(LinuxRange* node) {
  while (true) {
    LinuxRange* parent = Parent(*node);
    if (parent == nullptr) {
      SetBlack(*node);
      return;
    }
    if (IsBlack(parent)) return;
    LinuxRange& grandparent = *Parent(*parent);  // a red node is no root
    const bool is_left = grandparent.left == parent;
    LinuxRange* const uncle = is_left ? grandparent.right : grandparent.left;
    if (!IsBlack(uncle)) {
      SetBlack(*uncle);
      SetBlack(*parent);
      SetRed(grandparent);
      node = &grandparent;
      continue;
    }
    if (is_left && parent->right == node) {
      RotateLeft(*parent);
      parent = node;
    } else if (!is_left && parent->left == node) {
      RotateRight(*parent);
      parent = node;
    }
    SetBlack(*parent);
    SetRed(grandparent);
    is_left ? RotateRight(grandparent) : RotateLeft(grandparent);
    return;
  }
}

void LinuxGapTree::Erase(LinuxRange& range) {
  LinuxRange* const next = range.next;
  if (range.previous != nullptr) range.previous->next = next;
  if (next != nullptr) next->previous = range.previous;
  LinuxRange* child = nullptr;
  LinuxRange* parent = nullptr;
  bool removed_black = false;
  if (range.left != nullptr && range.right != nullptr) {
    // The next range takes this one's place in the tree.
    LinuxRange& heir = *next;
    child = heir.right;
    parent = Parent(heir);
    removed_black = IsBlack(&heir);
    if (parent == &range) {
      parent = &heir;
    } else {
      parent->left = child;
      if (child != nullptr) SetParent(*child, parent);
      heir.right = range.right;
      SetParent(*heir.right, &heir);
    }
    heir.left = range.left;
    SetParent(*heir.left, &heir);
    Replace(range, &heir, Parent(range));
    SetParent(heir, Parent(range));
    CopyColour(heir, range);
    heir.largest_gap = 0;
  } else {
    child = range.left != nullptr ? range.left : range.right;
    parent = Parent(range);
    removed_black = IsBlack(&range);
    Replace(range, child, parent);
    if (child != nullptr) SetParent(*child, parent);
  }
  UpdateGaps(parent);
  UpdateGaps(next);
  if (removed_black) ColourAfterErase(child, parent);
}

void LinuxGapTree::ColourAfterErase(LinuxRange* node, LinuxRange* parent) {
  while (parent != nullptr && IsBlack(node)) {
    const bool is_left = parent->left == node;
    LinuxRange* sibling = is_left ? parent->right : parent->left;
    if (!IsBlack(sibling)) {
      SetBlack(*sibling);
      SetRed(*parent);
      is_left ? RotateLeft(*parent) : RotateRight(*parent);
      sibling = is_left ? parent->right : parent->left;
    }
    LinuxRange* const near = is_left ? sibling->left : sibling->right;
    if (IsBlack(sibling->left) && IsBlack(sibling->right)) {
      SetRed(*sibling);
      node = parent;
      parent = Parent(*node);
      continue;
    }
    if (IsBlack(is_left ? sibling->right : sibling->left)) {
      SetBlack(*near);
      SetRed(*sibling);
      is_left ? RotateRight(*sibling) : RotateLeft(*sibling);
      sibling = near;
    }
    CopyColour(*sibling, *parent);
    SetBlack(*parent);
    SetBlack(*(is_left ? sibling->right : sibling->left));
    is_left ? RotateLeft(*parent) : RotateRight(*parent);
    node = root_;
    break;
  }
  if (node != nullptr) SetBlack(*node);
}

// Down to the lowest gap, and where the bound cut that short, up to the next.
uint64_t LinuxGapTree::FindGap(uint64_t pages, uint64_t lowest) const {
  const LinuxRange* node = root_;
  if (node == nullptr || node->largest_gap < pages) return kNoGap;
  while (true) {
    // A gap in the left part ends before this range.
    if (node->left != nullptr && node->left->largest_gap >= pages && node->first > lowest) {
      node = node->left;
      continue;
    }
    while (true) {
      const uint64_t gap = GapBefore(*node);
      const uint64_t start = std::max(node->first - gap, lowest);
      if (start < node->first && node->first - start >= pages) return start;
      if (node->right != nullptr && node->right->largest_gap >= pages) {
        node = node->right;
        break;
      }
      const LinuxRange* child = nullptr;
      do {
        child = node;
        node = Parent(*child);
        if (node == nullptr) return kNoGap;
      } while (node->right == child);
    }
  }
}

LinuxRange* LinuxGapTree::first() const {
  LinuxRange* node = root_;
  while (node != nullptr && node->left != nullptr) node = node->left;
  return node;
}

bool LinuxGapTree::IsSound() const {
  const LinuxRange* previous = nullptr;
  for (const LinuxRange* node = first(); node != nullptr; node = node->next) {
    if (node->previous != previous || (previous != nullptr && previous->last >= node->first)) {
      return false;
    }
    previous = node;
  }
  return IsBlack(root_) && BlackHeight(root_) >= 0;
}

}  // namespace bench
