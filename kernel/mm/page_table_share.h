// Entries that several page tables have in common, and roots that change their size. Part of
// page_table.h; not to be included on its own.
#pragma once

#include "kernel/mm/page_table.h"

namespace mm {

// Tables are taken first: what follows cannot fail.
template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::ShareEntries(const VirtRange& range) {
  CHECK(common_.IsEmpty() && shape_.level > 0);
  TRY(CheckRange(range));
  const Table root = RootTable();
  TableCounts counts{};
  ForEachEntry(root, range, [&](const VirtRange&, Entry& slot) {
    if (P::KindOf(Load(slot), root.level) == EntryKind::kNone) ++counts[root.level - 1];
    return true;
  });
  Reserve reserve(*this);
  TRY(reserve.Add(counts));
  ForEachEntry(root, range, [&](const VirtRange&, Entry& slot) {
    if (P::KindOf(Load(slot), root.level) == EntryKind::kNone) {
      Store(slot, P::MakeTable(reserve.Take(root.level - 1), {}, root.level));
    }
    return true;
  });
  memory_->Publish(range);
  const unsigned shift = P::Level(root.level).shift;
  common_ = FromFirstToLast(AlignDown(range.base, base::Bit(shift)),
                            VirtAddr{range.last().value | base::LowBits(shift)});
  return {};
}

// Whether `range` can be changed below the root's common entries alone, to what has `attributes`.
template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::KeepsCommonEntries(const VirtRange& range,
                                         const PageAttributes& attributes) const {
  const unsigned level = shape_.level;
  return ForEachUsedEntry(RootTable(), Intersection(range, common_),
                          [&](const VirtRange&, Entry& slot) {
                            const Entry entry = Load(slot);
                            return P::KindOf(entry, level) == EntryKind::kTable &&
                                   P::Admit(entry, attributes, level) == entry;
                          });
}

template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::BorrowEntries(const PageTable& owner) {
  CHECK(common_.IsEmpty() && shape_.level == owner.shape_.level);
  if (owner.common_.IsEmpty()) return;
  CHECK(CheckRange(owner.common_).has_value());
  common_ = owner.common_;
  borrows_ = true;
  const Table from = owner.RootTable();
  ForEachEntry(RootTable(), common_, [&](const VirtRange& piece, Entry& slot) {
    CHECK(Load(slot) == 0);
    Store(slot, Load(EntryFor(from, piece.base)));
    return true;
  });
}

template <PagingPolicy P, TableMemory M>
base::Result<typename PageTable<P, M>::OldRoot> PageTable<P, M>::ResizeRoot(RootShape shape) {
  CHECK(P::kExtension == AddressExtension::kZero && shape.level == shape_.level);
  const Table old_root = RootTable();
  const uint64_t kept = std::min(EntryCount(old_root), base::Bit(shape.index_bits));
  for (uint64_t i = kept; i < EntryCount(old_root); ++i) {
    if (Load(old_root.entries[i]) != 0) return std::unexpected(base::Error::kAlreadyExists);
  }
  const PhysAddr root = TRY(memory_->AllocateTable(RootBytes(shape), RootBytes(shape)));
  const OldRoot old = {root_, shape_};
  root_ = root;
  shape_ = shape;
  const Table new_root = RootTable();
  for (uint64_t i = 0; i < kept; ++i) Store(new_root.entries[i], Load(old_root.entries[i]));
  return old;
}

template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::FreeRoot(const OldRoot& old) {
  memory_->FreeTable(old.table, RootBytes(old.shape));
}

}  // namespace mm
