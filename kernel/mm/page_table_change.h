// Changing page tables. Part of page_table.h; not to be included on its own.
#pragma once

#include "kernel/mm/page_table.h"

namespace mm {

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
  if (!IsUnmapped(range)) return std::unexpected(base::Error::kAlreadyExists);
  if (const base::Result<> mapped = MapIn(RootTable(), range, target, *granted); !mapped) {
    UnmapIn(RootTable(), range);  // the range held nothing else, so this restores what was
    memory_->Invalidate(range);
    return mapped;
  }
  AdmitIn(RootTable(), range, *granted);
  memory_->Publish(range);
  return {};
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::MapIn(const Table& table, const VirtRange& range, PhysAddr target,
                                      const PageAttributes& attributes) {
  const unsigned level = table.level;
  const uint64_t page_bytes = base::Bit(P::Level(level).shift);
  base::Result<> result;
  ForEachEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const PhysAddr pa = target + (piece.base - range.base);
    const bool fits = piece.size_bytes == page_bytes && IsAligned(pa, page_bytes);
    const bool fresh = IsNone(Load(slot), level);
    if (fits && fresh && P::MayHoldLeaf(level, features_)) {
      Store(slot, P::MakeLeaf(pa, attributes, level));
      return true;
    }
    if (fresh) {
      const base::Result<PhysAddr> child = AllocateTable(level - 1);
      if (!child) {
        result = std::unexpected(child.error());
        return false;
      }
      Store(slot, P::MakeTable(*child, attributes, level));
    }
    result = MapIn(ChildOf(Load(slot), level), piece, pa, attributes);
    return result.has_value();
  });
  return result;
}

template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::AdmitIn(const Table& table, const VirtRange& range,
                              const PageAttributes& attributes) {
  if (table.level == 0) return;
  ForEachEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry entry = Load(slot);
    if (P::KindOf(entry, table.level) == EntryKind::kTable) {
      Store(slot, P::Admit(entry, attributes, table.level));
      AdmitIn(ChildOf(entry, table.level), piece, attributes);
    }
    return true;
  });
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::Unmap(const VirtRange& range) {
  TRY(CheckRange(range));
  TRY(SplitEnds(range));
  UnmapIn(RootTable(), range);
  memory_->Invalidate(range);
  return {};
}

// Leaves that reach beyond `range` have been split.
template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::UnmapIn(const Table& table, const VirtRange& range) {
  using namespace page_table_internal;
  const unsigned level = table.level;
  ForEachEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry entry = Load(slot);
    const EntryKind kind = P::KindOf(entry, level);
    if (kind == EntryKind::kNone) return true;
    if (kind != EntryKind::kTable) {
      CHECK(piece.size_bytes == base::Bit(P::Level(level).shift));
      Store(slot, 0);
      return true;
    }
    const Table child = ChildOf(entry, level);
    UnmapIn(child, piece);
    if (IsEmpty(child)) {
      Store(slot, 0);
      // Before the memory is used for something else, no processor may hold a pointer to it.
      // Invalidating one address drops all that was cached to translate it.
      memory_->Invalidate(BlockOf(piece.base, kPageShift));
      FreeTable(P::TargetOf(entry, level), level - 1);
    }
    return true;
  });
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::Protect(const VirtRange& range, const PageAttributes& attributes) {
  TRY(CheckRange(range));
  const std::optional<PageAttributes> granted = P::Granted(attributes);
  if (!granted) return std::unexpected(base::Error::kUnsupported);
  if (!IsFullyMapped(range)) return std::unexpected(base::Error::kNotFound);
  TRY(SplitEnds(range));
  AdmitIn(RootTable(), range, *granted);
  ForEachLeaf(RootTable(), range, Inherited{},
              [&](const VirtRange&, Entry& slot, unsigned level, Inherited) {
                Store(slot, P::WithAttributes(Load(slot), *granted, level));
                return true;
              });
  memory_->Invalidate(range);
  return {};
}

template <PagingPolicy P, TableMemory M>
void PageTable<P, M>::Release() {
  for (const VirtRange& part : parts()) {
    if (!part.IsEmpty()) UnmapIn(RootTable(), part);
  }
  memory_->FreeTable(root_, RootBytes(shape_));
}

}  // namespace mm
