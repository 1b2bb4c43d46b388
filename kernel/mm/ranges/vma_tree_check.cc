// Whether a VmaTree is what it says.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <expected>

#include "kernel/base/result.h"
#include "kernel/mm/ranges/vma_tree.h"

namespace mm {

// Goes through the tree in the order of addresses.
class VmaTree::Checker {
 public:
  explicit Checker(const VmaTree& tree) : tree_(tree) {}

  bool IsSound() {
    if (tree_.root_ == nullptr) return tree_.levels_ == 0 && CountsAgree();
    PageIndex gap = 0;
    return Visit(tree_.root_, tree_.levels_, 0, kPageLimit, gap) && last_leaf_->next() == nullptr &&
           CountsAgree() && PathIsRight();
  }

 private:
  bool CountsAgree() const {
    const bool keeps_leaf = tree_.kept_leaf_ != nullptr;
    return size_ == tree_.size_ && leaves_ + keeps_leaf == tree_.leaves_.nodes_in_use() &&
           (!keeps_leaf || (leaves_ != 0 && tree_.kept_leaf_->count() == 0)) &&
           inners_ == tree_.inners_.nodes_in_use() &&
           (found_last_is_here_ || FoundLast() == nullptr);
  }

  // What is remembered of the way to the last change is what a search finds.
  bool PathIsRight() const {
    const Path& path = tree_.path_;
    if (path.leaf == nullptr) return true;
    Path found;
    tree_.Descend(path.lower, found);
    const auto levels = static_cast<ptrdiff_t>(tree_.levels_);
    return found.leaf == path.leaf && found.lower == path.lower && found.upper == path.upper &&
           found.parent_upper == path.parent_upper &&
           std::equal(path.nodes.begin(), path.nodes.begin() + levels, found.nodes.begin()) &&
           std::equal(path.slots.begin(), path.slots.begin() + levels, found.slots.begin());
  }

  const VmaLeaf* FoundLast() const {
    return Unpack(tree_.found_last_.load(std::memory_order_relaxed)).leaf;
  }

  // The node has the pages from `lower` to before `upper`; gives their largest gap.
  bool Visit(const void* node, unsigned levels, PageIndex lower, PageIndex upper, PageIndex& gap) {
    if (levels == 0) return VisitLeaf(*static_cast<const VmaLeaf*>(node), lower, upper, gap);
    return VisitInner(*static_cast<const VmaInner*>(node), levels, lower, upper, gap);
  }

  bool VisitLeaf(const VmaLeaf& leaf, PageIndex lower, PageIndex upper, PageIndex& gap) {
    ++leaves_;
    size_ += leaf.count();
    found_last_is_here_ |= &leaf == FoundLast();
    const bool starts_right = lower == 0 || leaf.first() == lower;
    if (!leaf.IsSound() || !starts_right || leaf.last() >= upper) return false;
    if (leaf.previous() != last_leaf_) return false;
    if (last_leaf_ != nullptr && last_leaf_->next() != &leaf) return false;
    last_leaf_ = &leaf;
    gap = std::max(leaf.first() - lower, upper - leaf.last() - 1);
    for (unsigned slot = 1; slot < leaf.count(); ++slot) {
      gap = std::max(gap, leaf.First(slot) - leaf.Last(slot - 1) - 1);
    }
    return true;
  }

  bool VisitInner(const VmaInner& inner, unsigned levels, PageIndex lower, PageIndex upper,
                  PageIndex& gap) {
    ++inners_;
    const unsigned fewest = &inner == tree_.root_ ? 2 : VmaInner::kSmall;
    if (inner.count() < fewest || inner.count() > VmaInner::kSlots) return false;
    if (inner.first(0) != lower || !inner.IsSound()) return false;
    for (unsigned slot = 0; slot < inner.count(); ++slot) {
      PageIndex below = 0;
      const PageIndex end = inner.Upper(slot, upper);
      if (inner.first(slot) >= end) return false;
      if (!Visit(inner.child(slot), levels - 1, inner.first(slot), end, below)) return false;
      if (inner.gap(slot) != below) return false;
      gap = std::max(gap, below);
    }
    return true;
  }

  const VmaTree& tree_;
  const VmaLeaf* last_leaf_ = nullptr;
  size_t size_ = 0;
  size_t leaves_ = 0;
  size_t inners_ = 0;
  bool found_last_is_here_ = false;
};

base::Result<> VmaTree::CheckInvariants() const {
  TRY(leaves_.CheckInvariants());
  TRY(inners_.CheckInvariants());
  if (!Checker(*this).IsSound()) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
