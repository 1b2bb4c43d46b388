// Changing and removing entries of page tables. Part of page_table.h; not to be included on its
// own.
#pragma once

#include "kernel/mm/tables/page_table.h"

namespace mm {

// Pages whose entries change, gathered to runs before they go to the batch.
template <PagingPolicy P, TableMemory M>
class PageTable<P, M>::PageRun {
 public:
  explicit PageRun(TlbBatch& batch) : batch_(batch) {}
  PageRun(const PageRun&) = delete;
  PageRun& operator=(const PageRun&) = delete;
  ~PageRun() { Finish(); }

  void Add(const VirtRange& page, Entry leaf, unsigned level) {
    const uint64_t bytes = ForgottenBytes(level);
    if (bytes_ != bytes || !IsFollowedBy(range_, page)) {
      Finish();
      range_ = {page.base, 0};
      bytes_ = bytes;
    }
    range_.size_bytes += page.size_bytes;
    if (P::IsGlobal(leaf, level)) scope_ = Scope::kGlobal;
  }

  [[nodiscard]] TlbBatch& batch() const { return batch_; }

 private:
  void Finish() {
    batch_.AddPages(range_, bytes_, scope_);
    range_.size_bytes = 0;
    scope_ = Scope::kProcess;
  }

  TlbBatch& batch_;
  VirtRange range_;
  uint64_t bytes_ = 0;
  Scope scope_ = Scope::kProcess;
};

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::Unmap(const VirtRange& range, TlbBatch& batch) {
  TRY(CheckRange(range));
  if (!KeepsCommonEntries(range, {})) return std::unexpected(base::Error::kUnsupported);
  TRY(SplitEnds(range, batch));
  UnmapIn(RootTable(), range, batch);
  return {};
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::Unmap(const VirtRange& range) {
  TlbBatch batch;
  TRY(Unmap(range, batch));
  batch.Flush(*memory_);
  return {};
}

// Entries that reach beyond `range` have been split.
template <PagingPolicy P, TableMemory M>
typename PageTable<P, M>::Removed PageTable<P, M>::UnmapIn(const Table& table,
                                                           const VirtRange& range,
                                                           TlbBatch& batch) {
  const unsigned level = table.level;
  Removed removed;
  PageRun run(batch);
  ForEachUsedEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry entry = Load(slot);
    const EntryKind kind = P::KindOf(entry, level);
    if (kind == EntryKind::kTable) {
      const Removed below = UnmapIn(ChildOf(entry, level), piece, batch);
      removed.any_leaf |= below.any_leaf;
      if (DropIfEmpty(slot, level, piece, below, batch)) ++removed.entries;
      return true;
    }
    CHECK(piece.size_bytes == PageBytes(level));
    Store(slot, 0);
    ++removed.entries;
    if (kind == EntryKind::kMark) return true;
    run.Add(piece, entry, level);
    removed.any_leaf = true;
    return true;
  });
  return removed;
}

// After `below` was removed in `piece` from the table of `slot`: takes the table out if that was
// all.
template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::DropIfEmpty(Entry& slot, unsigned level, const VirtRange& piece,
                                  Removed below, TlbBatch& batch) {
  if (below.entries == 0) return false;
  const Entry entry = Load(slot);
  const bool is_common = LeadsToCommon(level, piece);
  const Table child = ChildOf(entry, level);
  if constexpr (P::kCountsEntries) {
    const uint64_t left = P::LiveEntries(entry) - below.entries;
    if (left > 0 || is_common) {
      Store(slot, P::WithLiveEntries(entry, left));
      return false;
    }
  } else {
    if (is_common || !IsEmptyAround(child, piece)) return false;
  }
  Store(slot, 0);
  // Forgetting one page also forgets the tables on the way to it.
  if (!below.any_leaf) batch.AddPages({piece.base, kPageSize}, kPageSize, Scope::kProcess);
  batch.AddTable(P::TargetOf(entry, level), P::Level(level - 1).table_bytes, child.entries);
  return true;
}

