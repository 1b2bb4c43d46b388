#include "kernel/mm/ranges/vma_tree.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <new>

#include "kernel/base/check.h"
#include "kernel/base/result.h"

namespace mm {
namespace {

constexpr size_t kCacheLine = 64;

// A leaf's lines are asked for all at once: a search would wait for one after the other.
inline void Prefetch(const void* leaf) {
  for (size_t offset = 0; offset < VmaLeaf::kBytes; offset += kCacheLine) {
    __builtin_prefetch(static_cast<const std::byte*>(leaf) + offset);
  }
}

}  // namespace

VmaTree::VmaTree(PageSource& source)
    : leaves_(source, VmaLeaf::kBytes), inners_(source, VmaInner::kBytes) {}

void VmaTree::Clear() {
  leaves_.Clear();
  inners_.Clear();
  kept_leaf_ = nullptr;
  root_ = nullptr;
  levels_ = 0;
  size_ = 0;
  ForgetPath();
  found_last_.store(0, std::memory_order_relaxed);
  ++changes_;
}

const VmaLeaf* VmaTree::LeafOf(PageIndex page) const {
  const void* node = root_;
  for (unsigned level = levels_; level != 0; --level) {
    const VmaInner& inner = *static_cast<const VmaInner*>(node);
    [[clang::always_inline]] node = inner.child(inner.SlotOf(page));
  }
  Prefetch(node);
  return static_cast<const VmaLeaf*>(node);
}

VmaPosition VmaTree::FindFromRoot(PageIndex page) const {
  if (root_ == nullptr) return {};
  const VmaLeaf* const leaf = LeafOf(page);
  const unsigned count = leaf->CountNotAbove(page);
  if (count == 0 || !leaf->Contains(count - 1, page)) return {};
  found_last_.store(reinterpret_cast<uintptr_t>(leaf) | (count - 1), std::memory_order_relaxed);
  return {leaf, count - 1};
}

VmaPosition VmaTree::FindFirstNotBelow(PageIndex page) const {
  if (root_ == nullptr) return {};
  const VmaLeaf* const leaf = LeafOf(page);
  const unsigned slot = leaf->SlotNotBelow(page);
  if (slot != leaf->count()) return {leaf, slot};
  return {leaf->next(), 0};
}

// Only below the lowest range does a leaf have nothing at or below a page of its own.
VmaPosition VmaTree::FindLastNotAbove(PageIndex page) const {
  if (root_ == nullptr) return {};
  const VmaLeaf* const leaf = LeafOf(page);
  const unsigned count = leaf->CountNotAbove(page);
  if (count == 0) return {};
  return {leaf, count - 1};
}

// What a fault looks for that is not beside the last one: nothing is called on the way.
uintptr_t VmaTree::ValueNotAbove(PageIndex page) const {
  if (root_ == nullptr) return 0;
  const VmaLeaf* leaf = nullptr;
  [[clang::always_inline]] leaf = LeafOf(page);
  [[clang::always_inline]] return leaf->ValueNotAbove(page);
}

VmaPosition VmaTree::Next(VmaPosition position) {
  if (position.slot + 1 < position.leaf->count()) return {position.leaf, position.slot + 1};
  return {position.leaf->next(), 0};
}

VmaPosition VmaTree::Previous(VmaPosition position) {
  if (position.slot != 0) return {position.leaf, position.slot - 1};
  const VmaLeaf* const previous = position.leaf->previous();
  return {previous, previous == nullptr ? 0 : previous->count() - 1};
}

void VmaTree::Descend(PageIndex page, Path& path) const {
  path.lower = 0;
  path.upper = kPageLimit;
  path.parent_upper = kPageLimit;
  void* node = root_;
  for (unsigned level = levels_; level-- != 0;) {
    auto& inner = *static_cast<VmaInner*>(node);
    const unsigned slot = inner.SlotOf(page);
    path.nodes[level] = &inner;
    path.slots[level] = slot;
    path.parent_upper = path.upper;
    path.lower = inner.first(slot);
    path.upper = inner.Upper(slot, path.upper);
    node = inner.child(slot);
  }
  Prefetch(node);
  path.leaf = static_cast<VmaLeaf*>(node);
}

// How many ranges start at `page` or below in its leaf, to which `path_` leads then. There is a
// root.
unsigned VmaTree::CountNotAbove(PageIndex page) {
  const VmaLeaf& leaf = *PathTo(page).leaf;
  guess_ = leaf.CountNotAbove(page, std::min(guess_, leaf.count()));
  return guess_;
}

VmaPosition VmaTree::FindToChange(PageIndex page) {
  if (root_ == nullptr) return {};
  const unsigned count = CountNotAbove(page);
  if (count == 0) return {};
  return {path_.leaf, count - 1};
}

// Of the range that starts at `first`, in the leaf that `path_` leads to then. Error: kNotFound.
base::Result<unsigned> VmaTree::FindSlot(PageIndex first) {
  if (root_ == nullptr) return std::unexpected(base::Error::kNotFound);
  const unsigned count = CountNotAbove(first);
  const VmaLeaf& leaf = *path_.leaf;
  if (count == 0 || leaf.First(count - 1) != first) {
    return std::unexpected(base::Error::kNotFound);
  }
  return count - 1;
}

// The first page after the range before `slot`, or of the leaf's part.
PageIndex VmaTree::StartOfGap(const Path& path, unsigned slot) {
  return slot == 0 ? path.lower : path.leaf->Last(slot - 1) + 1;
}

// Where the range in `slot` starts, or the next leaf's part when that is the end of this leaf.
PageIndex VmaTree::StartAfter(const Path& path, unsigned slot) {
  return slot < path.leaf->count() ? path.leaf->First(slot) : path.upper;
}

base::Result<> VmaTree::Insert(const PageSpan& span, uintptr_t value) {
  if (root_ == nullptr) return InsertFirst(span, value);
  const unsigned slot = CountNotAbove(span.first);
  Path& path = path_;
  const bool overlaps_below = slot != 0 && path.leaf->Last(slot - 1) >= span.first;
  if (overlaps_below || StartAfter(path, slot) <= span.last) {
    return std::unexpected(base::Error::kOverlap);
  }
  return InsertAt(path, slot, span, value);
}

base::Result<> VmaTree::InsertFirst(const PageSpan& span, uintptr_t value) {
  auto* const leaf = new (TRY(leaves_.Allocate())) VmaLeaf;
  leaf->Insert(0, span, value);
  root_ = leaf;
  ++size_;
  ++changes_;
  return {};
}

// The span lies in the gap before `slot`.
base::Result<> VmaTree::InsertAt(Path& path, unsigned slot, const PageSpan& span, uintptr_t value) {
  if (path.leaf->IsFull() || !path.leaf->Reaches(span.first)) [[unlikely]] {
    if (!InsertBelowNext(path, slot, span, value) && !InsertKeptLeaf(path, slot, span, value)) {
      const auto inserted = InsertOutside(path, slot, span, value);
      ForgetPath();
      TRY(inserted);
    }
  } else {
    PutInto(path, slot, span, value);
  }
  ++size_;
  ++changes_;
  return {};
}

void VmaTree::PutInto(const Path& path, unsigned slot, const PageSpan& span, uintptr_t value) {
  const PageIndex gap = StartAfter(path, slot) - StartOfGap(path, slot);
  path.leaf->Insert(slot, span, value);
  guess_ = slot + 1;
  if (levels_ != 0 && gap >= path.parent().gap(path.slot())) UpdateGap(path);
}

base::Result<uintptr_t> VmaTree::Erase(PageIndex first) {
  const unsigned slot = TRY(FindSlot(first));
  const uintptr_t value = path_.leaf->value(slot);
  EraseAt(path_, slot);
  return value;
}

void VmaTree::EraseAt(Path& path, unsigned slot) {
  VmaLeaf& leaf = *path.leaf;
  --size_;
  ++changes_;
  if (leaf.count() == 1) {
    RemoveLeaf(path);
    return;
  }
  const PageIndex first = leaf.First(slot);
  leaf.Erase(slot);
  guess_ = slot;
  if (levels_ == 0) return;
  if (slot == 0 && !path.IsLowest()) {
    // What was here belongs to the leaf before, now.
    SetFirst(path, leaf.first());
    UpdateGap(path);
    UpdateGapAt(first);
  } else {
    const PageIndex gap = StartAfter(path, slot) - StartOfGap(path, slot);
    if (gap > path.parent().gap(path.slot())) SetGap(path, gap);
  }
  GatherIfSmall(path);
}

// After its leaf has lost a range.
void VmaTree::GatherIfSmall(Path& path) {
  const VmaLeaf& leaf = *path.leaf;
  const bool is_time = leaf.IsSmall() && leaf.count() % kGatherStep == 0;
  if (is_time && GatherLeaf(path)) ForgetPath();
}

base::Result<> VmaTree::Resize(PageIndex first, const PageSpan& span) {
  unsigned slot = TRY(FindSlot(first));
  Path& path = path_;
  const VmaPosition below = Previous({path.leaf, slot});
  const bool overlaps_below = below.leaf != nullptr && below.leaf->Last(below.slot) >= span.first;
  if (overlaps_below || StartAfter(path, slot + 1) <= span.last) {
    return std::unexpected(base::Error::kOverlap);
  }
  if (!path.leaf->ReachesWithout(slot, span.first)) [[unlikely]] {
    const auto split = SplitLeaf(path, slot == 0 ? 1 : slot);
    ForgetPath();
    TRY(split);
    slot = TRY(FindSlot(first));
  }
  path.leaf->SetSpan(slot, span);
  ++changes_;
  const bool moves_leaf = slot == 0 && !path.IsLowest() && span.first != first;
  if (moves_leaf) SetFirst(path, span.first);
  UpdateGap(path);
  if (moves_leaf) UpdateGapAt(std::min(first, span.first) - 1);
  return {};
}

base::Result<> VmaTree::Split(PageIndex at, uintptr_t upper) {
  if (root_ == nullptr) return std::unexpected(base::Error::kNotFound);
  const unsigned count = CountNotAbove(at);
  Path& path = path_;
  VmaLeaf& leaf = *path.leaf;
  if (count == 0 || leaf.First(count - 1) == at || leaf.Last(count - 1) < at) {
    return std::unexpected(base::Error::kNotFound);
  }
  if (!leaf.IsFull() && leaf.Reaches(at)) [[likely]] {
    // No gap changes, and so no node above.
    leaf.Split(count - 1, at, upper);
    guess_ = count + 1;
    ++size_;
    ++changes_;
    return {};
  }
  const PageSpan whole = leaf.Span(count - 1);
  leaf.SetSpan(count - 1, {whole.first, at - 1});
  const auto inserted = InsertAt(path, count, {at, whole.last}, upper);
  if (!inserted) leaf.SetSpan(count - 1, whole);
  return inserted;
}

base::Result<uintptr_t> VmaTree::MergeWithNext(PageIndex first) {
  const unsigned slot = TRY(FindSlot(first));
  VmaLeaf& leaf = *path_.leaf;
  const VmaPosition next = Next({&leaf, slot});
  if (next.leaf == nullptr) return std::unexpected(base::Error::kNotFound);
  const PageSpan above = next.leaf->Span(next.slot);
  if (leaf.Last(slot) + 1 != above.first) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  if (next.leaf == &leaf) [[likely]] {
    // No gap changes, and so no node above.
    const uintptr_t value = leaf.value(next.slot);
    leaf.JoinWithNext(slot);
    --size_;
    ++changes_;
    if (levels_ != 0) GatherIfSmall(path_);
    return value;
  }
  const uintptr_t value = TRY(Erase(above.first));
  // The first page stays, so this takes no memory.
  TRY(Resize(first, {first, above.last}));
  return value;
}

base::Result<uintptr_t> VmaTree::Replace(PageIndex first, uintptr_t value) {
  const unsigned slot = TRY(FindSlot(first));
  const uintptr_t was = path_.leaf->value(slot);
  path_.leaf->set_value(slot, value);
  return was;
}

}  // namespace mm
