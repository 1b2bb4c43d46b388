// The contenders of the range workloads behind one shape: disjoint ranges of pages, each with a
// word.
//
//   bool Insert(const PageRange&)            false: overlaps
//   void Erase(uint64_t first)               a range that is there
//   uint64_t Find(uint64_t page)             the value of the range that contains it, or kNothing
//   uint64_t FindGap(uint64_t pages, uint64_t lowest)
//                                            the first page of the lowest gap from `lowest` on that
//                                            has a range above it, or kNothing
//   size_t bytes()                           of nodes
//
// The value of a range is its first page; the peers therefore keep none, while ours does.
#pragma once

#include <absl/container/btree_map.h>

#include <algorithm>
#include <boost/intrusive/avl_set.hpp>
#include <boost/intrusive/set.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <map>
#include <new>
#include <utility>

#include "kernel/mm/ranges/vma_index.h"
#include "testing/bench/models/linux_gap_tree.h"
#include "testing/bench/ranges/node_memory.h"

namespace bench {

inline constexpr uint64_t kNothing = ~uint64_t{0};

// Both ends inclusive.
struct PageRange {
  uint64_t first;
  uint64_t last;
};

class OurRanges {
 public:
  bool Insert(const PageRange& range) {
    const mm::VirtRange bytes{{range.first << mm::kPageShift},
                              (range.last - range.first + 1) << mm::kPageShift};
    return index_.Insert(bytes, range.first).has_value();
  }
  void Erase(uint64_t first) { CHECK(index_.Erase({first << mm::kPageShift}).has_value()); }
  [[nodiscard]] uint64_t Find(uint64_t page) const {
    const auto entry = index_.Find({page << mm::kPageShift});
    return entry ? entry->value : kNothing;
  }
  [[nodiscard]] uint64_t FindGap(uint64_t pages, uint64_t lowest) const {
    const mm::VmaGap gap = {
        .size_bytes = pages << mm::kPageShift,
        .within = mm::FromFirstToLast(mm::VirtAddr{lowest << mm::kPageShift}, kTop)};
    const auto found = index_.FindGap(gap);
    return found ? found->value >> mm::kPageShift : kNothing;
  }
  [[nodiscard]] size_t bytes() const { return index_.bytes(); }
  [[nodiscard]] bool IsSound() const { return index_.CheckInvariants().has_value(); }

 private:
  static constexpr mm::VirtAddr kTop{uint64_t{1} << 57};  // below it ends any address space here

  NodePages pages_;
  mm::VmaIndex<uint64_t> index_{pages_};
};

class LinuxRanges {
 public:
  LinuxRanges() = default;
  LinuxRanges(const LinuxRanges&) = delete;
  LinuxRanges& operator=(const LinuxRanges&) = delete;

  bool Insert(const PageRange& range) {
    auto* const node = new (memory_.Allocate(sizeof(LinuxRange))) LinuxRange;
    node->first = range.first;
    node->last = range.last;
    if (tree_.Insert(*node)) return true;
    memory_.Free(node, sizeof(LinuxRange));
    return false;
  }
  void Erase(uint64_t first) {
    LinuxRange* const node = tree_.FindNotBelow(first);
    tree_.Erase(*node);
    memory_.Free(node, sizeof(LinuxRange));
  }
  [[nodiscard]] uint64_t Find(uint64_t page) const {
    const LinuxRange* const node = tree_.FindNotBelow(page);
    return node != nullptr && node->first <= page ? node->first : kNothing;
  }
  [[nodiscard]] uint64_t FindGap(uint64_t pages, uint64_t lowest) const {
    return tree_.FindGap(pages, lowest);
  }
  [[nodiscard]] size_t bytes() const { return memory_.bytes(); }
  [[nodiscard]] bool IsSound() const { return tree_.IsSound(); }

