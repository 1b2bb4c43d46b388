// Finding and reading the pages of an address space. Part of user_pages.h; not to be included on
// its own.
#pragma once

#include "kernel/mm/tables/user_pages.h"

namespace mm {

// Of the page, or when it is closed, of what it may become.
template <PagingPolicy P, TableMemory M>
constexpr PageAttributes UserPages<P, M>::AttributesOf(const UserPage& page) {
  const Access user = page.access == Access::kNone ? Access::kRead : page.access;
  return {.user = user,
          .kernel = user & Access::kReadWrite,
          .caching = page.caching,
          .scope = page.scope};
}

// Each kind of open page as an entry for frame 0, by its access, caching, scope and note; 0 where
// there is none.
template <PagingPolicy P, TableMemory M>
struct UserPages<P, M>::Leaves {
  static constexpr size_t IndexOf(const UserPage& page) {
    return static_cast<size_t>(page.access) | static_cast<size_t>(page.caching) << 3 |
           (page.scope == Scope::kGlobal ? 0 : 1 << 4) | static_cast<size_t>(page.note) << 5;
  }

  constexpr Leaves() {
    for (const Access access : {Access::kRead, Access::kReadWrite, Access::kReadExecute}) {
      for (const Caching caching : {Caching::kNormal, Caching::kDevice}) {
        for (const Scope scope : {Scope::kGlobal, Scope::kProcess}) {
          for (uint8_t note = 0; note <= UserPage::kMaxNote; ++note)
            Add({{}, access, caching, scope, note});
        }
      }
    }
  }

  std::array<Entry, (UserPage::kMaxNote + 1) << 5> entries{};

 private:
  constexpr void Add(const UserPage& page) {
    const auto granted = P::Granted(AttributesOf(page));
    if (!granted) return;
    entries[IndexOf(page)] = P::WithSpare(P::MakeLeaf({}, *granted, 0), page.note, 0);
  }
};

// Inlined: most of a page is known where it is made.
template <PagingPolicy P, TableMemory M>
[[gnu::always_inline]] inline typename P::Entry UserPages<P, M>::EntryOf(const UserPage& page) {
  static constexpr Leaves kLeaves;
  CHECK(page.note <= UserPage::kMaxNote);
  CHECK(page.frame.value < base::LowBits(P::kPhysicalBits - kPageShift));
  const Entry leaf = kLeaves.entries.data()[Leaves::IndexOf(page)];  // an index by types
  if (leaf != 0) [[likely]]
    return leaf | static_cast<Entry>(page.frame.value << kPageShift);
  CHECK(page.access == Access::kNone);  // else: no such right, or a device's code
  return P::MakeMark((page.frame.value + 1) << kNoteBits | page.note);
}

// A closed page is not told whose it was and how it was cached: it is opened with what its range
// says.
template <PagingPolicy P, TableMemory M>
[[gnu::always_inline]] inline UserPage UserPages<P, M>::PageOf(Entry entry) {
  if (!IsOpen(entry)) [[unlikely]] {
    const uint64_t mark = P::MarkOf(entry);
    return {.frame = {(mark >> kNoteBits) - 1},
            .note = static_cast<uint8_t>(mark & UserPage::kMaxNote)};
  }
  const PageAttributes attributes = P::AttributesOf(entry, 0, {});
  return {.frame = {P::TargetOf(entry, 0).value >> kPageShift},
          .access = attributes.user,
          .caching = attributes.caching,
          .scope = attributes.scope,
          .note = static_cast<uint8_t>(P::SpareOf(entry, 0) & UserPage::kMaxNote)};
}

// Open entries side by side are mostly alike but for their frames: what the first of them means is
// found once. Nothing is like a closed one.
template <PagingPolicy P, TableMemory M>
class UserPages<P, M>::AlikeLeaves {
 public:
  explicit AlikeLeaves(Entry entry)
      : page(PageOf(entry)), rest_(IsOpen(entry) ? entry & ~kFrameField : kFrameField) {}

  // Whether `entry` differs from the first by its frame alone.
  [[nodiscard]] bool AreLike(Entry entry) const { return (entry & ~kFrameField) == rest_; }
  // Of an entry that is like the first.
  [[nodiscard]] static FrameNumber FrameOf(Entry entry) {
    return {(entry & kFrameField) >> kPageShift};
  }

