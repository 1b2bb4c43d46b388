// What leaves need of the table entries above them. Part of page_table.h; not to be included on its
// own.
//
// Some of what a leaf grants may stand in the table entry above it, once for all leaves there (ARM:
// whether the kernel executes, and the domain). Such an entry changes only while no leaf below
// needs it as it was.
#pragma once

#include "kernel/mm/tables/page_table.h"

namespace mm {

// Whether `range` can have `attributes` beside the leaves that stay as they are. Asked before
// anything is written.
template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::IsAdmissible(const Table& table, const VirtRange& range,
                                   const PageAttributes& attributes) const {
  const unsigned level = table.level;
  if (!P::kLeavesMayDisagree || level == 0) return true;
  return ForEachUsedEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry entry = Load(slot);
    switch (P::KindOf(entry, level)) {
      case EntryKind::kTable:
        return MayAdmit(entry, level, piece, attributes) &&
               IsAdmissible(ChildOf(entry, level), piece, attributes);
      case EntryKind::kLeaf:
        return piece.size_bytes == PageBytes(level) || MaySplitFor(entry, level, attributes);
      case EntryKind::kNone:
      case EntryKind::kMark:
      case EntryKind::kForeign:
        break;
    }
    return true;
  });
}

// For `piece` of what a table translates: whether its leaves elsewhere need nothing else.
template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::MayAdmit(Entry table_entry, unsigned level, const VirtRange& piece,
                               const PageAttributes& attributes) const {
  const Entry admitting = P::Admit(table_entry, attributes, level);
  if (admitting == table_entry) return true;
  const VirtRange block = page_table_internal::BlockOf(piece.base, P::Level(level).shift);
  return ForEachLeaf(ChildOf(table_entry, level), block, P::Inherit({}, table_entry, level),
                     [&](const VirtRange& page, Entry& slot, unsigned leaf_level, Inherited above) {
                       if (piece.Contains(page)) return true;
                       const PageAttributes kept = P::AttributesOf(Load(slot), leaf_level, above);
                       return P::Admit(admitting, kept, level) == admitting;
                     });
}

// Likewise, for a part of a large page and the rest of it.
template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::MaySplitFor(Entry leaf, unsigned level, const PageAttributes& attributes) {
  const PageAttributes kept = P::AttributesOf(leaf, level, {});
  const Entry admitting = P::Admit(P::MakeTable({}, kept, level), attributes, level);
  return P::Admit(admitting, kept, level) == admitting;
}

// Changes the entry of a table in use, one that translates `va`, before there are leaves that rely
// on it: processors may have cached it as it was.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::ReplaceInUse(Entry& slot, Entry table_entry, VirtAddr va) {
  Store(slot, table_entry);
  TlbBatch batch;
  // Forgetting one page also forgets the tables on the way to it.
  batch.AddPages({va, kPageSize}, kPageSize, Scope::kProcess);
  batch.Flush(*memory_);
}

template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::HasWhatLeavesNeed(Entry table_entry, unsigned level) const {
  if constexpr (!P::kLeavesMayDisagree) return true;
  const Table child = ChildOf(table_entry, level);
  const Inherited above = P::Inherit({}, table_entry, level);
  for (uint64_t i = 0; i < EntryCount(child); ++i) {
    const Entry entry = Load(child.entries[i]);
    if (P::KindOf(entry, child.level) != EntryKind::kLeaf) continue;
    const PageAttributes attributes = P::AttributesOf(entry, child.level, above);
    if (P::Admit(table_entry, attributes, level) != table_entry) return false;
  }
  return true;
}

}  // namespace mm
