// The page table of one address space, as the space sees it: single pages of the user, each with a
// frame. Which architecture it is of, where the kernel's own entries lie, and how processors are
// made to forget, is the table's affair.
//
// A table owns its tables and none of the frames in its pages: who counts a frame's owners is told
// of every page that comes or goes. A page whose access is kNone keeps its frame and its note, and
// every access to it faults: what mprotect(PROT_NONE) leaves.
//
// Not locked: the space's lock orders the calls. None of them blocks.
#pragma once

#include <concepts>
#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/tlb_batch.h"

namespace mm {

// What a page of the user is. The kernel reaches it in checked copies only, to read and write as
// the user does.
struct UserPage {
  static constexpr uint8_t kMaxNote = 3;

  FrameNumber frame;
  Access access = Access::kNone;  // kNone, r, rw or rx
  Caching caching = Caching::kNormal;
  Scope scope = Scope::kProcess;  // kGlobal: the same page in every process
  uint8_t note = 0;               // whatever the space wants to know of it

  friend constexpr bool operator==(const UserPage&, const UserPage&) = default;
};

// Whether a user's page can have it: never writable and executable.
[[nodiscard]] constexpr bool IsUserAccess(Access access) {
  return access == Access::kNone || access == Access::kRead || access == Access::kReadWrite ||
         access == Access::kReadExecute;
}

// An access in UserPage for which IsUserAccess() is false fails a CHECK, and so does a note above
// kMaxNote. Ranges are whole pages and do not wrap; where nothing else is said, they may reach over
// pages that are not there, cost little for tables that are missing, and lie wherever they like:
// what the table does not translate for the user has no pages.
//
// One page:
//   MapPage(va, page)      Puts a page where there is none. Errors: kAlreadyExists (there is one,
//                          be it with access kNone; nothing changed), kOutOfMemory, kOutOfRange (no
//                          process's page can be there), kUnsupported (not beside the pages that
//                          share a table with it). No invalidation: none was there.
//   FindVacancy(va)        Where a page may be put by storing one entry, a Place; nothing where
//                          there is one, where more is to be done, and where no page can be.
//   FillVacancy(place, page)  MapPage(), of a page of the process alone: it cannot fail there.
//   FindPage(va)           Where the page is, a Place; nothing where there is none.
//   PageIn(place)          The page there.
//   ReplacePage(place, page)  Another frame, access and note for it. When it returns, no processor
//                          uses the old frame through its address.
//   ProtectPage(place, access)  Another access for it. When it returns, no processor uses the page
//                          as it was, but that one which only has more rights may fault once more:
//                          that fault makes the processor forget.
//   PageAt(va)             The page, if there is one.
//   Where `va` is any address of the page. A place means something until the table is changed in
//   another way than through it.
//
// Many:
//   ForEachPage(range, visit)  Calls visit(VirtAddr, const UserPage&) for each page, ascending.
//   ProtectPages(range, batch, access_of)  Gives each page the access that
//                          access_of(VirtAddr, const UserPage&) returns. Until the batch is
//                          flushed, processors may use the old one.
//   UnmapPages(range, release)  Takes the pages out, frees tables that became empty, and calls
//                          release(VirtAddr, const UserPage&) for each page, ascending, when no
//                          processor uses it any more. `release` may free the frame; it must not
//                          change this table.
//   UnmapRetired(range, next, release)  The same in a table that has retired, when all of it goes
//                          from the lowest page up: no page is left below `range`, nor above it
//                          before `next`, or at all. Tables go unseen with the last of their pages,
//                          or with `next`: only when all are gone do the invariants hold.
//   SharePages(range, to, batch, share)  fork: puts each page into `to` as well, where nothing is
//   in
//                          `range`, after share(FrameNumber), whose result is a base::Result<>.
//                          From then on nobody may write to it, here or there. Error: kOutOfMemory,
//                          and those of `share`: pages up to there are in both tables then. The
//                          batch is one of this table.
//   MovePages(range, to)   mremap: moves the pages to addresses from `to` on, where nothing is, and
//                          which do not overlap `range`. Errors: kOutOfMemory, kOutOfRange,
//                          kUnsupported; nothing has moved then. When it returns no processor uses
//                          the old addresses.
//
// The table:
//   NewBatch(), Flush(batch)  Invalidations for ProtectPages and SharePages.
//   CreateEmpty()          Another table for the same kernel, without pages. Error: kOutOfMemory.
//   Retire()               No processor walks this table from now on: the calls after do without
//                          invalidation. When all of it ends, or has never begun.
//   table_bytes()          Memory of the tables that are this space's own.
//   CheckInvariants()      kCorrupt.
// Destroying the table frees all tables. The pages must have been unmapped, which is CHECKed, for
// else their frames would be lost; and no processor walks it.
template <class T>
concept SpaceTable =
    std::move_constructible<T> &&
    requires(T& table, const T& constant, VirtAddr va, const VirtRange& range,
             const typename T::Place& place, const UserPage& page, Access access, TlbBatch& batch,
             void (*visit)(VirtAddr, const UserPage&),
             Access (*access_of)(VirtAddr, const UserPage&), base::Result<> (*share)(FrameNumber)) {
      { table.MapPage(va, page) } -> std::same_as<base::Result<>>;
      { table.FindVacancy(va) } -> std::same_as<std::optional<typename T::Place>>;
      { table.FillVacancy(place, page) } -> std::same_as<void>;
      { table.FindPage(va) } -> std::same_as<std::optional<typename T::Place>>;
      { constant.PageIn(place) } -> std::same_as<UserPage>;
      { table.ReplacePage(place, page) } -> std::same_as<void>;
      { table.ProtectPage(place, access) } -> std::same_as<void>;
      { constant.PageAt(va) } -> std::same_as<std::optional<UserPage>>;

      { constant.ForEachPage(range, visit) } -> std::same_as<void>;
      { table.ProtectPages(range, batch, access_of) } -> std::same_as<void>;
      { table.UnmapPages(range, visit) } -> std::same_as<void>;
      { table.UnmapRetired(range, std::optional(va), visit) } -> std::same_as<void>;
      { table.SharePages(range, table, batch, share) } -> std::same_as<base::Result<>>;
      { table.MovePages(range, va) } -> std::same_as<base::Result<>>;

      { constant.NewBatch() } -> std::same_as<TlbBatch>;
      { table.Flush(batch) } -> std::same_as<void>;
      { constant.CreateEmpty() } -> std::same_as<base::Result<T>>;
      { table.Retire() } -> std::same_as<void>;
      { constant.table_bytes() } -> std::same_as<uint64_t>;
      { constant.CheckInvariants() } -> std::same_as<base::Result<>>;
    };

}  // namespace mm
