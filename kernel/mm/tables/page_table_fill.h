// Filling page tables with pages or marks. Part of page_table.h; not to be included on its own.
//
// Three passes: look whether the range is free, which tables it needs and whether those that are
// there admit it; take what is missing; write. The last cannot fail, and before it nothing has been
// changed that the hardware could have seen.
#pragma once

#include "kernel/mm/tables/page_table.h"

namespace mm {

// Tables held ready, so that a change that needs several cannot stop half way. They wait in lists
// threaded through themselves; those that were not taken go back at the end.
template <PagingPolicy P, TableMemory M>
class PageTable<P, M>::Reserve {
 public:
  explicit Reserve(PageTable& owner) : owner_(owner) {}
  Reserve(const Reserve&) = delete;
  Reserve& operator=(const Reserve&) = delete;
  ~Reserve() {
    for (unsigned level = 0; level < P::kLevelCount; ++level) {
      while (lists_[level].count > 0) owner_.FreeTable(Take(level), level);
    }
  }

  [[nodiscard]] base::Result<> Add(const TableCounts& counts) {
    for (unsigned level = 0; level < P::kLevelCount; ++level) {
      for (uint64_t i = 0; i < counts[level]; ++i) TRY(Add(level));
    }
    return {};
  }

  [[nodiscard]] base::Result<> Add(unsigned level) {
    List& list = lists_[level];
    const PhysAddr pa = TRY(owner_.AllocateTable(level));
    std::memcpy(owner_.memory_->Pointer(pa), &list.first, sizeof(list.first));
    list.first = pa;
    ++list.count;
    return {};
  }

  [[nodiscard]] bool IsEmpty() const {
    return std::ranges::all_of(lists_, [](const List& list) { return list.count == 0; });
  }

  // A table of zeros.
  PhysAddr Take(unsigned level) {
    List& list = lists_[level];
    CHECK(list.count > 0);  // each was counted
    const PhysAddr pa = list.first;
    void* const table_ptr = owner_.memory_->Pointer(pa);
    std::memcpy(&list.first, table_ptr, sizeof(list.first));
    std::memset(table_ptr, 0, sizeof(list.first));
    --list.count;
    return pa;
  }

 private:
  struct List {
    PhysAddr first;
    uint64_t count = 0;
  };

  PageTable& owner_;
  std::array<List, P::kLevelCount> lists_;
};

// What Map() writes: pages of memory from `target` on.
template <PagingPolicy P, TableMemory M>
struct PageTable<P, M>::Leaves {
  const PageTable& owner;
  VirtAddr base;
  PhysAddr target;
  PageAttributes attributes;

  [[nodiscard]] PhysAddr TargetOf(const VirtRange& piece) const {
    return target + (piece.base - base);
  }
  [[nodiscard]] bool Fits(unsigned level, const VirtRange& piece) const {
    return piece.size_bytes == PageBytes(level) && P::MayHoldLeaf(level, owner.features_) &&
           IsAligned(TargetOf(piece), PageBytes(level));
  }
  // A page at address 0: the target stands in an entry at its own bits.
  [[nodiscard]] Entry Pattern(unsigned level) const {
    return P::MakeLeaf(PhysAddr{0}, attributes, level);
  }
  [[nodiscard]] Entry EntryFor(Entry pattern, const VirtRange& piece) const {
    return pattern + static_cast<Entry>(TargetOf(piece).value);
  }
};

// What Mark() writes.
template <PagingPolicy P, TableMemory M>
struct PageTable<P, M>::Marks {
  Entry mark;
  PageAttributes attributes = {};  // tables need let nothing through

