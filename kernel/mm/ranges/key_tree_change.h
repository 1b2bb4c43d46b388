// Inserting and erasing keys. Part of key_tree.h; not to be included on its own.
#pragma once

#include "kernel/mm/ranges/key_tree.h"

namespace mm {

// Makes room for `count` items at `index` of the first `used`, or closes the room.
template <class Item, size_t kSize>
void OpenGap(std::array<Item, kSize>& items, unsigned used, unsigned index) {
  std::copy_backward(&items[0] + index, &items[0] + used, &items[0] + used + 1);
}
template <class Item, size_t kSize>
void CloseGap(std::array<Item, kSize>& items, unsigned used, unsigned index, unsigned count) {
  std::copy(&items[0] + index + count, &items[0] + used, &items[0] + index);
}

// `count` items of `from`, starting with its first, behind the `used` ones of `to`.
template <class Item, size_t kSize>
void MoveToBack(std::array<Item, kSize>& to, unsigned used, std::array<Item, kSize>& from,
                unsigned from_used, unsigned count) {
  std::copy(&from[0], &from[0] + count, &to[0] + used);
  std::copy(&from[0] + count, &from[0] + from_used, &from[0]);
}
// The last `count` items of `from` before the `used` ones of `to`.
template <class Item, size_t kSize>
void MoveToFront(std::array<Item, kSize>& to, unsigned used, const std::array<Item, kSize>& from,
                 unsigned from_used, unsigned count) {
  std::copy_backward(&to[0], &to[0] + used, &to[0] + used + count);
  std::copy(&from[0] + from_used - count, &from[0] + from_used, &to[0]);
}

template <class Order>
void KeyTree<Order>::Insert(const Key& key, SpareNodes& spares) {
  Place place;
  if (root_ == nullptr) {
    root_ = place.leaf_ = NewNode<Leaf>(spares);
  } else {
    Descend(key, place);
  }
  InsertAt(place, key, spares);
}

template <class Order>
void KeyTree<Order>::InsertAt(Place& place, const Key& key, SpareNodes& spares) {
  Leaf* leaf = place.leaf_;
  unsigned index = place.index_;
  ++key_count_;
  Leaf* right = nullptr;
  if (leaf->count == Leaf::kMost) {
    right = NewNode<Leaf>(spares);
    Balance(*leaf, *right, Leaf::kMost - Leaf::kLeast);
  }
  Leaf* const target = right != nullptr && index > leaf->count ? right : leaf;
  if (target == right) index -= leaf->count;
  OpenGap(target->keys, target->count, index);
  target->keys[index] = key;
  ++target->count;
  if (right != nullptr) InsertChild(place, 1, Before(*right), right, spares);
}

// Puts `child` right of the one that `place` leads through on `level`.
template <class Order>
void KeyTree<Order>::InsertChild(Place& place, unsigned level, const Key& key, void* child,
                                 SpareNodes& spares) {
  if (level > inner_levels_) return AddRoot(key, child, spares);
  Inner* const inner = place.steps_[level].node;
  unsigned index = place.steps_[level].child + 1;
  Inner* right = nullptr;
  if (inner->count == Inner::kMost) {
    right = NewNode<Inner>(spares);
    Balance(*inner, *right, Inner::kMost - Inner::kLeast);
  }
  Inner* const target = right != nullptr && index > inner->count ? right : inner;
  if (target == right) index -= inner->count;
  OpenGap(target->keys, target->count, index);
  OpenGap(target->children, target->count, index);
  target->keys[index] = key;
  target->children[index] = child;
  ++target->count;
  if (right != nullptr) InsertChild(place, level + 1, Before(*right), right, spares);
}

template <class Order>
void KeyTree<Order>::AddRoot(const Key& key, void* right, SpareNodes& spares) {
  Inner* const root = NewNode<Inner>(spares);
  root->count = 2;
  root->keys[0] = key;  // not used
  root->keys[1] = key;
  root->children[0] = root_;
  root->children[1] = right;
  root_ = root;
  ++inner_levels_;
  CHECK(inner_levels_ <= kMostInnerLevels);
}

template <class Order>
void KeyTree<Order>::Erase(const Key& key, SpareNodes& spares) {
  Place place;
  CHECK(FindLast(key, place) && Order::IsNotAfter(key, place.key()));
  EraseAt(place, 1, spares);
}

template <class Order>
void KeyTree<Order>::EraseAt(Place& place, unsigned count, SpareNodes& spares) {
  Leaf* const leaf = place.leaf_;
  CHECK(place.index_ + count <= leaf->count);
  CloseGap(leaf->keys, leaf->count, place.index_, count);
  leaf->count -= count;
  key_count_ -= count;
  if (inner_levels_ > 0) {
    if (leaf->count < Leaf::kLeast) Refill<Leaf>(place, 1, spares);
  } else if (leaf->count == 0) {
    DeleteNode(leaf, spares);
    root_ = nullptr;
  }
}

// A node below `level` on the way to `place` is less than half full: a neighbour with enough gives
// it some, any other takes it in.
template <class Order>
template <class Node>
void KeyTree<Order>::Refill(Place& place, unsigned level, SpareNodes& spares) {
  Inner* const parent = place.steps_[level].node;
  const unsigned child = place.steps_[level].child;
  const unsigned right_index = child > 0 ? child : 1;
  Node* const left = static_cast<Node*>(parent->children[right_index - 1]);
  Node* const right = static_cast<Node*>(parent->children[right_index]);
  const unsigned both = left->count + right->count;
  if (both > Node::kMost) {
    Balance(*left, *right, both / 2);
    parent->keys[right_index] = Before(*right);
    return;
  }
  Balance(*left, *right, both);
  DeleteNode(right, spares);
  CloseGap(parent->keys, parent->count, right_index, 1);
  CloseGap(parent->children, parent->count, right_index, 1);
  --parent->count;
  if (level < inner_levels_) {
    if (parent->count < Inner::kLeast) Refill<Inner>(place, level + 1, spares);
  } else if (parent->count == 1) {
    root_ = parent->children[0];
    --inner_levels_;
    DeleteNode(parent, spares);
  }
}

// Gives `left` so many of what both hold.
template <class Order>
template <class Node>
void KeyTree<Order>::Balance(Node& left, Node& right, unsigned left_count) {
  const auto balance = [&](auto& left_items, auto& right_items) {
    if (left_count > left.count) {
      MoveToBack(left_items, left.count, right_items, right.count, left_count - left.count);
    } else {
      MoveToFront(right_items, right.count, left_items, left.count, left.count - left_count);
    }
  };
  balance(left.keys, right.keys);
  if constexpr (std::is_same_v<Node, Inner>) balance(left.children, right.children);
  right.count = left.count + right.count - left_count;
  left.count = left_count;
}

template <class Order>
void KeyTree<Order>::Clear(SpareNodes& spares) {
  if (root_ == nullptr) return;
  ClearIn(root_, inner_levels_, spares);
  root_ = nullptr;
  inner_levels_ = 0;
  key_count_ = 0;
}

template <class Order>
void KeyTree<Order>::ClearIn(void* node, unsigned level, SpareNodes& spares) {
  if (level > 0) {
    Inner* const inner = static_cast<Inner*>(node);
    for (unsigned i = 0; i < inner->count; ++i) ClearIn(inner->children[i], level - 1, spares);
  }
  DeleteNode(node, spares);
}

}  // namespace mm
