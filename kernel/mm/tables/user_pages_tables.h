// Tables that come and go below the root of an address space. Part of user_pages.h; not to be
// included on its own.
#pragma once

#include <cstring>

#include "kernel/mm/tables/user_pages.h"

namespace mm {

template <PagingPolicy P, TableMemory M>
base::Result<UserPages<P, M>> UserPages<P, M>::Create(RootShape shape, const Table& kernel,
                                                      M& memory) {
  UserPages pages(TRY(Table::Create(shape, kernel.features_, memory)), kernel);
  TRY(pages.table_.BorrowEntries(kernel));
  pages.first_own_ = pages.FirstOwnPart();
  return pages;
}

template <PagingPolicy P, TableMemory M>
UserPages<P, M>::~UserPages() {
  if (kernel_ == nullptr) return;
  CHECK(added_bytes_ == 0);
  typename Table::Table table = table_.RootTable();
  PhysAddr pa = table_.root_;
  uint64_t bytes = Table::RootBytes(table_.shape_);
  for (;;) {
    const unsigned level = table.level;
    const bool leads_on = table_.borrows_ && level > table_.common_level_;
    Entry next = 0;
    if (leads_on) {
      next = std::exchange(Table::EntryFor(table, table_.common_.base), 0);
      table = table_.ChildOf(next, level);
    } else if (table_.borrows_) {
      const uint64_t first = Table::IndexIn(table, table_.common_.base);
      const uint64_t last = Table::IndexIn(table, table_.common_.last());
      std::memset(&table.entries[first], 0, static_cast<size_t>(last - first + 1) * sizeof(Entry));
    }
    memory().FreeZeroedTable(pa, bytes);
    if (!leads_on) return;
    pa = P::TableOf(next, level);
    bytes = P::Level(level - 1).table_bytes;
  }
}

// Of the tables between the root and the kernel's entries.
template <PagingPolicy P, TableMemory M>
uint64_t UserPages<P, M>::BytesOfWay() const {
  uint64_t bytes = 0;
  if (!table_.borrows_) return 0;
  for (unsigned level = table_.common_level_; level < table_.shape_.level; ++level) {
    bytes += P::Level(level).table_bytes;
  }
  return bytes;
}

// Makes the tables from the one of `level` down, which Find() came to, to that of the page at `va`.
// Each is complete before the store that links it, and the last one empty, and not counted.
template <PagingPolicy P, TableMemory M>
base::Result<> UserPages<P, M>::AddTables(VirtAddr va, Way& way, unsigned level) {
  std::array<PhysAddr, P::kLevelCount> tables;
  for (unsigned below = level; below-- > 0;) {
    const auto taken = table_.AllocateTable(below);
    if (!taken) {
      for (unsigned other = below + 1; other < level; ++other) {
        table_.FreeTable(tables[other], other);
      }
      return std::unexpected(taken.error());
    }
    tables[below] = *taken;
  }
  for (unsigned below = 0; below < level; ++below) {
    const LevelShape shape = P::Level(below);
    way[below] =
        EntriesAt(tables[below]) + page_table_internal::IndexOf(va, shape, shape.index_bits);
    added_bytes_ += shape.table_bytes;
    if (below == 0) continue;
    Store(*way[below], P::MakeTable(tables[below - 1], Table::kUserPage, below));
    if constexpr (P::kCountsEntries) {
      if (below > 1) Count(*way[below], 1);
    }
  }
  Entry link = P::MakeTable(tables[level - 1], Table::kUserPage, level);
  if constexpr (P::kCountsEntries) {
    if (level > 1) link = P::WithLiveEntries(link, 1);
    if (level < table_.shape_.level) Count(*way[level + 1], 1);
  }
  Store(*way[level], link);
  TellMirrors(va);
  return {};
}

// Whether a table lets through whatever is the process's alone, as it does when it is new.
template <PagingPolicy P, TableMemory M>
inline bool UserPages<P, M>::IsAsMade(Entry above) {
  if constexpr (P::kLeavesMayDisagree) {
    return P::Admit(above, Table::kUserPage, 1) == above;
  } else {
    return true;
  }
}

// Makes the table entry above the page at `va` let it through.
template <PagingPolicy P, TableMemory M>
inline base::Result<> UserPages<P, M>::Admit(VirtAddr va, Entry& above, const UserPage& page) {
  if constexpr (P::kLeavesMayDisagree) {
    const Entry entry = Load(above);
    if (page.scope == Scope::kProcess && IsAsMade(entry)) [[likely]]
      return {};
    if (P::Admit(entry, AttributesOf(page), 1) != entry) [[unlikely]] {
      return AdmitInUse(va, above, page);
    }
  }
  return {};
}

// Likewise, where it does not yet: unless pages beside it need it as it is.
template <PagingPolicy P, TableMemory M>
[[gnu::noinline]] base::Result<> UserPages<P, M>::AdmitInUse(VirtAddr va, Entry& above,
                                                             const UserPage& page) {
  const PageAttributes attributes = AttributesOf(page);
  const VirtRange range{AlignDown(va, kPageSize), kPageSize};
  if (!table_.IsAdmissible(table_.RootTable(), range, attributes)) {
    return std::unexpected(base::Error::kUnsupported);
  }
  last_ = {};
  table_.ReplaceInUse(above, P::Admit(Load(above), attributes, 1), va);
  if (!mirrors_.IsEmpty()) {
    TellMirrors(va);
    InvalidatePage(va);
  }
  return {};
}

// Finds the entry for a page that is to be put at `va`, and makes the tables it needs.
template <PagingPolicy P, TableMemory M>
base::Result<> UserPages<P, M>::PrepareTo(VirtAddr va, Way& way, const UserPage& page) {
  const unsigned level = Find(va, way);
  if (level != 0) [[unlikely]]
    TRY(AddTables(va, way, level));
  return Admit(va, *way[1], page);
}

// So many entries more are in use below.
template <PagingPolicy P, TableMemory M>
void UserPages<P, M>::Count(Entry& above, uint64_t more) {
  if constexpr (P::kCountsEntries) {
    Store(above, Load(above) + P::WithLiveEntries(0, more));
  }
}

// So many entries fewer are in use below.
template <PagingPolicy P, TableMemory M>
void UserPages<P, M>::Uncount(Entry& above, uint64_t less) {
  if constexpr (P::kCountsEntries) {
    Store(above, Load(above) - P::WithLiveEntries(0, less));
  }
}

// After `removed` entries for `piece` were taken from one table: the table goes if that was all.
template <PagingPolicy P, TableMemory M>
void UserPages<P, M>::Uncount(const Way& way, const VirtRange& piece, uint64_t removed,
                              TlbBatch& batch) {
  if (removed == 0) return;
  if constexpr (P::kCountsEntries) {
    const Entry entry = Load(*way[1]) - P::WithLiveEntries(0, removed);
    Store(*way[1], entry);
    if (P::LiveEntries(entry) > 0) return;
  } else {
    if (!IsEmptyTable(way, piece)) return;
  }
  DropTables(way, piece.base, batch);
}

// Whether a table has no page beside `piece`, in which there is none. Looks at the nearest first;
// then at eight at a time, for most tables that come here end: a process's end took 12 instructions
// for each entry of each table otherwise.
template <PagingPolicy P, TableMemory M>
bool UserPages<P, M>::IsEmptyTable(const Way& way, const VirtRange& piece) const {
  if constexpr (P::kCountsEntries) {
    return P::LiveEntries(Load(*way[1])) == 0;
  } else {
    constexpr unsigned kTogether = 8;
    constexpr uint64_t kEntries = base::Bit(P::Level(0).index_bits);
    const Entry* const entries = EntriesAt(P::TableOf(Load(*way[1]), 1));
    const uint64_t first =
        page_table_internal::IndexOf(piece.base, P::Level(0), P::Level(0).index_bits);
    const uint64_t after = first + (piece.size_bytes >> kPageShift);
    if (first > 0 && Load(entries[first - 1]) != 0) return false;
    if (after < kEntries && Load(entries[after]) != 0) return false;
    for (const Entry* some = entries; some != entries + kEntries; some += kTogether) {
      if (!AreNone<kTogether>(some)) return false;
    }
    return true;
  }
}

// Takes out the empty table that way[1] leads to, and those above that have nothing else.
template <PagingPolicy P, TableMemory M>
void UserPages<P, M>::DropTables(const Way& way, VirtAddr va, TlbBatch& batch) {
  last_ = {};
  for (unsigned level = 1;; ++level) {
    const Entry entry = Load(*way[level]);
    const PhysAddr pa = P::TableOf(entry, level);
    const uint64_t bytes = P::Level(level - 1).table_bytes;
    Store(*way[level], 0);
    TellMirrors(va);
    added_bytes_ -= bytes;
    if (is_retired_) {
      memory().FreeZeroedTable(pa, bytes);
    } else {
      // Forgetting one page also forgets the tables on the way to it.
      batch.AddPages({AlignDown(va, kPageSize), kPageSize}, kPageSize, Scope::kProcess);
      batch.AddTable(pa, bytes, memory().Pointer(pa));
    }
    if (level == table_.shape_.level) return;
    if constexpr (P::kCountsEntries) {
      const Entry above = Load(*way[level + 1]) - P::WithLiveEntries(0, 1);
      Store(*way[level + 1], above);
      if (P::LiveEntries(above) > 0) return;
    }
  }
}

// Takes out tables for `range` in which nothing is, and which were not needed after all or no more.
template <PagingPolicy P, TableMemory M>
void UserPages<P, M>::DropEmptyTables(const VirtRange& range, TlbBatch& batch) {
  ForEachLastTable(range, [&](const Way& way, const VirtRange& piece) {
    const bool some = !ForEachEntryOf(way, piece, [](VirtAddr, Entry&) { return false; });
    if (!some && IsEmptyTable(way, piece)) DropTables(way, piece.base, batch);
    return true;
  });
}

// Of the tables below `table` that are not the kernel's.
template <PagingPolicy P, TableMemory M>
uint64_t UserPages<P, M>::BytesBelow(const typename Table::Table& table) const {
  uint64_t bytes = 0;
  if (table.level == 0) return 0;
  const auto common = table_.CommonIndices(table);
  for (uint64_t i = 0; i < Table::EntryCount(table); ++i) {
    const Entry entry = Load(table.entries[i]);
    if ((common && common->Contains(i)) || entry == 0) continue;
    bytes += P::Level(table.level - 1).table_bytes;
    bytes += BytesBelow(table_.ChildOf(entry, table.level));
  }
  return bytes;
}

template <PagingPolicy P, TableMemory M>
base::Result<> UserPages<P, M>::CheckInvariants() const {
  TRY(table_.CheckInvariants());
  if (BytesBelow(table_.RootTable()) != BytesOfWay() + added_bytes_) {
    return std::unexpected(base::Error::kCorrupt);
  }
  if (last_.number == LastTable::kNone) return {};
  Way way;
  const bool is_there =
      Find(VirtAddr{last_.number << P::Level(1).shift}, way) == 0 && IsAsMade(Load(*way[1]));
  if (!is_there || way[0] != last_.entries || way[1] != last_.above) {
    return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

}  // namespace mm
