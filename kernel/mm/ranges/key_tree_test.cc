// The tree by itself, with keys so large that a few of them make many levels.
#include "kernel/mm/ranges/key_tree.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <utility>

#include "kernel/mm/ranges/spare_nodes.h"
#include "kernel/mm/test_pages.h"
#include "testing/unit/test.h"

namespace mm {
namespace {

struct WideKey {
  uint64_t value;
  std::array<uint64_t, 39> copies;
};

WideKey KeyOf(uint64_t value) {
  WideKey key{.value = value, .copies = {}};
  key.copies.fill(value);
  return key;
}

struct WideOrder {
  using Key = WideKey;
  static bool IsNotAfter(const Key& left, const Key& right) { return left.value <= right.value; }
  static Key Before(const Key& key) { return key; }
};
using Tree = KeyTree<WideOrder>;

// Number n has the value n * kStep; between two there is room.
constexpr uint64_t kStep = 10;
constexpr size_t kKeys = 80;

TestArena<34> arena;

// A tree beside what it should hold.
class World {
 public:
  World() = default;
  World(const World&) = delete;
  World& operator=(const World&) = delete;
  ~World() { tree.Clear(spares); }

  void Insert(size_t number) {
    ASSERT_TRUE(spares.EnsureAtLeast(tree.nodes_for_insertion()).has_value()) << number;
    tree.Insert(KeyOf(number * kStep), spares);
    is_there[number] = true;
  }
  void Erase(size_t number) {
    tree.Erase(KeyOf(number * kStep), spares);
    is_there[number] = false;
  }

  // The next number that is there, from `number` on; kKeys if there is none.
  [[nodiscard]] size_t From(size_t number) const {
    while (number < kKeys && !is_there[number]) ++number;
    return number;
  }

  [[nodiscard]] bool Counts() const {
    uint64_t count = 0;
    for (const bool there : is_there) count += there ? 1 : 0;
    return tree.IsSound() && tree.keys() == count && tree.nodes() <= Tree::MostNodes(count);
  }

  // Every key is found by itself and from the room behind it, and knows its neighbours.
  void ExpectAllFound() const {
    const WideKey* before = nullptr;
    Tree::Place walk;
    bool has_more = tree.FindLast(KeyOf(From(0) * kStep), walk);
    for (size_t number = From(0); number < kKeys; number = From(number + 1)) {
      const uint64_t value = number * kStep;
      const uint64_t next = From(number + 1);
      Tree::Place place;
      ASSERT_TRUE(tree.FindLast(KeyOf(value + kStep / 2), place)) << number;
      ASSERT_EQ(place.key().value, value) << number;
      ASSERT_TRUE(tree.FindLast(KeyOf(value), place)) << number;
      ASSERT_EQ(place.key().value, value) << number;
      ASSERT_EQ(place.key().copies.back(), value) << number;
      ASSERT_TRUE(Tree::PeekBefore(place) == before) << number;
      ExpectKey(Tree::PeekAfter(place, 1), next);
      ExpectKey(Tree::PeekAfter(place, 2), From(next + 1));
      ASSERT_TRUE(has_more && walk.key().value == value) << number;
      has_more = Tree::Advance(walk);
      before = &place.key();
      ASSERT_EQ(tree.FindFirstAfter(KeyOf(value), place), next < kKeys) << number;
      if (next < kKeys) ASSERT_EQ(place.key().value, next * kStep) << number;
    }
    EXPECT_FALSE(has_more);
    if (before != nullptr) EXPECT_TRUE(&tree.Greatest() == before);
  }

  TestPages pages{arena.bytes};
  SpareNodes spares{pages};
  Tree tree;
  std::array<bool, kKeys> is_there{};

