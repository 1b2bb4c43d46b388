// Entries that several page tables have in common, and roots that change their size. Part of
// page_table.h; not to be included on its own.
#pragma once

#include "kernel/mm/tables/page_table.h"

namespace mm {

// The table that the common entries lie in.
template <PagingPolicy P, TableMemory M>
typename PageTable<P, M>::Table PageTable<P, M>::CommonTable() const {
  Table table = RootTable();
  while (table.level > common_level_) {
    table = ChildOf(Load(EntryFor(table, common_.base)), table.level);
  }
  return table;
}

// Which entries of `table` are common.
template <PagingPolicy P, TableMemory M>
std::optional<typename PageTable<P, M>::Indices> PageTable<P, M>::CommonIndices(
    const Table& table) const {
  if (common_.IsEmpty() || table.level != common_level_) return std::nullopt;
  if (table.entries != CommonTable().entries) return std::nullopt;
  return Indices{IndexIn(table, common_.base), IndexIn(table, common_.last())};
}

// Whether the entry of `level` for `piece` is common, or above those that are.
template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::LeadsToCommon(unsigned level, const VirtRange& piece) const {
  if (common_.IsEmpty() || level < common_level_) return false;
  return common_.Overlaps(page_table_internal::BlockOf(piece.base, P::Level(level).shift));
}

// Tables are taken first: what follows cannot fail.
template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::ShareEntries(const VirtRange& range, unsigned level,
                                             const VirtRange& complete) {
  CHECK(common_.IsEmpty() && level > 0 && level <= shape_.level);
  TRY(CheckRange(range));
  Table table = RootTable();
  while (table.level > level) {
    const Entry entry = Load(EntryFor(table, range.base));
    const bool is_one = IndexIn(table, range.base) == IndexIn(table, range.last());
    if (!is_one || P::KindOf(entry, table.level) != EntryKind::kTable) {
      return std::unexpected(base::Error::kUnsupported);
    }
    table = ChildOf(entry, table.level);
  }
  const unsigned shift = P::Level(level).shift;
  const auto needs_table = [&](const VirtRange& piece, const Entry& slot) {
    const bool is_empty = P::KindOf(Load(slot), level) == EntryKind::kNone;
    return is_empty && !complete.Contains(page_table_internal::BlockOf(piece.base, shift));
  };
  TableCounts counts{};
  ForEachEntry(table, range, [&](const VirtRange& piece, const Entry& slot) {
    if (needs_table(piece, slot)) ++counts[level - 1];
    return true;
  });
  Reserve reserve(*this);
  TRY(reserve.Add(counts));
  ForEachEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    if (needs_table(piece, slot)) Store(slot, P::MakeTable(reserve.Take(level - 1), {}, level));
    return true;
  });
  if constexpr (P::kCountsEntries) CountMoreBelow(range.base, level, counts[level - 1]);
  memory_->Publish(range);
  common_ = FromFirstToLast(AlignDown(range.base, base::Bit(shift)),
                            VirtAddr{range.last().value | base::LowBits(shift)});
  common_level_ = level;
  return {};
}

template <PagingPolicy P, TableMemory M>
uint64_t PageTable<P, M>::CountUsed(std::span<const Entry> entries) {
  return static_cast<uint64_t>(
      std::ranges::count_if(entries, [](const Entry& entry) { return Load(entry) != 0; }));
}

// The table of `level` on the way to `va` has so many more entries in use.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::CountMoreBelow(VirtAddr va, unsigned level, uint64_t more)
  requires P::kCountsEntries
{
  Table table = RootTable();
  if (table.level == level) return;  // nobody counts the root's
  while (table.level > level + 1) table = ChildOf(Load(EntryFor(table, va)), table.level);
  Entry& slot = EntryFor(table, va);
  Store(slot, P::WithLiveEntries(Load(slot), P::LiveEntries(Load(slot)) + more));
}

// Whether `range` can be changed below the common entries alone, to what has `attributes`.
template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::KeepsCommonEntries(const VirtRange& range,
                                         const PageAttributes& attributes) const {
  const VirtRange touched = Intersection(range, common_);
  if (touched.IsEmpty()) return true;
  return ForEachUsedEntry(CommonTable(), touched, [&](const VirtRange&, Entry& slot) {
    const Entry entry = Load(slot);
    return P::KindOf(entry, common_level_) == EntryKind::kTable &&
           P::Admit(entry, attributes, common_level_) == entry;
  });
}

// Whether `range` cannot have pages without a common entry, empty until now.
template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::FillsCommonEntry(const VirtRange& range) const {
  const VirtRange touched = Intersection(range, common_);
  if (touched.IsEmpty()) return false;
  return !ForEachEntry(CommonTable(), touched,
                       [](const VirtRange&, const Entry& slot) { return Load(slot) != 0; });
}

// The tables of its own let through what a user's pages need: its pages lie beside the common ones.
template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::BorrowEntries(const PageTable& owner) {
  CHECK(common_.IsEmpty() && shape_.level == owner.shape_.level);
  if (owner.common_.IsEmpty()) return {};
  CHECK(CheckRange(owner.common_).has_value());
  TableCounts counts{};
  for (unsigned level = owner.common_level_; level < shape_.level; ++level) ++counts[level];
  Reserve reserve(*this);
  TRY(reserve.Add(counts));
  common_ = owner.common_;
  common_level_ = owner.common_level_;
  borrows_ = true;
  const Table from = owner.CommonTable();
  const uint64_t first = IndexIn(from, common_.base);
  const std::span<const Entry> common(&from.entries[first],
                                      IndexIn(from, common_.last()) - first + 1);
  Table table = RootTable();
  while (table.level > common_level_) {
    Entry& slot = EntryFor(table, common_.base);
    CHECK(Load(slot) == 0);
    Entry entry = P::MakeTable(reserve.Take(table.level - 1), kUserPage, table.level);
    if constexpr (P::kCountsEntries) {
      const bool leads_to_common = table.level - 1 == common_level_;
      entry = P::WithLiveEntries(entry, leads_to_common ? CountUsed(common) : 1);
    }
    Store(slot, entry);
    table = ChildOf(entry, table.level);
  }
  CHECK(Load(table.entries[first]) == 0);
  // No processor walks this yet: a thousand entries of a 32-bit machine are copied as memory.
  std::memcpy(&table.entries[first], common.data(), common.size_bytes());
  return {};
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
