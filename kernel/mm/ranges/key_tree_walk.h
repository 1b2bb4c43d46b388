// Finding keys, and looking at all of them. Part of key_tree.h; not to be included on
// its own.
#pragma once

#include "kernel/mm/ranges/key_tree.h"

namespace mm {

template <class Order>
KeyTree<Order>& KeyTree<Order>::operator=(KeyTree&& other) noexcept {
  CHECK(root_ == nullptr);  // its nodes would be lost
  std::swap(root_, other.root_);
  std::swap(inner_levels_, other.inner_levels_);
  std::swap(key_count_, other.key_count_);
  std::swap(node_count_, other.node_count_);
  return *this;
}

template <class Order>
constexpr uint64_t KeyTree<Order>::MostNodes(uint64_t keys) {
  if (keys < uint64_t{2} * Leaf::kLeast) return 1;  // two leaves may be left half full
  uint64_t of_level = keys / Leaf::kLeast;
  uint64_t nodes = of_level;
  while (of_level > 1) {
    of_level = std::max(of_level / Inner::kLeast, uint64_t{1});
    nodes += of_level;
  }
  return nodes;
}

template <class Order>
typename KeyTree<Order>::Leaf* KeyTree<Order>::DescendToLeaf(const Key& probe, Place& place) const {
  void* node = root_;
  place.levels_ = inner_levels_ + 1;
  for (unsigned level = inner_levels_; level > 0; --level) {
    Inner* const inner = static_cast<Inner*>(node);
    const unsigned child = CountUpTo(inner->keys.data() + 1, inner->count - 1, probe);
    place.steps_[level] = {inner, child};
    node = inner->children[child];
    Prefetch(node);
  }
  return static_cast<Leaf*>(node);
}

template <class Order>
void KeyTree<Order>::Descend(const Key& probe, Place& place) const {
  place.leaf_ = DescendToLeaf(probe, place);
  place.index_ = CountUpTo(place.leaf_->keys.data(), place.leaf_->count, probe);
}

template <class Order>
bool KeyTree<Order>::FindLast(const Key& probe, Place& place) const {
  if (root_ == nullptr) return false;
  Descend(probe, place);
  if (place.index_ == 0 && !MoveToLeafBefore(place)) return false;
  --place.index_;
  return true;
}

template <class Order>
bool KeyTree<Order>::FindFirstAfter(const Key& probe, Place& place) const {
  if (root_ == nullptr) return false;
  Descend(probe, place);
  return place.index_ < place.leaf_->count || MoveToLeafAfter(place);
}

template <class Order>
bool KeyTree<Order>::Advance(Place& place) {
  ++place.index_;
  return place.index_ < place.leaf_->count || MoveToLeafAfter(place);
}

template <class Order>
const typename KeyTree<Order>::Key& KeyTree<Order>::Greatest() const {
  CHECK(root_ != nullptr);
  const void* node = root_;
  for (unsigned level = inner_levels_; level > 0; --level) {
    const Inner* const inner = static_cast<const Inner*>(node);
    node = inner->children[inner->count - 1];
  }
  const Leaf* const leaf = static_cast<const Leaf*>(node);
  return leaf->keys[leaf->count - 1];
}

// The first level above `place` whose next child is another one, then down along the near edge.
template <class Order>
bool KeyTree<Order>::MoveToLeafAfter(Place& place) {
  unsigned level = 1;
  while (level < place.levels_ &&
         place.steps_[level].child + 1 == place.steps_[level].node->count) {
    ++level;
  }
  if (level >= place.levels_) return false;
  ++place.steps_[level].child;
  void* node = place.steps_[level].node->children[place.steps_[level].child];
  while (--level > 0) {
    place.steps_[level] = {static_cast<Inner*>(node), 0};
    node = place.steps_[level].node->children[0];
  }
  place.leaf_ = static_cast<Leaf*>(node);
  place.index_ = 0;
  return true;
}

// The index becomes the number of the leaf's keys: past the last one.
template <class Order>
bool KeyTree<Order>::MoveToLeafBefore(Place& place) {
  unsigned level = 1;
  while (level < place.levels_ && place.steps_[level].child == 0) ++level;
  if (level >= place.levels_) return false;
  --place.steps_[level].child;
  void* node = place.steps_[level].node->children[place.steps_[level].child];
  while (--level > 0) {
    Inner* const inner = static_cast<Inner*>(node);
    place.steps_[level] = {inner, inner->count - 1};
    node = inner->children[inner->count - 1];
  }
  place.leaf_ = static_cast<Leaf*>(node);
  place.index_ = place.leaf_->count;
  return true;
}

template <class Order>
const typename KeyTree<Order>::Key* KeyTree<Order>::PeekAfter(const Place& place,
                                                              unsigned distance) {
  const unsigned index = place.index_ + distance;
  if (index < place.leaf_->count) return &place.leaf_->keys[index];
  Place next = place;
  if (!MoveToLeafAfter(next)) return nullptr;
  return &next.leaf_->keys[index - place.leaf_->count];  // a leaf with neighbours has two keys
}

template <class Order>
const typename KeyTree<Order>::Key* KeyTree<Order>::PeekBefore(const Place& place) {
  if (place.index_ > 0) return &place.leaf_->keys[place.index_ - 1];
  Place before = place;
  if (!MoveToLeafBefore(before)) return nullptr;
  return &before.leaf_->keys[before.index_ - 1];
}

template <class Order>
template <class Visitor>
void KeyTree<Order>::ForEachIn(const void* node, unsigned level, Visitor& visit) {
  if (level == 0) {
    const Leaf* const leaf = static_cast<const Leaf*>(node);
    for (unsigned i = 0; i < leaf->count; ++i) visit(leaf->keys[i]);
    return;
  }
  const Inner* const inner = static_cast<const Inner*>(node);
  for (unsigned i = 0; i < inner->count; ++i) ForEachIn(inner->children[i], level - 1, visit);
}

template <class Order>
bool KeyTree<Order>::IsSound() const {
  Census census;
  if (root_ != nullptr && !IsSoundIn(root_, inner_levels_, 0, census)) return false;
  return census.keys == key_count_ && census.nodes == node_count_;
}

// `least` is how full the node has to be; a root need not be.
template <class Order>
bool KeyTree<Order>::IsSoundIn(const void* node, unsigned level, unsigned least, Census& census) {
  ++census.nodes;
  if (level == 0) {
    const Leaf* const leaf = static_cast<const Leaf*>(node);
    if (leaf->count == 0 || leaf->count < least || leaf->count > Leaf::kMost) return false;
    for (unsigned i = 0; i < leaf->count; ++i) {
      if (census.last != nullptr && Order::IsNotAfter(leaf->keys[i], *census.last)) return false;
      census.last = &leaf->keys[i];
    }
    census.keys += leaf->count;
    return true;
  }
  const Inner* const inner = static_cast<const Inner*>(node);
  if (inner->count < 2 || inner->count < least || inner->count > Inner::kMost) return false;
  const unsigned least_below = level == 1 ? Leaf::kLeast : Inner::kLeast;
  for (unsigned i = 0; i < inner->count; ++i) {
    // Later than all before it, and no later than the first key of its child.
    const Key* const before = census.last;
    if (i > 0 && Order::IsNotAfter(inner->keys[i], *before)) return false;
    if (!IsSoundIn(inner->children[i], level - 1, least_below, census)) return false;
    if (i > 0 && !Order::IsNotAfter(inner->keys[i], FirstKeyOf(inner->children[i], level - 1))) {
      return false;
    }
  }
  return true;
}

template <class Order>
const typename KeyTree<Order>::Key& KeyTree<Order>::FirstKeyOf(const void* node, unsigned level) {
  for (; level > 0; --level) node = static_cast<const Inner*>(node)->children[0];
  return static_cast<const Leaf*>(node)->keys[0];
}

}  // namespace mm