  // What they become, but for their frames, when nobody may write any more: 0 for what stays.
  [[nodiscard]] Entry WithoutWrite() const {
    if (!Has(page.access, Access::kWrite)) return 0;
    UserPage reduced = page;
    reduced.frame = {0};
    reduced.access = Without(page.access, Access::kWrite);
    return EntryOf(reduced);
  }

  static constexpr Entry kFrameField =
      static_cast<Entry>(base::LowBits(P::kPhysicalBits - kPageShift) << kPageShift);

  const UserPage page;  // the first

 private:
  Entry rest_;
};

// Whether the table translates it, and by itself. All that matters is where the first part is.
template <PagingPolicy P, TableMemory M>
inline bool UserPages<P, M>::IsOwn(VirtAddr va) const {
  if (va.value - first_own_.base.value < first_own_.size_bytes) [[likely]]
    return true;
  return table_.IsTranslated(va) && !table_.common_.Contains(va);
}

template <PagingPolicy P, TableMemory M>
inline bool UserPages<P, M>::IsOwn(const VirtRange& range) const {
  if (range.size_bytes <= first_own_.size_bytes &&
      range.base.value - first_own_.base.value <= first_own_.size_bytes - range.size_bytes)
      [[likely]] {
    return true;
  }
  const VirtAddr last = range.last();
  const bool in_one_part =
      P::kExtension == AddressExtension::kZero || (range.base.value ^ last.value) >> 63 == 0;
  return in_one_part && table_.IsTranslated(range.base) && table_.IsTranslated(last) &&
         !range.Overlaps(table_.common_);
}

// The lowest part that is no kernel's.
template <PagingPolicy P, TableMemory M>
VirtRange UserPages<P, M>::FirstOwnPart() const {
  const VirtRange part = table_.parts()[0];
  const VirtRange common = Intersection(part, table_.common_);
  if (common.IsEmpty()) return part;
  if (part.base < common.base) return FromFirstToLast(part.base, common.base - 1);
  if (common.last() == part.last()) return {};
  return FromFirstToLast(common.last() + 1, part.last());
}

// Goes down as far as there are tables; returns the level it came to, 0 for a page's entry. `va` is
// translated. Unrolled: it is most of what a page fault does here.
template <PagingPolicy P, TableMemory M>
[[gnu::always_inline]] inline unsigned UserPages<P, M>::Find(VirtAddr va, Way& way) const {
  constexpr unsigned kTop = kTopLevel;
  const auto number = static_cast<Number>(va.value);
  if constexpr (kTop > 1) {
    if (table_.shape_.level < kTop) [[likely]] {
      return FindFrom<kTop - 1>(table_.root_, number, way);
    }
  }
  return FindFrom<kTop>(table_.root_, number, way);
}

template <PagingPolicy P, TableMemory M>
template <unsigned kLevel>
[[gnu::always_inline]] inline unsigned UserPages<P, M>::FindFrom(PhysAddr table, Number va,
                                                                 Way& way) const {
  constexpr LevelShape kShape = P::Level(kLevel);
  // A root may have fewer entries: then the bits above are 0.
  const auto index = static_cast<size_t>((va >> kShape.shift) & base::LowBits(kShape.index_bits));
  Entry& slot = EntriesAt(table)[index];
  way[kLevel] = &slot;
  if constexpr (kLevel > 0) {
    const Entry entry = Load(slot);
    if (entry == 0) [[unlikely]]
      return kLevel;
    return FindFrom<kLevel - 1>(P::TableOf(entry, kLevel), va, way);
  }
  return 0;
}

// Whether there is no table for `range`, as far as one walk tells.
template <PagingPolicy P, TableMemory M>
inline bool UserPages<P, M>::IsWithoutTables(const VirtRange& range) const {
  if (range.IsEmpty() || !IsOwn(range)) return false;
  Way way;
  const unsigned level = Find(range.base, way);
  return level != 0 && (range.base.value ^ range.last().value) >> P::Level(level).shift == 0;
}

// The entry that leads to the table of the page at `va`, if there are tables as far as that.
template <PagingPolicy P, TableMemory M>
inline auto UserPages<P, M>::FindEntryAbove(VirtAddr va) const -> Entry* {
  if constexpr (kTopLevel > 1) {
    // In most programs it is in one table with the last one's.
    const uint64_t number = LastTable::NumberOf(va);
    if ((number ^ last_.number) >> P::Level(1).index_bits == 0) [[likely]]
      return last_.above + static_cast<ptrdiff_t>(number - last_.number);
  }
  Way way;
  return Find(va, way) <= 1 ? way[1] : nullptr;
}

// Makes the table of the page at `va` the last one; whether there is one that can be.
template <PagingPolicy P, TableMemory M>
bool UserPages<P, M>::FindLastTable(VirtAddr va) {
  if (!IsOwn(va)) return false;
  Entry* const above = FindEntryAbove(va);
  if (above == nullptr) return false;
  const Entry entry = Load(*above);
  if (entry == 0 || !IsAsMade(entry)) return false;
  last_ = {LastTable::NumberOf(va), EntriesAt(P::TableOf(entry, 1)), above};
  return true;
}

template <PagingPolicy P, TableMemory M>
[[gnu::always_inline]] inline auto UserPages<P, M>::PlaceInLastTable(VirtAddr va) const -> Place {
  const auto index = static_cast<size_t>(static_cast<Number>(va.value) >> kPageShift &
                                         base::LowBits(P::Level(0).index_bits));
  return {last_.entries + index, last_.above, va};
}

template <PagingPolicy P, TableMemory M>
[[gnu::always_inline]] inline auto UserPages<P, M>::FindVacancy(VirtAddr va)
    -> std::optional<Place> {
  if (LastTable::NumberOf(va) != last_.number && !FindLastTable(va)) return std::nullopt;
  const Place place = PlaceInLastTable(va);
  if (Load(*place.slot) != 0) return std::nullopt;
  return place;
}

template <PagingPolicy P, TableMemory M>
[[gnu::always_inline]] inline auto UserPages<P, M>::FindPage(VirtAddr va) -> std::optional<Place> {
  if (LastTable::NumberOf(va) != last_.number && !FindLastTable(va)) {
    Way way;
    if (!IsOwn(va) || Find(va, way) != 0 || Load(*way[0]) == 0) return std::nullopt;
    return Place{way[0], way[1], va};
  }
  const Place place = PlaceInLastTable(va);
  if (Load(*place.slot) == 0) return std::nullopt;
  return place;
}

template <PagingPolicy P, TableMemory M>
std::optional<UserPage> UserPages<P, M>::PageAt(VirtAddr va) const {
  Way way;
  if (!IsOwn(va) || Find(va, way) != 0) return std::nullopt;
  const Entry entry = Load(*way[0]);
  if (entry == 0) return std::nullopt;
  return PageOf(entry);
}

// Calls `use(part)` for what the table translates of `range` by itself.
template <PagingPolicy P, TableMemory M>
template <class Use>
void UserPages<P, M>::ForEachOwnPart(const VirtRange& range, Use&& use) const {
  if (range.IsEmpty()) return;
  if (IsOwn(range)) [[likely]] {
    use(range);
    return;
  }
  const auto use_unless_empty = [&](const VirtRange& part) {
    if (!part.IsEmpty()) use(part);
  };
  const VirtRange& common = table_.common_;
  for (const VirtRange& part : table_.parts()) {
    const VirtRange piece = Intersection(range, part);
    if (!piece.Overlaps(common)) {
      use_unless_empty(piece);
      continue;
    }
    if (piece.base < common.base) use(FromFirstToLast(piece.base, common.base - 1));
    if (common.last() < piece.last()) use(FromFirstToLast(common.last() + 1, piece.last()));
  }
}

// Calls `use(way, piece)` for each table of pages that some of `range`, its own, lies in, until one
// returns false; way[0] is the entry of the piece's first page. `use` may take that table away.
template <PagingPolicy P, TableMemory M>
template <class Use>
bool UserPages<P, M>::ForEachLastTable(const VirtRange& range, Use&& use) const {
  const VirtAddr last = range.last();
  for (VirtAddr at = range.base;;) {
    Way way;
    const unsigned level = Find(at, way);
    uint64_t piece_last = at.value | base::LowBits(P::Level(level == 0 ? 1 : level).shift);
    if (level == 0) {
      piece_last = std::min(piece_last, last.value);
      if (!use(way, VirtRange{at, piece_last - at.value + 1})) return false;
    } else {
      // Where a table is missing, often many are: on to the next one in the same table.
      const unsigned shift = P::Level(level).shift;
      const bool is_root = level == table_.shape_.level;
      const unsigned index_bits = is_root ? table_.shape_.index_bits : P::Level(level).index_bits;
      uint64_t left =
          base::LowBits(index_bits) - page_table_internal::IndexOf(at, P::Level(level), index_bits);
      constexpr uint64_t kTogether = 8;
      const Entry* next = way[level] + 1;
      for (; left >= kTogether && piece_last < last.value && AreNone<kTogether>(next);
           left -= kTogether) {
        next += kTogether;
        piece_last += kTogether << shift;
      }
      for (; left > 0 && piece_last < last.value && Load(*next) == 0; --left) {
        ++next;
        piece_last += base::Bit(shift);
      }
    }
    if (piece_last >= last.value) return true;
    at = VirtAddr{piece_last + 1};
  }
}

template <PagingPolicy P, TableMemory M>
template <size_t kCount>
inline bool UserPages<P, M>::AreNone(const Entry* entries) {
  Entry any = 0;
  for (size_t i = 0; i < kCount; ++i) any |= Load(entries[i]);
  return any == 0;
}

// Likewise. Most areas lie in one table, or where there is none.
template <PagingPolicy P, TableMemory M>
template <class Use>
inline bool UserPages<P, M>::ForEachTableOf(const VirtRange& range, Use&& use) const {
  if (range.IsEmpty()) return true;
  const VirtAddr last = range.last();
  if (IsOwn(range.base) && IsOwn(last)) [[likely]] {
    Way way;
    const unsigned level = Find(range.base, way);
    const unsigned shift = P::Level(level == 0 ? 1 : level).shift;
    if ((range.base.value ^ last.value) >> shift == 0) return level != 0 || use(way, range);
  }
  bool goes_on = true;
  ForEachOwnPart(range, [&](const VirtRange& part) {
    if (goes_on) goes_on = ForEachLastTable(part, use);
  });
  return goes_on;
}

// The first of `count` entries from `from` on that is not 0; `count` for none. Where one is, others
// often are.
template <PagingPolicy P, TableMemory M>
inline size_t UserPages<P, M>::NextUsed(const Entry* entries, size_t from, size_t count) {
  constexpr size_t kTogether = 8;
  while (from < count && Load(entries[from]) == 0) {
    while (count - from > kTogether && AreNone<kTogether>(entries + from)) from += kTogether;
    if (Load(entries[from]) == 0) ++from;
  }
  return from;
}

// Calls `use(va, entry)` for each page of `piece`, of one table, until one returns false.
template <PagingPolicy P, TableMemory M>
template <class Use>
bool UserPages<P, M>::ForEachEntryOf(const Way& way, const VirtRange& piece, Use&& use) {
  // Where one page is missing many often are: they are passed several at a time.
  constexpr size_t kTogether = 8;
  const size_t count = static_cast<size_t>(piece.size_bytes >> kPageShift);
  for (size_t i = 0; i < count; ++i) {
    if (Load(way[0][i]) == 0) {
      while (count - i > kTogether && AreNone<kTogether>(way[0] + i)) i += kTogether;
      if (Load(way[0][i]) == 0) continue;
    }
    if (!use(VirtAddr{piece.base.value + i * kPageSize}, way[0][i])) return false;
  }
  return true;
}

template <PagingPolicy P, TableMemory M>
template <class Visit>
void UserPages<P, M>::ForEachPage(const VirtRange& range, Visit&& visit) const {
  ForEachOwnPart(range, [&](const VirtRange& part) {
    ForEachLastTable(part, [&](const Way& way, const VirtRange& piece) {
      return ForEachEntryOf(way, piece, [&](VirtAddr va, Entry& slot) {
        const UserPage page = PageOf(Load(slot));
        visit(va, page);
        return true;
      });
    });
  });
}

}  // namespace mm