 private:
  NodeMemory memory_;
  LinuxGapTree tree_;
};
static_assert(LinuxGapTree::kNoGap == kNothing);

// Trees of pairs {first page, last page} that know no gaps: they look for them in order.
template <class Map>
class MapRanges {
 public:
  bool Insert(const PageRange& range) {
    const auto above = map_.lower_bound(range.first);
    if (above != map_.end() && above->first <= range.last) return false;
    if (above != map_.begin() && std::prev(above)->second >= range.first) return false;
    map_.emplace_hint(above, range.first, range.last);
    return true;
  }
  void Erase(uint64_t first) { map_.erase(first); }
  [[nodiscard]] uint64_t Find(uint64_t page) const {
    auto above = map_.upper_bound(page);
    if (above == map_.begin()) return kNothing;
    --above;
    return above->second >= page ? above->first : kNothing;
  }
  [[nodiscard]] uint64_t FindGap(uint64_t pages, uint64_t lowest) const {
    auto above = map_.upper_bound(lowest);
    uint64_t start = lowest;
    if (above != map_.begin()) start = std::max(start, std::prev(above)->second + 1);
    for (; above != map_.end(); ++above) {
      if (above->first - start >= pages) return start;
      start = above->second + 1;
    }
    return kNothing;
  }
  [[nodiscard]] size_t bytes() const { return memory_.bytes(); }
  [[nodiscard]] bool IsSound() const { return true; }

 private:
  NodeMemory memory_;
  Map map_{typename Map::allocator_type(memory_)};
};

using PairAllocator = NodeAllocator<std::pair<const uint64_t, uint64_t>>;
using StandardMapRanges = MapRanges<std::map<uint64_t, uint64_t, std::less<>, PairAllocator>>;
using AbseilMapRanges = MapRanges<absl::btree_map<uint64_t, uint64_t, std::less<>, PairAllocator>>;

// Boost.Intrusive's trees, the colour or balance in a pointer; they know no gaps either.
template <class Hook, template <class...> class Tree>
class IntrusiveRanges {
 public:
  IntrusiveRanges() = default;
  IntrusiveRanges(const IntrusiveRanges&) = delete;
  IntrusiveRanges& operator=(const IntrusiveRanges&) = delete;
  ~IntrusiveRanges() { tree_.clear(); }

  bool Insert(const PageRange& range) {
    const auto above = tree_.lower_bound(range.first, Below{});
    if (above != tree_.end() && above->first <= range.last) return false;
    if (above != tree_.begin() && std::prev(above)->last >= range.first) return false;
    tree_.insert_before(above, *new (memory_.Allocate(sizeof(Node))) Node(range));
    return true;
  }
  void Erase(uint64_t first) {
    tree_.erase_and_dispose(tree_.find(first, Below{}),
                            [this](Node* node) { memory_.Free(node, sizeof(Node)); });
  }
  [[nodiscard]] uint64_t Find(uint64_t page) const {
    const auto above = tree_.upper_bound(page, Below{});
    if (above == tree_.begin()) return kNothing;
    const Node& node = *std::prev(above);
    return node.last >= page ? node.first : kNothing;
  }
  [[nodiscard]] uint64_t FindGap(uint64_t pages, uint64_t lowest) const {
    auto above = tree_.upper_bound(lowest, Below{});
    uint64_t start = lowest;
    if (above != tree_.begin()) start = std::max(start, std::prev(above)->last + 1);
    for (; above != tree_.end(); ++above) {
      if (above->first - start >= pages) return start;
      start = above->last + 1;
    }
    return kNothing;
  }
  [[nodiscard]] size_t bytes() const { return memory_.bytes(); }
  [[nodiscard]] bool IsSound() const { return true; }

 private:
  struct Node : Hook {
    explicit Node(const PageRange& range) : first(range.first), last(range.last) {}
    uint64_t first;
    uint64_t last;

    friend bool operator<(const Node& left, const Node& right) { return left.first < right.first; }
  };
  struct Below {
    bool operator()(const Node& node, uint64_t page) const { return node.first < page; }
    bool operator()(uint64_t page, const Node& node) const { return page < node.first; }
  };

  NodeMemory memory_;
  Tree<Node, boost::intrusive::constant_time_size<false>> tree_;
};

template <class... Options>
using BoostRedBlackTree = boost::intrusive::set<Options...>;
template <class... Options>
using BoostAvlTree = boost::intrusive::avl_set<Options...>;

using BoostRedBlackRanges = IntrusiveRanges<
    boost::intrusive::set_base_hook<boost::intrusive::optimize_size<true>,
                                    boost::intrusive::link_mode<boost::intrusive::normal_link>>,
    BoostRedBlackTree>;
using BoostAvlRanges = IntrusiveRanges<
    boost::intrusive::avl_set_base_hook<boost::intrusive::optimize_size<true>,
                                        boost::intrusive::link_mode<boost::intrusive::normal_link>>,
    BoostAvlTree>;

}  // namespace bench
