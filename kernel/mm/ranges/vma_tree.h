// What VmaIndex is made of: a B+-tree of page ranges, each with a word, changed in place.
//
// Every part of the address space belongs to one leaf: from the first page of its first range (of
// the lowest leaf: from page 0) to the page before the next leaf's first. So the gap between two
// ranges belongs to the leaf of the lower one, and an insert or erase changes the gaps of one path
// only, unless it changes a leaf's first range. Inner nodes know the largest gap of each child, and
// all nodes where their largest gaps are.
//
// A full leaf shares with a neighbour before it splits, two full leaves become three, and a leaf
// that is filled in order splits where the next range goes: leaves are some 80 % full or more.
// Ranges further apart than VmaLeaf::kReach live in different leaves, which may therefore be small.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>

#include "kernel/base/check.h"
#include "kernel/base/function_ref.h"
#include "kernel/base/result.h"
#include "kernel/mm/frames/node_pool.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/ranges/vma_node.h"

namespace mm {

// Where a range is; no range when `leaf` is null. Any change to the tree may make it stale.
struct VmaPosition {
  const VmaLeaf* leaf = nullptr;
  unsigned slot = 0;
};

// From which end a gap is looked for, and towards which it is placed.
enum class GapSide : uint8_t { kLow, kHigh };

// Pages that somebody looks for. `alignment` is a power of two, in pages.
struct PageGap {
  PageIndex pages;
  PageIndex alignment;
  PageSpan within;
  GapSide side;
};

class VmaTree {
 public:
  // Gaps that are large enough but badly aligned, before FindGap() stops to look at each.
  static constexpr unsigned kMisfits = 64;

  explicit VmaTree(PageSource& source);
  VmaTree(const VmaTree&) = delete;
  VmaTree& operator=(const VmaTree&) = delete;

  // The functions of VmaIndex, which says what they do; pages are below kPageLimit.

  [[nodiscard]] VmaPosition Find(PageIndex page) const {
    const uintptr_t found = found_last_.load(std::memory_order_relaxed);
    if (found != 0) {
      const VmaPosition position = Unpack(found);
      if (position.leaf->Contains(position.slot, page)) return position;
    }
    return FindFromRoot(page);
  }
  [[nodiscard]] VmaPosition FindFirstNotBelow(PageIndex page) const;
  [[nodiscard]] VmaPosition FindLastNotAbove(PageIndex page) const;
  // The word alone of that range; 0 when there is none.
  [[nodiscard]] uintptr_t ValueNotAbove(PageIndex page) const;
  // The same, and a change there need not search again.
  [[nodiscard]] VmaPosition FindToChange(PageIndex page);
  // The first page of the gap. Error: kOutOfMemory.
  [[nodiscard]] base::Result<PageIndex> FindGap(const PageGap& wanted) const;

  [[nodiscard]] base::Result<> Insert(const PageSpan& span, uintptr_t value);
  [[nodiscard]] base::Result<uintptr_t> Erase(PageIndex first);
  [[nodiscard]] base::Result<> Resize(PageIndex first, const PageSpan& span);
  [[nodiscard]] base::Result<> Split(PageIndex at, uintptr_t upper);
  [[nodiscard]] base::Result<uintptr_t> MergeWithNext(PageIndex first);
  [[nodiscard]] base::Result<uintptr_t> Replace(PageIndex first, uintptr_t value);
  void Clear();

  // What a copied range's word becomes. Error: kOutOfMemory.
  using CopyValue = base::FunctionRef<base::Result<uintptr_t>(uintptr_t)>;
  // Makes this empty tree one like `other`; `copy` is called for each word, ascending. Errors:
  // those of `copy`, kOutOfMemory. O(n), and less than so many inserts.
  [[nodiscard]] base::Result<> CopyFrom(const VmaTree& other, CopyValue copy);

  [[nodiscard]] static VmaPosition Next(VmaPosition position);
  [[nodiscard]] static VmaPosition Previous(VmaPosition position);

  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] size_t bytes() const { return leaves_.bytes() + inners_.bytes(); }
  // Another number after every change that makes positions stale.
  [[nodiscard]] uint64_t changes() const { return changes_; }
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  // A neighbour with less room is soon full as well.
  static constexpr unsigned kWorthSharing = 4;
  // A small leaf looks for room in its neighbours whenever its ranges are a multiple of this.
  static constexpr unsigned kGatherStep = 4;
  // Levels of inner nodes: with a quarter of VmaInner's slots used, more than memory can hold.
  static constexpr unsigned kMaxLevels = 11;

  // The way from the root to a leaf. Level 0 is the leaves' parents.
  struct Path {
    std::array<VmaInner*, kMaxLevels> nodes;
    std::array<unsigned, kMaxLevels> slots;  // of the child that leads on
    VmaLeaf* leaf = nullptr;
    // The leaf's part of the address space starts at `lower`; the next leaf's at `upper`, the next
    // parent's at `parent_upper`.
    PageIndex lower;
    PageIndex upper;
    PageIndex parent_upper;

    [[nodiscard]] VmaInner& parent() const { return *nodes[0]; }
    [[nodiscard]] unsigned slot() const { return slots[0]; }
    [[nodiscard]] bool IsLowest() const { return lower == 0; }
  };

  // Nodes that an insert may need.
  struct Spare {
    NodePool::Reservation leaves;
    NodePool::Reservation inners;
  };