// Whether a table has nothing but what `range`, now empty, touches. Looks at the nearest entries
// first: whoever unmaps pages one by one, up or down, leaves a neighbour, and is told by the first
// look. At worst it reads the table once, 1 KiB on ARM.
template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::IsEmptyAround(const Table& table, const VirtRange& range) {
  uint64_t below = IndexIn(table, range.base);
  uint64_t above = IndexIn(table, range.last()) + 1;
  const auto is_none = [&](uint64_t index) { return Load(table.entries[index]) == 0; };
  while (below > 0 || above < EntryCount(table)) {
    if (above < EntryCount(table) && !is_none(above++)) return false;
    if (below > 0 && !is_none(--below)) return false;
  }
  return true;
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::Protect(const VirtRange& range, const PageAttributes& attributes,
                                        TlbBatch& batch) {
  TRY(CheckRange(range));
  const std::optional<PageAttributes> granted = P::Granted(attributes);
  if (!granted) return std::unexpected(base::Error::kUnsupported);
  if (!IsFullyMapped(range)) return std::unexpected(base::Error::kNotFound);
  if (!KeepsCommonEntries(range, *granted) || !IsAdmissible(RootTable(), range, *granted)) {
    return std::unexpected(base::Error::kUnsupported);
  }
  TRY(SplitEnds(range, batch));
  if constexpr (P::kBreakBeforeMake) BreakLeaves(range, *granted, batch);
  PageRun changed(batch);
  RewriteIn(RootTable(), range, *granted, Inherited{}, changed);
  return {};
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::Protect(const VirtRange& range, const PageAttributes& attributes) {
  TlbBatch batch;
  TRY(Protect(range, attributes, batch));
  batch.Flush(*memory_);
  return {};
}

// Makes absent, and has forgotten, what may not change while it is in use.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::BreakLeaves(const VirtRange& range, const PageAttributes& attributes,
                                  TlbBatch& batch) {
  bool any = false;
  {
    PageRun broken(batch);
    ForEachLeaf(RootTable(), range, Inherited{},
                [&](const VirtRange& piece, Entry& slot, unsigned level, Inherited) {
                  const Entry leaf = Load(slot);
                  if (!P::MustBreak(leaf, P::WithAttributes(leaf, attributes, level), level)) {
                    return true;
                  }
                  Store(slot, Broken(leaf));
                  broken.Add(piece, leaf, level);
                  any = true;
                  return true;
                });
  }
  if (any) batch.Flush(*memory_);
}

// All of `range` is leaves, some of them broken. `above` is what they inherited until now: a leaf
// may change with the table entry above it alone. Whatever is stored first, a processor finds
// rights that the page had or will have.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::RewriteIn(const Table& table, const VirtRange& range,
                                const PageAttributes& attributes, Inherited above,
                                PageRun& changed) {
  const unsigned level = table.level;
  ForEachUsedEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry entry = Load(slot);
    switch (P::KindOf(entry, level)) {
      case EntryKind::kTable: {
        const Entry admitting = P::Admit(entry, attributes, level);
        if (admitting != entry) Store(slot, admitting);
        RewriteIn(ChildOf(entry, level), piece, attributes, P::Inherit(above, entry, level),
                  changed);
        break;
      }
      case EntryKind::kLeaf:
        if (P::AttributesOf(entry, level, above) == attributes) break;
        Update(slot, [&](Entry leaf) { return P::WithAttributes(leaf, attributes, level); });
        changed.Add(piece, entry, level);
        break;
      default:
        Store(slot, P::WithAttributes(entry, attributes, level));
        memory_->Publish(piece);
        break;
    }
    return true;
  });
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::SetSpare(const VirtRange& range, uint64_t spare, TlbBatch& batch) {
  TRY(CheckRange(range));
  if (spare > kMaxSpare) return std::unexpected(base::Error::kInvalidArgument);
  if (!IsFullyMapped(range)) return std::unexpected(base::Error::kNotFound);
  if (!KeepsCommonEntries(range, {})) return std::unexpected(base::Error::kUnsupported);
  TRY(SplitEnds(range, batch));
  // No TLB holds these bits.
  ForEachLeaf(RootTable(), range, Inherited{},
              [&](const VirtRange&, Entry& slot, unsigned level, Inherited) {
                Update(slot, [&](Entry leaf) { return P::WithSpare(leaf, spare, level); });
                return true;
              });
  return {};
}

template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::Release() {
  ReleaseIn(RootTable());
  memory_->FreeTable(root_, RootBytes(shape_));
}

template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::ReleaseIn(const Table& table) {
  if (table.level == 0) return;
  const std::optional<Indices> borrowed = borrows_ ? CommonIndices(table) : std::nullopt;
  for (uint64_t i = 0; i < EntryCount(table); ++i) {
    if (borrowed && borrowed->Contains(i)) continue;
    const Entry entry = Load(table.entries[i]);
    if (P::KindOf(entry, table.level) != EntryKind::kTable) continue;
    ReleaseIn(ChildOf(entry, table.level));
    FreeTable(P::TargetOf(entry, table.level), table.level - 1);
  }
}

}  // namespace mm
