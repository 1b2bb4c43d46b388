// A B+-tree of keys. Each leaf is a sorted array, so that a million keys take four or five steps,
// of which all but the last are usually in the processor's cache. Changes never fail: whoever makes
// them sets nodes aside first. Not locked.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/mm/ranges/spare_nodes.h"

namespace mm {

// An `Order` names the `Key`; IsNotAfter(left, right) says that `left` comes no later than `right`;
// Before(key) comes no later than `key` and whatever may replace it in its place, and later than
// every key before it.
template <class Order>
class KeyTree {
 public:
  using Key = typename Order::Key;

 private:
  // Every node but the root is at least half full.
  struct Leaf {
    static constexpr unsigned kMost = (SpareNodes::kNodeBytes - sizeof(uint64_t)) / sizeof(Key);
    static constexpr unsigned kLeast = kMost / 2;
    uint32_t count;
    alignas(uint64_t) std::array<Key, kMost> keys;
  };

  // keys[i] comes no later than what child i holds and later than what child i - 1 holds. keys[0]
  // of the first node of a level is not used.
  struct Inner {
    static constexpr unsigned kMost =
        (SpareNodes::kNodeBytes - sizeof(uint64_t)) / (sizeof(Key) + sizeof(void*));
    static constexpr unsigned kLeast = kMost / 2;
    uint32_t count;
    alignas(uint64_t) std::array<Key, kMost> keys;
    std::array<void*, kMost> children;
  };
  static_assert(sizeof(Leaf) <= SpareNodes::kNodeBytes && sizeof(Inner) <= SpareNodes::kNodeBytes);

  // Levels above the leaves; more keys than addresses would be needed for one more.
  static constexpr unsigned kMostInnerLevels = 20;
  static constexpr unsigned kLevelsWorthPrefetching = 2;

 public:
  // A key's place, or the place before which a key may be inserted. Valid until the tree changes.
  class Place {
   public:
    [[nodiscard]] const Key& key() const { return leaf_->keys[index_]; }

   private:
    friend class KeyTree;
    struct Step {
      Inner* node;
      unsigned child;
    };
    Leaf* leaf_ = nullptr;
    unsigned index_ = 0;
    unsigned levels_ = 1;
    std::array<Step, kMostInnerLevels + 1> steps_;  // by level; the leaf's, 0, is not used
  };

  KeyTree() = default;
  KeyTree(const KeyTree&) = delete;
  KeyTree& operator=(const KeyTree&) = delete;
  KeyTree(KeyTree&& other) noexcept { *this = static_cast<KeyTree&&>(other); }
  KeyTree& operator=(KeyTree&& other) noexcept;

  [[nodiscard]] uint64_t keys() const { return key_count_; }
  [[nodiscard]] uint64_t nodes() const { return node_count_; }
  // Nodes that one insertion may take.
  [[nodiscard]] unsigned nodes_for_insertion() const { return inner_levels_ + 2; }
  // No tree of `keys` keys has more nodes, however it came about.
  [[nodiscard]] static constexpr uint64_t MostNodes(uint64_t keys);

  // The last key that comes no later than `probe`. Whether there is one.
  [[nodiscard]] bool FindLast(const Key& probe, Place& place) const;
  // The first key that comes later than `probe`. Whether there is one.
  [[nodiscard]] bool FindFirstAfter(const Key& probe, Place& place) const;
  // To the next key. Whether there is one; if not, the place is void.
  [[nodiscard]] static bool Advance(Place& place);
  // The greatest key. The tree is not empty.
  [[nodiscard]] const Key& Greatest() const;

  // Asks the processor for the leaf where `key` is or would be, so that several that are needed
  // soon are waited for at once. Nothing to be gained where the leaves stay in its cache anyhow.
  void PrefetchLeafOf(const Key& key) const {
    if (inner_levels_ < kLevelsWorthPrefetching) return;
    Place place;
    (void)DescendToLeaf(key, place);  // which prefetches
  }

  // The key `distance` (1 or 2) after the place, and the one before it; nullptr at the ends.
  [[nodiscard]] static const Key* PeekAfter(const Place& place, unsigned distance);
  [[nodiscard]] static const Key* PeekBefore(const Place& place);
  // Whether the key after the place is its neighbour in memory, so that EraseAt() can take both.
  [[nodiscard]] static bool IsNextBeside(const Place& place) {
    return place.index_ + 1 < place.leaf_->count;
  }

