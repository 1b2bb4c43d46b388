// How a VmaTree becomes like another: node by node, for a fork has all ranges of its parent.
#include <cstdint>
#include <expected>
#include <new>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/ranges/vma_tree.h"

namespace mm {

base::Result<> VmaTree::CopyFrom(const VmaTree& other, CopyValue copy) {
  CHECK(root_ == nullptr);
  if (other.root_ == nullptr) return {};
  VmaLeaf* below = nullptr;
  const base::Result<void*> root = CopyNode(other.root_, other.levels_, below, copy);
  if (!root) {
    Clear();
    return std::unexpected(root.error());
  }
  root_ = *root;
  levels_ = other.levels_;
  size_ = other.size_;
  ++changes_;
  return {};
}

// `below` is the last leaf that was copied, if any. What is left of a copy that fails goes with the
// pools.
base::Result<void*> VmaTree::CopyNode(const void* node, unsigned level, VmaLeaf*& below,
                                      CopyValue copy) {
  if (level == 0) return TRY(CopyLeaf(*static_cast<const VmaLeaf*>(node), below, copy));
  const auto& from = *static_cast<const VmaInner*>(node);
  auto* const inner = new (TRY(inners_.Allocate())) VmaInner(from);
  for (unsigned slot = 0; slot < from.count(); ++slot) {
    inner->set_child(slot, TRY(CopyNode(from.child(slot), level - 1, below, copy)));
  }
  return inner;
}

base::Result<VmaLeaf*> VmaTree::CopyLeaf(const VmaLeaf& leaf, VmaLeaf*& below, CopyValue copy) {
  auto* const made = new (TRY(leaves_.Allocate())) VmaLeaf(leaf.CopyAlone());
  for (unsigned slot = 0; slot < leaf.count(); ++slot) {
    made->set_value(slot, TRY(copy(leaf.value(slot))));
  }
  if (below != nullptr) made->PutAfter(*below);
  below = made;
  return made;
}

}  // namespace mm
