// Changing the pages of an address space. Part of user_pages.h; not to be included on its own.
#pragma once

#include "kernel/mm/user_pages.h"

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

template <PagingPolicy P, TableMemory M>
template <class AccessOf>
base::Result<> UserPages<P, M>::SharePages(const VirtRange& range, UserPages& to, TlbBatch& batch,
                                           AccessOf&& access_of) {
  base::Result<> result;
  const auto share_table = [&](const Way& way, const VirtRange& piece) {
    Run changed(batch);
    Way to_way;
    uint64_t shared = 0;
    bool is_prepared = false;
    ForEachEntryOf(way, piece, [&](VirtAddr va, Entry& slot) {
      const Entry old_entry = Load(slot);
      UserPage page = PageOf(old_entry);
      if (!is_prepared) {
        const unsigned level = to.Find(va, to_way);
        if (level != 0) result = to.AddTables(va, to_way, level);
        if (!result) return false;
        is_prepared = true;
        to_way[0] -= (va - piece.base) >> kPageShift;
      }
      result = to.Admit(va, *to_way[1], page);
      if (!result) return false;
      const base::Result<Access> access = access_of(va, std::as_const(page));
      if (!access) {
        result = std::unexpected(access.error());
        return false;
      }
      Entry entry = old_entry;
      if (*access != page.access) {
        CHECK(Has(page.access, *access));
        page.access = *access;
        entry = EntryOf(page);
        Store(slot, entry);
        changed.Add(va, old_entry);
      }
      Entry& to_slot = to_way[0][(va - piece.base) >> kPageShift];
      CHECK(Load(to_slot) == 0);
      Store(to_slot, entry);
      ++shared;
      return true;
    });
    if (shared > 0) Count(*to_way[1], shared);
    if (!result) {
      TlbBatch of_to(to.asid_);
      to.DropEmptyTables(piece, of_to);
      to.Flush(of_to);
    }
    return result.has_value();
  };
  ForEachOwnPart(range, [&](const VirtRange& part) {
    if (result) ForEachLastTable(part, share_table);
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