  // `key` has the same neighbours as the one whose place it takes.
  static void ReplaceAt(const Place& place, const Key& key) {
    place.leaf_->keys[place.index_] = key;
  }
  // Between the key at the place and the next one.
  void InsertAfter(Place& place, const Key& key, SpareNodes& spares) {
    // Behind the last key of a leaf may be where the next leaf starts.
    if (IsNextBeside(place)) {
      ++place.index_;
    } else {
      Descend(key, place);
    }
    InsertAt(place, key, spares);
  }
  // A key that is not there yet.
  void Insert(const Key& key, SpareNodes& spares);
  // `count` keys from the place on, all beside each other.
  void EraseAt(Place& place, unsigned count, SpareNodes& spares);
  // A key that is there.
  void Erase(const Key& key, SpareNodes& spares);
  void Clear(SpareNodes& spares);

  // Calls `visit(const Key&)` for each key, ascending.
  template <class Visitor>
  void ForEach(Visitor&& visit) const {
    if (root_ != nullptr) ForEachIn(root_, inner_levels_, visit);
  }

  // Whether order, fill and counts are right.
  [[nodiscard]] bool IsSound() const;

 private:
  struct Census {
    uint64_t keys = 0;
    uint64_t nodes = 0;
    const Key* last = nullptr;
  };

  // How many of the first `count` keys come no later than `probe`. Without branches: which way a
  // step goes cannot be foreseen.
  static unsigned CountUpTo(const Key* keys, unsigned count, const Key& probe) {
    const Key* first = keys;
    while (count > 1) {
      const unsigned half = count / 2;
      first =
          __builtin_unpredictable(Order::IsNotAfter(first[half - 1], probe)) ? first + half : first;
      count -= half;
    }
    const unsigned before = static_cast<unsigned>(first - keys);
    return before + (count == 1 && Order::IsNotAfter(*first, probe) ? 1 : 0);
  }

  // A leaf's lines are asked for at once, instead of one after the other by the search.
  static void Prefetch(const void* node) {
    constexpr size_t kLineBytes = 64;
    for (size_t offset = 0; offset < SpareNodes::kNodeBytes; offset += kLineBytes) {
      __builtin_prefetch(static_cast<const std::byte*>(node) + offset);
    }
  }

  // To the leaf where `probe` would be; the index is the number of its keys up to `probe`.
  void Descend(const Key& probe, Place& place) const;
  Leaf* DescendToLeaf(const Key& probe, Place& place) const;
  // To the neighbouring leaf, if there is one: before its first key, or behind its last.
  [[nodiscard]] static bool MoveToLeafAfter(Place& place);
  [[nodiscard]] static bool MoveToLeafBefore(Place& place);

  void InsertAt(Place& place, const Key& key, SpareNodes& spares);
  void InsertChild(Place& place, unsigned level, const Key& key, void* child, SpareNodes& spares);
  void AddRoot(const Key& key, void* right, SpareNodes& spares);
  template <class Node>
  void Refill(Place& place, unsigned level, SpareNodes& spares);
  template <class Node>
  static void Balance(Node& left, Node& right, unsigned left_count);

  template <class Node>
  Node* NewNode(SpareNodes& spares) {
    ++node_count_;
    Node* const node = new (spares.Take()) Node;
    node->count = 0;
    return node;
  }
  void DeleteNode(void* node, SpareNodes& spares) {
    --node_count_;
    spares.Keep(node);
  }

  template <class Visitor>
  static void ForEachIn(const void* node, unsigned level, Visitor& visit);
  void ClearIn(void* node, unsigned level, SpareNodes& spares);
  static bool IsSoundIn(const void* node, unsigned level, unsigned least, Census& census);
  static const Key& FirstKeyOf(const void* node, unsigned level);
  // What to put before a node in its parent.
  static Key Before(const Leaf& leaf) { return Order::Before(leaf.keys[0]); }
  static Key Before(const Inner& inner) { return inner.keys[0]; }

  void* root_ = nullptr;  // a Leaf if there is no inner level
  unsigned inner_levels_ = 0;
  uint64_t key_count_ = 0;
  uint64_t node_count_ = 0;
};

}  // namespace mm

#include "kernel/mm/ranges/key_tree_change.h"  // IWYU pragma: export
#include "kernel/mm/ranges/key_tree_walk.h"    // IWYU pragma: export