 private:
  static void ExpectKey(const WideKey* key, uint64_t number) {
    ASSERT_EQ(key != nullptr, number < kKeys) << number;
    if (key != nullptr) EXPECT_EQ(key->value, number * kStep);
  }
};

struct OrderRow {
  std::string_view name;
  size_t factor;  // coprime to kKeys
  size_t first;
};

constexpr OrderRow kOrders[] = {
    {"ascending", 1, 0}, {"descending", kKeys - 1, kKeys - 1}, {"here and there", 37, 11}};

constexpr size_t NumberAt(const OrderRow& order, size_t step) {
  return (order.first + step * order.factor) % kKeys;
}

TEST(KeyTree, GrowsAndShrinksInAnyOrder) {
  constexpr size_t kLookEvery = 5;
  for (const OrderRow& inserted : kOrders) {
    for (const OrderRow& erased : kOrders) {
      World world;
      for (size_t step = 0; step < kKeys; ++step) {
        world.Insert(NumberAt(inserted, step));
        ASSERT_TRUE(world.Counts()) << inserted.name << " " << step;
        if (step % kLookEvery == 0) world.ExpectAllFound();
      }
      world.ExpectAllFound();
      EXPECT_GE(world.tree.nodes_for_insertion(), 5U);  // three levels above the leaves at least
      for (size_t step = 0; step < kKeys; ++step) {
        world.Erase(NumberAt(erased, step));
        ASSERT_TRUE(world.Counts()) << erased.name << " " << step;
        if (step % kLookEvery == 0) world.ExpectAllFound();
      }
      EXPECT_EQ(world.tree.nodes(), 0U) << erased.name;
      world.spares.KeepAtMost(0);
      EXPECT_EQ(world.pages.pages_in_use(), 0U) << erased.name;
    }
  }
}

TEST(KeyTree, AnEmptyOneHasNothing) {
  const World world;
  Tree::Place place;
  EXPECT_FALSE(world.tree.FindLast(KeyOf(5), place));
  EXPECT_FALSE(world.tree.FindFirstAfter(KeyOf(5), place));
  EXPECT_TRUE(world.Counts());
  EXPECT_EQ(world.tree.nodes(), 0U);
}

TEST(KeyTree, FindsNothingBeforeTheFirst) {
  World world;
  for (size_t number = 1; number < kKeys; ++number) world.Insert(number);
  Tree::Place place;
  EXPECT_FALSE(world.tree.FindLast(KeyOf(kStep - 1), place));
  ASSERT_TRUE(world.tree.FindFirstAfter(KeyOf(kStep - 1), place));
  EXPECT_EQ(place.key().value, kStep);
  EXPECT_FALSE(world.tree.FindFirstAfter(KeyOf((kKeys - 1) * kStep), place));
}

// Behind every key there is, whether or not its leaf has room or ends there.
TEST(KeyTree, InsertsBehindAPlace) {
  for (size_t number = 0; number < kKeys; number += 3) {
    World world;
    for (size_t i = 0; i < kKeys / 2; ++i) world.Insert(2 * i);
    const size_t at = number / 2 * 2;
    Tree::Place place;
    ASSERT_TRUE(world.tree.FindLast(KeyOf(at * kStep), place)) << at;
    ASSERT_TRUE(world.spares.EnsureAtLeast(world.tree.nodes_for_insertion()).has_value()) << at;
    world.tree.InsertAfter(place, KeyOf((at + 1) * kStep), world.spares);
    world.is_there[at + 1] = true;
    EXPECT_TRUE(world.Counts()) << at;
    world.ExpectAllFound();
  }
}

// As RangeAllocator does when a range joins the free one behind it.
TEST(KeyTree, ErasesTwoBesideEachOther) {
  for (const OrderRow& order : kOrders) {
    World world;
    for (size_t step = 0; step < kKeys; ++step) world.Insert(NumberAt(order, step));
    for (size_t step = 0; step < kKeys; ++step) {
      const size_t number = NumberAt(order, step);
      if (!world.is_there[number]) continue;
      Tree::Place place;
      ASSERT_TRUE(world.tree.FindLast(KeyOf(number * kStep), place)) << number;
      const bool takes_two = Tree::IsNextBeside(place);
      if (takes_two) world.is_there[world.From(number + 1)] = false;
      world.is_there[number] = false;
      world.tree.EraseAt(place, takes_two ? 2 : 1, world.spares);
      ASSERT_TRUE(world.Counts()) << order.name << " " << number;
    }
    EXPECT_EQ(world.tree.keys(), 0U) << order.name;
  }
}

TEST(KeyTree, ClearingKeepsItsNodes) {
  World world;
  for (size_t number = 0; number < kKeys; ++number) world.Insert(number);
  const uint64_t nodes = world.tree.nodes();
  const uint64_t spares = world.spares.count();
  EXPECT_GT(nodes, kKeys / 4);
  world.tree.Clear(world.spares);
  EXPECT_EQ(world.spares.count(), spares + nodes);
  EXPECT_EQ(world.tree.keys(), 0U);
  EXPECT_EQ(world.tree.nodes(), 0U);
  world.is_there.fill(false);
  world.Insert(7);
  EXPECT_TRUE(world.Counts());
  world.ExpectAllFound();
}

TEST(KeyTree, MovesWithAllItHolds) {
  World world;
  for (size_t number = 0; number < kKeys; ++number) world.Insert(number);
  Tree moved = std::move(world.tree);
  EXPECT_EQ(moved.keys(), kKeys);
  EXPECT_TRUE(moved.IsSound());
  EXPECT_EQ(world.tree.keys(), 0U);  // NOLINT(bugprone-use-after-move): that is what is tested
  EXPECT_EQ(world.tree.nodes(), 0U);
  world.tree = std::move(moved);
  EXPECT_TRUE(world.Counts());
  world.ExpectAllFound();
}

// The bound is one that can be kept aside: it grows with the keys, and is no more than one for
// each.
TEST(KeyTree, BoundsItsNodes) {
  uint64_t before = Tree::MostNodes(0);
  EXPECT_EQ(before, 1U);
  for (uint64_t keys = 1; keys < 1000; ++keys) {
    const uint64_t most = Tree::MostNodes(keys);
    EXPECT_GE(most, before) << keys;
    EXPECT_LE(most, keys) << keys;
    before = most;
  }
}

}  // namespace
}  // namespace mm
