// Changing the pages of an address space. Part of user_pages.h; not to be included on its own.
#pragma once

#include "kernel/mm/tables/user_pages.h"

namespace mm {

template <PagingPolicy P, TableMemory M>
base::Result<> UserPages<P, M>::MapPage(VirtAddr va, const UserPage& page) {
  if (!IsOwn(va)) [[unlikely]]
    return std::unexpected(base::Error::kOutOfRange);
  Way way;
  const unsigned level = Find(va, way);
  if (level != 0) [[unlikely]] {
    TRY(AddTables(va, way, level));
  } else if (Load(*way[0]) != 0) {
    return std::unexpected(base::Error::kAlreadyExists);
  }
  TRY(Admit(va, *way[1], page));
  Store(*way[0], EntryOf(page));
  Count(*way[1], 1);
  memory().Publish({va, kPageSize});
  return {};
}

// Of a process alone.
template <PagingPolicy P, TableMemory M>
[[gnu::always_inline]] inline void UserPages<P, M>::FillVacancy(const Place& place,
                                                                const UserPage& page) {
  CHECK(page.scope == Scope::kProcess);
  Store(*place.slot, EntryOf(page));
  Count(*place.above, 1);
  memory().Publish({place.va, kPageSize});
}

template <PagingPolicy P, TableMemory M>
[[gnu::always_inline]] inline void UserPages<P, M>::ReplacePage(const Place& place,
                                                                const UserPage& page) {
  Entry& slot = *place.slot;
  const Entry entry = EntryOf(page);
  const bool was_open = IsOpen(Load(slot));
  if (was_open && P::kBreakBeforeMake) {
    Store(slot, 0);
    InvalidatePage(place.va);
  }
  Store(slot, entry);
  if (was_open && !P::kBreakBeforeMake) {
    InvalidatePage(place.va);
  } else {
    memory().Publish({place.va, kPageSize});
  }
}

template <PagingPolicy P, TableMemory M>
[[gnu::always_inline]] inline void UserPages<P, M>::ProtectPage(const Place& place, Access access) {
  Entry& slot = *place.slot;
  const Entry old_entry = Load(slot);
  UserPage page = PageOf(old_entry);
  const Access old_access = page.access;
  page.access = access;
  Store(slot, EntryOf(page));
  if (!IsOpen(old_entry)) {
    memory().Publish({place.va, kPageSize});
  } else if (!P::kFaultForgetsPage || !Has(access, old_access)) {
    InvalidatePage(place.va);
  }
}

template <PagingPolicy P, TableMemory M>
template <class AccessOf>
void UserPages<P, M>::ProtectPages(const VirtRange& range, TlbBatch& batch, AccessOf&& access_of) {
  Run changed(batch);
  const auto protect = [&](VirtAddr va, Entry& slot) {
    const Entry entry = Load(slot);
    UserPage page = PageOf(entry);
    const Access old_access = page.access;
    const Access access = access_of(va, std::as_const(page));
    if (access == old_access) return true;
    page.access = access;
    Store(slot, EntryOf(page));
    if (old_access != Access::kNone) changed.Add(va, entry);
    return true;
  };
  ForEachOwnPart(range, [&](const VirtRange& part) {
    ForEachLastTable(part, [&](const Way& way, const VirtRange& piece) {
      return ForEachEntryOf(way, piece, protect);
    });
  });
  memory().Publish(range);
}

template <PagingPolicy P, TableMemory M>
template <class Release>
inline void UserPages<P, M>::UnmapPages(const VirtRange& range, Release&& release) {
  if (!IsWithoutTables(range)) UnmapSome(range, std::forward<Release>(release));
}

// No processor could remember one.
template <PagingPolicy P, TableMemory M>
template <class Release>
void UserPages<P, M>::UnmapRetired(const VirtRange& range, std::optional<VirtAddr> next,
                                   Release&& release) {
  CHECK(is_retired_);
  ForEachTableOf(range, [&](const Way& way, const VirtRange& piece) {
    const size_t count = static_cast<size_t>(piece.size_bytes >> kPageShift);
    Entry* const entries = way[0];
    uint64_t removed = 0;
    for (size_t i = NextUsed(entries, 0, count); i < count; i = NextUsed(entries, i, count)) {
      const size_t first = i;
      const AlikeLeaves alike(Load(entries[i]));
      UserPage page = alike.page;
      while (true) {
        Store(entries[i], 0);
        release(VirtAddr{piece.base.value + i * kPageSize}, page);
        if (++i == count) break;
        const Entry entry = Load(entries[i]);
        if (!alike.AreLike(entry)) break;
        page.frame = alike.FrameOf(entry);
      }
      removed += i - first;
    }
    const bool has_more = next && (piece.base.value ^ next->value) >> P::Level(1).shift == 0;
    if constexpr (P::kCountsEntries) {
      Uncount(*way[1], removed);
      CHECK(has_more || P::LiveEntries(Load(*way[1])) == 0);
    }
    if (has_more) return true;
    TlbBatch none(asid_);
    DropTables(way, piece.base, none);
    return true;
  });
}

// Pages are gathered, forgotten together, and only then given away.
template <PagingPolicy P, TableMemory M>
template <class Release>
[[gnu::noinline]] void UserPages<P, M>::UnmapSome(const VirtRange& range, Release&& release) {
  struct Removed {
    uint64_t va;  // a number, so that the array begins as it is
    Entry entry;
  };
  // More of them are forgotten with all of the address space.
  constexpr size_t kTogether = TlbBatch::kMaxPages + 1;
  std::array<Removed, kTogether> removed;
  size_t count = 0;
  TlbBatch batch(asid_);
  const auto release_gathered = [&] {
    batch.Flush(memory());
    for (const Removed& one : std::span(removed).first(count)) {
      const UserPage page = PageOf(one.entry);
      release(VirtAddr{one.va}, page);
    }
    count = 0;
  };
  const auto unmap_table = [&](const Way& way, const VirtRange& piece) {
    uint64_t of_table = 0;
    {
      Run gone(batch);
      ForEachEntryOf(way, piece, [&](VirtAddr va, Entry& slot) {
        const Entry entry = Load(slot);
        Store(slot, 0);
        ++of_table;
        if (is_retired_) {
          const UserPage page = PageOf(entry);
          release(va, page);
          return true;
        }
        if (IsOpen(entry)) gone.Add(va, entry);
        removed[count++] = {va.value, entry};
        if (count == kTogether) {
          gone.Finish();
          release_gathered();
        }
        return true;
      });
    }
    Uncount(way, piece, of_table, batch);
    return true;
  };
  ForEachOwnPart(range, [&](const VirtRange& part) { ForEachLastTable(part, unmap_table); });
  release_gathered();
}

// The entry for the page at `va`, in a table that is made for it if need be.
template <PagingPolicy P, TableMemory M>
base::Result<> UserPages<P, M>::PrepareToShare(VirtAddr va, Way& to_way, const UserPage& page) {
  const unsigned level = Find(va, to_way);
  if (level != 0) TRY(AddTables(va, to_way, level));
  return Admit(va, *to_way[1], page);
}

// Pages of one table.
template <PagingPolicy P, TableMemory M>
template <class Share>
base::Result<> UserPages<P, M>::ShareTable(const Way& way, const VirtRange& piece, UserPages& to,
                                           TlbBatch& batch, Share&& share) {
  const size_t count = static_cast<size_t>(piece.size_bytes >> kPageShift);
  Entry* const entries = way[0];
  Way to_way;
  uint64_t shared = 0;
  base::Result<> result;
  for (size_t i = NextUsed(entries, 0, count); i < count && result;) {
    const VirtAddr va{piece.base.value + i * kPageSize};
    Entry entry = Load(entries[i]);
    const AlikeLeaves alike(entry);
    result = to.PrepareToShare(va, to_way, alike.page);
    if (!result) break;
    const Entry reduced = alike.WithoutWrite();
    FrameNumber frame = alike.page.frame;
    const size_t first = i;
    Entry* const to_entries = to_way[0] - i;
    while (true) {
      result = share(frame);
      if (!result) [[unlikely]]
        break;
      if (reduced != 0) {
        entry = reduced | (entry & AlikeLeaves::kFrameField);
        Store(entries[i], entry);
      }
      CHECK(Load(to_entries[i]) == 0);
      Store(to_entries[i], entry);
      if (++i == count) break;
      entry = Load(entries[i]);
      if (!alike.AreLike(entry)) break;
      frame = alike.FrameOf(entry);
    }
    shared += i - first;
    if (reduced != 0 && i > first) {
      batch.AddPages({va, (i - first) * kPageSize}, kPageSize, alike.page.scope);
    }
    i = NextUsed(entries, i, count);
  }
  if (shared > 0) Count(*to_way[1], shared);
  return result;
}

template <PagingPolicy P, TableMemory M>
template <class Share>
base::Result<> UserPages<P, M>::SharePages(const VirtRange& range, UserPages& to, TlbBatch& batch,
                                           Share&& share) {
  base::Result<> result;
  ForEachTableOf(range, [&](const Way& way, const VirtRange& piece) {
    result = ShareTable(way, piece, to, batch, share);
    if (result) [[likely]]
      return true;
    TlbBatch of_to(to.asid_);
    to.DropEmptyTables(piece, of_to);
    to.Flush(of_to);
    return false;
  });
  to.memory().Publish(range);
  return result;
}

// Tables are made first: what follows cannot fail.
template <PagingPolicy P, TableMemory M>
base::Result<> UserPages<P, M>::MovePages(const VirtRange& range, VirtAddr to) {
  const VirtRange target{to, range.size_bytes};
  CHECK(!target.Overlaps(range));
  if (!IsOwn(target)) return std::unexpected(base::Error::kOutOfRange);
  const auto target_of = [&](VirtAddr va) { return to + (va - range.base); };
  base::Result<> result;
  TlbBatch batch(asid_);
  ForEachPage(range, [&](VirtAddr va, const UserPage& page) {
    Way way;
    if (result) result = PrepareTo(target_of(va), way, page);
  });
  if (!result) {
    DropEmptyTables(target, batch);
    batch.Flush(memory());
    return result;
  }
  ForEachOwnPart(range, [&](const VirtRange& part) {
    ForEachLastTable(part, [&](const Way& way, const VirtRange& piece) {
      uint64_t moved = 0;
      {
        Run gone(batch);
        ForEachEntryOf(way, piece, [&](VirtAddr va, Entry& slot) {
          const Entry entry = Load(slot);
          Way to_way;
          CHECK(Find(target_of(va), to_way) == 0 && Load(*to_way[0]) == 0);
          Store(slot, 0);
          Store(*to_way[0], entry);
          Count(*to_way[1], 1);
          if (IsOpen(entry)) gone.Add(va, entry);
          ++moved;
          return true;
        });
      }
      Uncount(*way[1], moved);
      return true;
    });
  });
  // Only now: a table that the first pages leave may be where the last ones come to.
  ForEachOwnPart(range, [&](const VirtRange& part) { DropEmptyTables(part, batch); });
  batch.Flush(memory());
  memory().Publish(target);
  return {};
}

}  // namespace mm
