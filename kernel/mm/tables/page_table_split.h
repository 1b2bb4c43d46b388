// Splitting large pages and putting them back. Part of page_table.h; not to be included on its own.
#pragma once

#include "kernel/mm/tables/page_table.h"

namespace mm {

// Splits what reaches beyond `range`, pages and marks. On an error nothing has changed.
template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::SplitEnds(const VirtRange& range, TlbBatch& batch) {
  Reserve reserve(*this);  // both ends may lie in one large page and share tables
  const VirtAddr first = range.base;
  // The end of the address space splits nothing; it may be 2^64.
  const VirtAddr after_last{range.base.value + range.size_bytes};
  const bool has_end = IsTranslated(after_last);
  TRY(ReserveSplit(first, reserve));
  if (has_end) TRY(ReserveSplit(after_last, reserve));
  if (reserve.IsEmpty()) return {};
  SplitAt(first, reserve, batch);
  if (has_end) SplitAt(after_last, reserve, batch);
  return {};
}

// Allocates what SplitAt(boundary) will need.
template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::ReserveSplit(VirtAddr boundary, Reserve& reserve) const {
  const Place place = PlaceOf(boundary);
  if (P::KindOf(Load(*place.slot), place.level) == EntryKind::kNone) return {};
  for (unsigned level = place.level; level > 0 && !IsAligned(boundary, PageBytes(level)); --level) {
    TRY(reserve.Add(level - 1));
  }
  return {};
}

// Makes `boundary` the first byte of the page, or the marked block, that holds it, if one does.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::SplitAt(VirtAddr boundary, Reserve& reserve, TlbBatch& batch) {
  for (;;) {
    const Place place = PlaceOf(boundary);
    const unsigned level = place.level;
    if (IsAligned(boundary, PageBytes(level))) return;
    const Entry entry = Load(*place.slot);
    switch (P::KindOf(entry, level)) {
      case EntryKind::kLeaf:
        SplitLeaf(*place.slot, level, boundary, reserve.Take(level - 1), batch);
        break;
      case EntryKind::kMark:
        Store(*place.slot, MakeFullTable(entry, level, reserve));
        break;
      default:
        return;
    }
  }
}

// The new table is complete before the one store that puts it in the leaf's place. Where that is
// allowed the hardware may use either until the flush: both translate alike.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::SplitLeaf(Entry& slot, unsigned level, VirtAddr va, PhysAddr table_pa,
                                TlbBatch& batch) {
  const VirtRange page = page_table_internal::BlockOf(va, P::Level(level).shift);
  Entry leaf = Load(slot);
  batch.AddPages(page, ForgottenBytes(level), ScopeOf(leaf, level));
  if constexpr (P::kBreakBeforeMake) {
    Store(slot, Broken(leaf));
    batch.Flush(*memory_);
    Store(slot, MakeParts(leaf, level, table_pa));
    memory_->Publish(page);
  } else {
    // The hardware may note a use of the page while it is being split.
    std::atomic_ref<Entry> shared(slot);
    while (!shared.compare_exchange_weak(leaf, MakeParts(leaf, level, table_pa))) {
    }
  }
}

// Fills a table with the parts of `leaf`; the entry for it.
template <PagingPolicy P, TableMemory M>
typename PageTable<P, M>::Entry PageTable<P, M>::MakeParts(Entry leaf, unsigned level,
                                                           PhysAddr table_pa) {
  const Table table = TableAt(table_pa, level - 1);
  for (uint64_t i = 0; i < EntryCount(table); ++i) {
    Store(table.entries[i], P::PartOf(leaf, level, i));
  }
  const Entry entry = P::MakeTable(table_pa, P::AttributesOf(leaf, level, {}), level);
  if constexpr (P::kCountsEntries) return P::WithLiveEntries(entry, EntryCount(table));
  return entry;
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::Collapse(const VirtRange& range, TlbBatch& batch) {
  TRY(CheckRange(range));
  CollapseIn(RootTable(), range, batch);
  return {};
}

template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::CollapseIn(const Table& table, const VirtRange& range, TlbBatch& batch) {
  const unsigned level = table.level;
  if (level == 0) return;
  ForEachUsedEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry entry = Load(slot);
    if (P::KindOf(entry, level) != EntryKind::kTable) return true;
    CollapseIn(ChildOf(entry, level), piece, batch);
    if (piece.size_bytes != PageBytes(level)) return true;
    if (LeadsToCommon(level, piece)) return true;
    const std::optional<Entry> leaf = WholeOf(Load(slot), level);
    if (leaf) CollapseTable(slot, level, piece.base, *leaf, batch);
    return true;
  });
}

// The leaf that maps what all entries of a table map, if there is one.
template <PagingPolicy P, TableMemory M>
std::optional<typename PageTable<P, M>::Entry> PageTable<P, M>::WholeOf(Entry table_entry,
                                                                        unsigned level) const {
  if (!P::MayHoldLeaf(level, features_)) return std::nullopt;
  const Table child = ChildOf(table_entry, level);
  const unsigned below = child.level;
  const auto essence = [&](uint64_t index) -> Entry {
    return Load(child.entries[index]) & ~P::kHardwareBits;
  };
  const Entry first = essence(0);
  if (P::KindOf(first, below) != EntryKind::kLeaf) return std::nullopt;
  const PhysAddr target = P::TargetOf(first, below);
  if (!IsAligned(target, PageBytes(level))) return std::nullopt;
  const PageAttributes attributes =
      P::AttributesOf(first, below, P::Inherit({}, table_entry, level));
  const Entry leaf =
      P::WithSpare(P::MakeLeaf(target, attributes, level), P::SpareOf(first, below), level);
  for (uint64_t i = 0; i < EntryCount(child); ++i) {
    if (essence(i) != P::PartOf(leaf, level, i)) return std::nullopt;
  }
  return leaf;
}

// The table is freed after the flush, not with the batch: until then the hardware may translate
// through its entries, which therefore stay as they are.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::CollapseTable(Entry& slot, unsigned level, VirtAddr va, Entry leaf,
                                    TlbBatch& batch) {
  const Entry table_entry = Load(slot);
  const Table child = ChildOf(table_entry, level);
  const VirtRange block = page_table_internal::BlockOf(va, P::Level(level).shift);
  batch.AddPages(block, ForgottenBytes(level - 1), ScopeOf(leaf, level));
  if constexpr (P::kBreakBeforeMake) {
    Store(slot, Broken(table_entry));
    batch.Flush(*memory_);
    Store(slot, leaf);
    memory_->Publish(block);
  } else {
    Store(slot, leaf | HardwareNotes(child));
    batch.Flush(*memory_);
    // What was noted in the old entries until now.
    const Entry late_notes = HardwareNotes(child);
    Update(slot, [&](Entry entry) { return entry | late_notes; });
  }
  FreeTable(P::TargetOf(table_entry, level), level - 1);
}

// Everything that the hardware noted in a table's leaves.
template <PagingPolicy P, TableMemory M>
typename PageTable<P, M>::Entry PageTable<P, M>::HardwareNotes(const Table& table) {
  Entry notes = 0;
  for (uint64_t i = 0; i < EntryCount(table); ++i) notes |= Load(table.entries[i]);
  return notes & P::kHardwareBits;
}

}  // namespace mm
