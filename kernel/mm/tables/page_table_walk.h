// Reading page tables. Part of page_table.h; not to be included on its own.
#pragma once

#include "kernel/mm/tables/page_table.h"

namespace mm {

template <PagingPolicy P, TableMemory M>
template <class Use>
bool PageTable<P, M>::ForEachEntry(const Table& table, const VirtRange& range, Use&& use) {
  if (range.IsEmpty()) return true;
  Entry* slot = &EntryFor(table, range.base);
  return page_table_internal::ForEachPiece(
      range, P::Level(table.level).shift,
      [&](const VirtRange& piece) { return use(piece, *slot++); });
}

// Most entries of a sparse table hold nothing, and pass with a load and a test: a walk over pages
// of 2 MiB each took three times as long when each had its piece of the range worked out.
template <PagingPolicy P, TableMemory M>
template <class Use>
bool PageTable<P, M>::ForEachUsedEntry(const Table& table, const VirtRange& range, Use&& use) {
  if (range.IsEmpty()) return true;
  const unsigned shift = P::Level(table.level).shift;
  const uint64_t first = IndexIn(table, range.base);
  const uint64_t last = IndexIn(table, range.last());
  const VirtAddr start = AlignDown(range.base, base::Bit(shift));
  for (uint64_t i = first; i <= last; ++i) {
    Entry& slot = table.entries[i];
    if (Load(slot) == 0) continue;
    const uint64_t block = start.value + ((i - first) << shift);
    const uint64_t piece_first = std::max(block, range.base.value);
    const uint64_t piece_last = std::min(block + base::LowBits(shift), range.last().value);
    if (!use(VirtRange{{piece_first}, piece_last - piece_first + 1}, slot)) return false;
  }
  return true;
}

template <PagingPolicy P, TableMemory M>
template <class Use>
bool PageTable<P, M>::ForEachLeaf(const Table& table, const VirtRange& range, Inherited above,
                                  Use&& use) const {
  return ForEachUsedEntry(table, range, [&](const VirtRange& piece, Entry& slot) {
    const Entry entry = Load(slot);
    switch (P::KindOf(entry, table.level)) {
      case EntryKind::kLeaf:
        return use(piece, slot, table.level, above);
      case EntryKind::kTable:
        return ForEachLeaf(ChildOf(entry, table.level), piece,
                           P::Inherit(above, entry, table.level), use);
      case EntryKind::kNone:
      case EntryKind::kMark:
      case EntryKind::kForeign:  // CheckInvariants() reports it
        break;
    }
    return true;
  });
}

template <PagingPolicy P, TableMemory M>
template <class Visitor>
void PageTable<P, M>::ForEachMapping(Visitor&& visit) const {
  for (const VirtRange& part : parts()) ForEachMapping(part, visit);
}

// Most pages continue the one before them, and only runs are worth decoding: with every entry
// decoded, verifying a direct map of 2 GiB took 2.5 times as many instructions.
template <PagingPolicy P, TableMemory M>
template <class Visitor>
void PageTable<P, M>::ForEachMapping(const VirtRange& range, Visitor&& visit) const {
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
    const VirtAddr page = BlockOf(run->range.base, P::Level(run->level).shift).base;
    visit(Mapping{run->range, P::TargetOf(run->first, run->level) + (run->range.base - page),
                  P::AttributesOf(run->first, run->level, run->above), PageBytes(run->level),
                  P::SpareOf(run->first, run->level)});
  };
  const auto add = [&](const VirtRange& piece, Entry& slot, unsigned level, Inherited above) {
    const Entry entry = Load(slot);
    const bool continues = run && entry == run->next && level == run->level &&
                           above == run->above && IsFollowedBy(run->range, piece);
    if (continues) {
      run->range.size_bytes += piece.size_bytes;
    } else {
      finish();
      run = Run{piece, entry, entry, level, above};
    }
    // Nothing continues the last page of physical memory; 0 is no leaf.
    const Entry next = static_cast<Entry>(entry + PageBytes(level));
    run->next = next > entry ? next : Entry{0};
    return true;
  };
  ForEachLeaf(RootTable(), range, Inherited{}, add);
  finish();
}