  // A found position is one word, which readers may exchange without a lock.
  static constexpr uintptr_t kSlotMask = 63;
  static_assert(VmaLeaf::kSlots <= kSlotMask && VmaLeaf::kBytes % (kSlotMask + 1) == 0);
  static VmaPosition Unpack(uintptr_t found) {
    return {reinterpret_cast<const VmaLeaf*>(found & ~kSlotMask),
            static_cast<unsigned>(found & kSlotMask)};
  }

  // Looking (vma_tree.cc).
  [[nodiscard]] VmaPosition FindFromRoot(PageIndex page) const;
  [[nodiscard]] const VmaLeaf* LeafOf(PageIndex page) const;
  void Descend(PageIndex page, Path& path) const;
  // There is a root. Changes nothing that matters to readers.
  [[nodiscard]] Path& PathTo(PageIndex page) {
    const bool is_there = path_.leaf != nullptr && page >= path_.lower && page < path_.upper;
    if (!is_there) [[unlikely]]
      Descend(page, path_);
    return path_;
  }
  [[nodiscard]] unsigned CountNotAbove(PageIndex page);
  [[nodiscard]] base::Result<unsigned> FindSlot(PageIndex first);
  [[nodiscard]] static PageIndex StartOfGap(const Path& path, unsigned slot);
  [[nodiscard]] static PageIndex StartAfter(const Path& path, unsigned slot);
  void ForgetPath() { path_.leaf = nullptr; }

  // Changing one leaf (vma_tree.cc).
  [[nodiscard]] base::Result<> InsertFirst(const PageSpan& span, uintptr_t value);
  [[nodiscard]] base::Result<> InsertAt(Path& path, unsigned slot, const PageSpan& span,
                                        uintptr_t value);
  void PutInto(const Path& path, unsigned slot, const PageSpan& span, uintptr_t value);
  void EraseAt(Path& path, unsigned slot);
  void GatherIfSmall(Path& path);

  // Summaries (vma_tree_summary.cc).
  void SetGap(const Path& path, PageIndex gap);
  void UpdateGap(const Path& path);
  void UpdateGapAt(PageIndex page);
  void SetFirst(Path& path, PageIndex first);
  void UpdateAbove(const Path& path, unsigned level);
  void UpdateLeaves(const Path& path, unsigned lower_slot);
  void UpdateLeafGap(const Path& path, unsigned slot);

  // Making room (vma_tree_grow.cc).
  [[nodiscard]] base::Result<> InsertOutside(Path& path, unsigned slot, const PageSpan& span,
                                             uintptr_t value);
  [[nodiscard]] bool InsertBelowNext(Path& path, unsigned slot, const PageSpan& span,
                                     uintptr_t value);
  [[nodiscard]] bool InsertKeptLeaf(Path& path, unsigned slot, const PageSpan& span,
                                    uintptr_t value);
  [[nodiscard]] base::Result<> InsertLeaf(Path& path, unsigned slot, const PageSpan& span,
                                          uintptr_t value);
  [[nodiscard]] base::Result<> MakeRoom(Path& path, unsigned slot);
  [[nodiscard]] bool ShareWithNeighbour(const Path& path);
  [[nodiscard]] base::Result<> SplitLeaf(Path& path, unsigned kept);
  [[nodiscard]] base::Result<> SplitTwoLeaves(Path& path, unsigned lower_slot);
  [[nodiscard]] base::Result<Spare> ReserveFor(const Path& path);
  void AddRoot(Path& path, Spare& spare);
  void AddLeafAfter(Path& path, unsigned slot, VmaLeaf& added, Spare& spare);
  void AddChild(Path& path, unsigned level, unsigned slot, const VmaInner::Child& child,
                Spare& spare);
  static void SplitInner(VmaInner& node, VmaInner& upper, unsigned slot,
                         const VmaInner::Child& child);
  [[nodiscard]] VmaLeaf& NewLeaf(Spare& spare);

  // Copying (vma_tree_copy.cc).
  [[nodiscard]] base::Result<void*> CopyNode(const void* node, unsigned level, VmaLeaf*& below,
                                             CopyValue copy);
  [[nodiscard]] base::Result<VmaLeaf*> CopyLeaf(const VmaLeaf& leaf, VmaLeaf*& below,
                                                CopyValue copy);

  // Giving nodes back (vma_tree_shrink.cc).
  void RemoveLeaf(Path& path);
  void GiveLeafTo(Path& path, VmaLeaf& below);
  void RemoveChild(Path& path, unsigned level);
  [[nodiscard]] bool GatherLeaf(Path& path);
  void MergeLeaves(Path& path, unsigned lower_slot);
  void SpreadLeaf(Path& path);
  void GatherInner(Path& path, unsigned level);
  void RemoveThinRoots();
  void FreeLeaf(VmaLeaf& leaf);
  void DropKeptLeaf();

  class GapSearch;
  class Checker;

  NodePool leaves_;
  NodePool inners_;
  void* root_ = nullptr;  // a VmaLeaf when there are no levels
  unsigned levels_ = 0;
  size_t size_ = 0;
  uint64_t changes_ = 0;
  // An empty leaf, while there are others: ranges far from all others come and go as often as near
  // ones, and each time a leaf with them.
  VmaLeaf* kept_leaf_ = nullptr;
  // The way to where the last change was, for the next is often near; no way when its leaf is null.
  // Whatever changes the tree's shape forgets it.
  Path path_;
  // In its leaf, how many ranges are not above where the last change was, or a slot near.
  unsigned guess_ = 0;
  // What Find() found last, packed, or 0. Readers may overwrite each other's.
  mutable std::atomic<uintptr_t> found_last_ = 0;
};

}  // namespace mm
