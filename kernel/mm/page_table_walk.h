// Reading page tables. Part of page_table.h; not to be included on its own.
#pragma once

#include "kernel/mm/page_table.h"

namespace mm {

template <PagingPolicy P, TableMemory M>
template <class Use>
bool PageTable<P, M>::ForEachEntry(const Table& table, const VirtRange& range, Use&& use) {
  if (range.IsEmpty()) return true;
  const uint64_t offset_mask = base::LowBits(P::Level(table.level).shift);
  const VirtAddr last = range.last();
  Entry* slot = &EntryFor(table, range.base);
  for (VirtAddr at = range.base;; ++slot) {
    const VirtAddr piece_last{std::min(at.value | offset_mask, last.value)};
    if (!use(VirtRange{at, piece_last.value - at.value + 1}, *slot)) return false;
    if (piece_last == last) return true;
    at = piece_last + 1;
  }
}

template <PagingPolicy P, TableMemory M>
template <class Use>
bool PageTable<P, M>::ForEachLeaf(const Table& table, const VirtRange& range, Inherited above,
                                  Use&& use) const {
  return ForEachEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry entry = Load(slot);
    switch (P::KindOf(entry, table.level)) {
      case EntryKind::kLeaf:
        return use(piece, slot, table.level, above);
      case EntryKind::kTable:
        return ForEachLeaf(ChildOf(entry, table.level), piece,
                           P::Inherit(above, entry, table.level), use);
      case EntryKind::kNone:
      case EntryKind::kForeign:  // CheckInvariants() reports it
        break;
    }
    return true;
  });
}

// Most pages continue the one before them, and only runs are worth decoding: with every entry
// decoded, verifying a direct map of 2 GiB took 2.5 times as many instructions.
template <PagingPolicy P, TableMemory M>
template <class Visitor>
void PageTable<P, M>::ForEachMapping(Visitor&& visit) const {
  using namespace page_table_internal;
  struct Run {
    VirtRange range;
    Entry first;
    Entry next;  // what continues the run
    unsigned level;
    Inherited above;
  };
  std::optional<Run> run;
  const auto finish = [&] {
    if (!run) return;
    visit(Mapping{run->range, P::TargetOf(run->first, run->level),
                  P::AttributesOf(run->first, run->level, run->above),
                  base::Bit(P::Level(run->level).shift)});
  };
  const auto add = [&](const VirtRange& piece, Entry& slot, unsigned level, Inherited above) {
    const Entry entry = Load(slot);
    const uint64_t page_bytes = base::Bit(P::Level(level).shift);
    const bool continues = run && entry == run->next && level == run->level &&
                           above == run->above && IsFollowedBy(run->range, piece);
    if (continues) {
      run->range.size_bytes += page_bytes;
    } else {
      finish();
      run = Run{BlockOf(piece.base, P::Level(level).shift), entry, entry, level, above};
    }
    // Nothing continues the last page of physical memory; 0 is no leaf.
    const Entry next = static_cast<Entry>(entry + page_bytes);
    run->next = next > entry ? next : Entry{0};
    return true;
  };
  for (const VirtRange& part : parts()) ForEachLeaf(RootTable(), part, Inherited{}, add);
  finish();
}

template <PagingPolicy P, TableMemory M>
std::optional<Mapping> PageTable<P, M>::Query(VirtAddr va) const {
  using namespace page_table_internal;
  const VirtRange page = BlockOf(va, kPageShift);
  if (!CheckRange(page)) return std::nullopt;
  std::optional<Mapping> found;
  ForEachLeaf(RootTable(), page, Inherited{},
              [&](const VirtRange&, Entry& slot, unsigned level, Inherited above) {
                const Entry entry = Load(slot);
                const VirtRange leaf = BlockOf(va, P::Level(level).shift);
                found = Mapping{leaf, P::TargetOf(entry, level),
                                P::AttributesOf(entry, level, above), leaf.size_bytes};
                return false;
              });
  return found;
}

template <PagingPolicy P, TableMemory M>
std::optional<PhysAddr> PageTable<P, M>::Translate(VirtAddr va) const {
  const std::optional<Mapping> mapping = Query(va);
  if (!mapping) return std::nullopt;
  return mapping->target + mapping->range.OffsetOf(va);
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::CheckRange(const VirtRange& range) const {
  if (range.IsEmpty()) return std::unexpected(base::Error::kInvalidArgument);
  if (!range.IsAligned(kPageSize)) return std::unexpected(base::Error::kNotAligned);
  if (range.Wraps()) return std::unexpected(base::Error::kOutOfRange);
  for (const VirtRange& part : parts()) {
    if (part.Contains(range)) return {};
  }
  return std::unexpected(base::Error::kOutOfRange);
}

template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::IsUnmapped(const VirtRange& range) const {
  return ForEachLeaf(RootTable(), range, Inherited{},
                     [](const VirtRange&, Entry&, unsigned, Inherited) { return false; });
}

template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::IsFullyMapped(const VirtRange& range) const {
  uint64_t mapped_bytes = 0;
  ForEachLeaf(RootTable(), range, Inherited{},
              [&](const VirtRange& piece, Entry&, unsigned, Inherited) {
                mapped_bytes += piece.size_bytes;
                return true;
              });
  return mapped_bytes == range.size_bytes;
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::CheckInvariants() const {
  if (!IsSound(RootTable())) return std::unexpected(base::Error::kCorrupt);
  return {};
}

template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::IsSound(const Table& table) const {
  const unsigned level = table.level;
  for (uint64_t i = 0; i < EntryCount(table); ++i) {
    const Entry entry = Load(table.entries[i]);
    switch (P::KindOf(entry, level)) {
      case EntryKind::kNone:
        break;
      case EntryKind::kForeign:
        return false;
      case EntryKind::kLeaf:
        if (!P::MayHoldLeaf(level, features_)) return false;
        if (P::WithAttributes(entry, P::AttributesOf(entry, level, {}), level) != entry) {
          return false;
        }
        break;
      case EntryKind::kTable: {
        const Table child = ChildOf(entry, level);
        if (IsEmpty(child) || !IsSound(child)) return false;
        break;
      }
    }
  }
  return true;
}

}  // namespace mm