template <PagingPolicy P, TableMemory M>
typename PageTable<P, M>::Place PageTable<P, M>::PlaceOf(VirtAddr va) const {
  Inherited above{};
  for (Table table = RootTable();;) {
    Entry& slot = EntryFor(table, va);
    const Entry entry = Load(slot);
    if (P::KindOf(entry, table.level) != EntryKind::kTable) return {&slot, table.level, above};
    above = P::Inherit(above, entry, table.level);
    table = TableAt(P::TargetOf(entry, table.level), table.level - 1);
  }
}

template <PagingPolicy P, TableMemory M>
std::optional<Mapping> PageTable<P, M>::Query(VirtAddr va) const {
  if (!IsTranslated(va)) return std::nullopt;
  const Place place = PlaceOf(va);
  const Entry entry = Load(*place.slot);
  if (P::KindOf(entry, place.level) != EntryKind::kLeaf) return std::nullopt;
  const VirtRange page = page_table_internal::BlockOf(va, P::Level(place.level).shift);
  return Mapping{page, P::TargetOf(entry, place.level),
                 P::AttributesOf(entry, place.level, place.above), page.size_bytes,
                 P::SpareOf(entry, place.level)};
}

template <PagingPolicy P, TableMemory M>
std::optional<PhysAddr> PageTable<P, M>::Translate(VirtAddr va) const {
  if (!IsTranslated(va)) return std::nullopt;
  const Place place = PlaceOf(va);
  const Entry entry = Load(*place.slot);
  if (P::KindOf(entry, place.level) != EntryKind::kLeaf) return std::nullopt;
  return P::TargetOf(entry, place.level) + (va.value & (PageBytes(place.level) - 1));
}

template <PagingPolicy P, TableMemory M>
uint64_t PageTable<P, M>::MarkAt(VirtAddr va) const {
  if (!IsTranslated(va)) return 0;
  const Place place = PlaceOf(va);
  const Entry entry = Load(*place.slot);
  return P::KindOf(entry, place.level) == EntryKind::kMark ? P::MarkOf(entry) : 0;
}

template <PagingPolicy P, TableMemory M>
base::Result<> PageTable<P, M>::CheckRange(const VirtRange& range) const {
  if (range.IsEmpty()) return std::unexpected(base::Error::kInvalidArgument);
  if (!range.IsAligned(kPageSize)) return std::unexpected(base::Error::kNotAligned);
  if (range.Wraps()) return std::unexpected(base::Error::kOutOfRange);
  if (borrows_ && range.Overlaps(common_)) return std::unexpected(base::Error::kOutOfRange);
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
  if (!CountSoundEntries(RootTable())) return std::unexpected(base::Error::kCorrupt);
  return {};
}

// The entries in use; nothing when something is wrong below.
template <PagingPolicy P, TableMemory M>
std::optional<uint64_t> PageTable<P, M>::CountSoundEntries(const Table& table) const {
  const unsigned level = table.level;
  const std::optional<Indices> common = CommonIndices(table);
  uint64_t used = 0;
  for (uint64_t i = 0; i < EntryCount(table); ++i) {
    const Entry entry = Load(table.entries[i]);
    const EntryKind kind = P::KindOf(entry, level);
    if (kind == EntryKind::kNone) continue;
    ++used;
    if (kind == EntryKind::kForeign) return std::nullopt;
    if (kind == EntryKind::kLeaf && !IsSoundLeaf(entry, level)) return std::nullopt;
    if (kind == EntryKind::kMark && P::MakeMark(P::MarkOf(entry)) != entry) return std::nullopt;
    if (kind != EntryKind::kTable) continue;
    const std::optional<uint64_t> below = CountSoundEntries(ChildOf(entry, level));
    const bool is_common = common && common->Contains(i);
    if (!below || !HasWhatLeavesNeed(entry, level)) return std::nullopt;
    if (*below == 0 && !is_common) return std::nullopt;
    // The owner counts in its own entry.
    if (borrows_ && is_common) continue;
    if constexpr (P::kCountsEntries) {
      if (P::LiveEntries(entry) != *below) return std::nullopt;
    }
  }
  return used;
}

template <PagingPolicy P, TableMemory M>
bool PageTable<P, M>::IsSoundLeaf(Entry entry, unsigned level) const {
  return P::MayHoldLeaf(level, features_) &&
         P::WithAttributes(entry, P::AttributesOf(entry, level, {}), level) == entry;
}

}  // namespace mm
