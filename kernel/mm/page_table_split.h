// Splitting large pages. Part of page_table.h; not to be included on its own.
#pragma once

#include "kernel/mm/page_table.h"

namespace mm {

template <PagingPolicy P, TableMemory M>
struct PageTable<P, M>::SpareTables {
  struct Spare {
    PhysAddr pa;
    unsigned level;
  };

  void Add(PhysAddr pa, unsigned level) { spares[count++] = {pa, level}; }

  PhysAddr Take(unsigned level) {
    size_t i = 0;
    while (i < count && spares[i].level != level) ++i;
    CHECK(i < count);  // every split had its table reserved
    const PhysAddr pa = spares[i].pa;
    spares[i] = spares[--count];
    return pa;
  }

  // Two ends of a range, each splitting once on every level above 0.
  std::array<Spare, 2 * (P::kLevelCount - 1)> spares;
  size_t count = 0;
};

// Splits the large pages that `range` covers only in part. On an error nothing has changed.
template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::SplitEnds(const VirtRange& range) {
  SpareTables spares;
  const VirtAddr first = range.base;
  // The end of the address space splits nothing; it may be 2^64.
  const VirtAddr after_last{range.base.value + range.size_bytes};
  const bool has_end = CheckRange({after_last, kPageSize}).has_value();
  base::Result<> reserved = ReserveSplit(first, spares);
  if (reserved && has_end) reserved = ReserveSplit(after_last, spares);
  if (reserved) {
    SplitAt(first, spares);
    if (has_end) SplitAt(after_last, spares);
  }
  // Both ends may lie in one large page and share tables.
  for (size_t i = 0; i < spares.count; ++i) FreeTable(spares.spares[i].pa, spares.spares[i].level);
  return reserved;
}

// Allocates what SplitAt(boundary) will need.
template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::ReserveSplit(VirtAddr boundary, SpareTables& spares) {
  const std::optional<Mapping> page = Query(boundary);
  if (!page) return {};
  for (unsigned level = shape_.level; level > 0; --level) {
    const uint64_t bytes = base::Bit(P::Level(level).shift);
    if (bytes > page->page_bytes || IsAligned(boundary, bytes)) continue;
    spares.Add(TRY(AllocateTable(level - 1)), level - 1);
  }
  return {};
}

// Makes `boundary` the first byte of the page that holds it, if one does.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::SplitAt(VirtAddr boundary, SpareTables& spares) {
  Table table = RootTable();
  for (;;) {
    Entry& slot = EntryFor(table, boundary);
    const EntryKind kind = P::KindOf(Load(slot), table.level);
    if (kind == EntryKind::kLeaf) {
      if (IsAligned(boundary, base::Bit(P::Level(table.level).shift))) return;
      SplitLeaf(slot, table.level, boundary, spares.Take(table.level - 1));
    } else if (kind != EntryKind::kTable) {
      return;
    }
    table = ChildOf(Load(slot), table.level);
  }
}

// The new table is complete before the one store that puts it in the leaf's place. Both translate
// alike, so the hardware may use either until the invalidation.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::SplitLeaf(Entry& slot, unsigned level, VirtAddr va, PhysAddr table_pa) {
  const Entry leaf = Load(slot);
  const Table table = TableAt(table_pa, level - 1);
  for (uint64_t i = 0; i < EntryCount(table); ++i) {
    Store(table.entries[i], P::PartOf(leaf, level, i));
  }
  Store(slot, P::MakeTable(table_pa, P::AttributesOf(leaf, level, {}), level));
  memory_->Invalidate(page_table_internal::BlockOf(va, P::Level(level).shift));
}

}  // namespace mm