  [[nodiscard]] bool Fits(unsigned level, const VirtRange& piece) const {
    return piece.size_bytes == PageBytes(level);
  }
  [[nodiscard]] Entry Pattern(unsigned) const { return mark; }
  [[nodiscard]] Entry EntryFor(Entry pattern, const VirtRange&) const { return pattern; }
};

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::Map(const VirtRange& range, PhysAddr target,
                                    const PageAttributes& attributes) {
  TRY(CheckRange(range));
  if (!IsAligned(target, kPageSize)) return std::unexpected(base::Error::kNotAligned);
  const PhysRange memory{target, range.size_bytes};
  if (memory.Wraps() || memory.last().value > base::LowBits(P::kPhysicalBits)) {
    return std::unexpected(base::Error::kOutOfRange);
  }
  const std::optional<PageAttributes> granted = P::Granted(attributes);
  if (!granted) return std::unexpected(base::Error::kUnsupported);
  TRY(Fill(range, Leaves{*this, range.base, target, *granted}));
  memory_->Publish(range);
  return {};
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::Mark(const VirtRange& range, uint64_t mark, TlbBatch& batch) {
  TRY(CheckRange(range));
  if (mark > kMaxMark) return std::unexpected(base::Error::kInvalidArgument);
  if (mark != 0) return Fill(range, Marks{P::MakeMark(mark)});
  if (!IsUnmapped(range)) return std::unexpected(base::Error::kAlreadyExists);
  return Unmap(range, batch);
}

template <PagingPolicy P, TableMemory M>
template <class Filling>
base::Result<> PageTable<P, M>::Fill(const VirtRange& range, const Filling& filling) {
  TableCounts counts{};
  if (!CountTables(RootTable(), range, filling, counts)) {
    return std::unexpected(base::Error::kAlreadyExists);
  }
  if (FillsCommonEntry(range) || !KeepsCommonEntries(range, filling.attributes) ||
      !IsAdmissible(RootTable(), range, filling.attributes)) {
    return std::unexpected(base::Error::kUnsupported);
  }
  Reserve reserve(*this);
  TRY(reserve.Add(counts));
  FillIn(RootTable(), range, filling, reserve);
  return {};
}

// Counts the tables that are missing; false when some of the range is mapped.
template <PagingPolicy P, TableMemory M>
template <class Filling>
bool PageTable<P, M>::CountTables(const Table& table, const VirtRange& range,
                                  const Filling& filling, TableCounts& counts) const {
  return ForEachEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry entry = Load(slot);
    switch (P::KindOf(entry, table.level)) {
      case EntryKind::kNone:
      case EntryKind::kMark:
        CountNewTables(table.level, piece, filling, counts);
        return true;
      case EntryKind::kTable:
        return CountTables(ChildOf(entry, table.level), piece, filling, counts);
      case EntryKind::kLeaf:
      case EntryKind::kForeign:
        break;
    }
    return false;
  });
}

// Likewise, below an entry where there is none.
template <PagingPolicy P, TableMemory M>
template <class Filling>
void PageTable<P, M>::CountNewTables(unsigned level, const VirtRange& piece, const Filling& filling,
                                     TableCounts& counts) {
  if (level == 0 || filling.Fits(level, piece)) return;
  ++counts[level - 1];
  if (level == 1) return;
  page_table_internal::ForEachPiece(piece, P::Level(level - 1).shift, [&](const VirtRange& part) {
    CountNewTables(level - 1, part, filling, counts);
    return true;
  });
}

// Returns how many entries of `table` have come into use. A new table is complete before the store
// that links it.
template <PagingPolicy P, TableMemory M>
template <class Filling>
uint64_t PageTable<P, M>::FillIn(const Table& table, const VirtRange& range, const Filling& filling,
                                 Reserve& reserve) {
  const unsigned level = table.level;
  const Entry pattern = filling.Pattern(level);
  uint64_t fresh = 0;
  ForEachEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry old_entry = Load(slot);
    const EntryKind kind = P::KindOf(old_entry, level);
    if (kind == EntryKind::kNone) ++fresh;
    if (kind != EntryKind::kTable && filling.Fits(level, piece)) {
      Store(slot, filling.EntryFor(pattern, piece));
      return true;
    }
    const bool in_use = kind == EntryKind::kTable;
    Entry entry = in_use ? old_entry : MakeFullTable(old_entry, level, reserve);
    entry = P::Admit(entry, filling.attributes, level);
    if (in_use && entry != old_entry) ReplaceInUse(slot, entry, piece.base);
    const uint64_t below = FillIn(ChildOf(entry, level), piece, filling, reserve);
    if constexpr (P::kCountsEntries) {
      entry = P::WithLiveEntries(entry, P::LiveEntries(entry) + below);
    }
    if (entry != old_entry) Store(slot, entry);
    return true;
  });
  return fresh;
}

// The entry for a new table that says what `old_entry`, none or a mark, says of all its pages.
template <PagingPolicy P, TableMemory M>
typename PageTable<P, M>::Entry PageTable<P, M>::MakeFullTable(Entry old_entry, unsigned level,
                                                               Reserve& reserve) {
  const PhysAddr pa = reserve.Take(level - 1);
  Entry entry = P::MakeTable(pa, {}, level);
  if (P::KindOf(old_entry, level) == EntryKind::kNone) return entry;
  const Table child = TableAt(pa, level - 1);
  for (uint64_t i = 0; i < EntryCount(child); ++i) Store(child.entries[i], old_entry);
  if constexpr (P::kCountsEntries) entry = P::WithLiveEntries(entry, EntryCount(child));
  return entry;
}

}  // namespace mm
