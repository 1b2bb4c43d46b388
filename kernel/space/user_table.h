// The page table of a process, as its address space uses it (mm/space_table.h) and as the scheduler
// switches to it: with the kernel's entries, its tag in the TLB, and a root as large as its pages
// need where the hardware has roots of several sizes.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "arch/ops/paging.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/tables/asid_allocator.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/mm/tables/user_pages.h"
#include "kernel/space/kernel_table.h"
#include "kernel/space/table_frames.h"

namespace kernel {

// What all tables of processes have in common. Not locked, nor are they: one processor runs.
class UserTables {
 public:
  // All outlive this, and this all tables made with it. Before the first is made, `kernel` shares
  // its entries (KernelSpace::ShareEntries).
  UserTables(const KernelTable& kernel, TableFrames& frames, mm::FrameWindows& windows)
      : kernel_(kernel), frames_(frames), windows_(windows) {}
  UserTables(const UserTables&) = delete;
  UserTables& operator=(const UserTables&) = delete;

  // No process's table is walked any more; the kernel runs alone. For the one who ends the table
  // that is active.
  void Leave() { arch::LeaveContext(kernel_.root()); }

 private:
  friend class UserTable;
  friend class ThreadTable;

  // Where there are no tags, none is ever asked for.
  static constexpr unsigned kAsidBits = arch::kAsidBits == 0 ? 1 : arch::kAsidBits;

  // A page of the frame is to be executed: what was written to it is made what is executed.
  void MakeExecutable(mm::FrameNumber frame);

  const KernelTable& kernel_;
  TableFrames& frames_;
  mm::FrameWindows& windows_;
  mm::AsidAllocator asids_{kAsidBits};
};

// A mm::SpaceTable. Pages that come to be executable are executed as they were last written through
// the kernel's mappings or another page's. What an address needs of the root comes with its page:
// MapPage, SharePages and MovePages may make a larger root, which is the one in use from then on if
// the table is active.
class UserTable {
  using Pages = mm::UserPages<arch::PagingPolicy, TableFrames>;

 public:
  using Place = Pages::Place;

  // An empty one, with the smallest root. Error: kOutOfMemory.
  [[nodiscard]] static base::Result<UserTable> Create(UserTables& tables);

  UserTable(UserTable&&) = default;
  UserTable& operator=(UserTable&&) = delete;

  // Switches the processor to this table. O(1), and nothing is forgotten that is of use later, but
  // for one switch in 255 new tables where there are tags, or what is not global where there are
  // none.
  void Activate();
  // Whether the processor walks it.
  [[nodiscard]] bool IsActive() const;

  [[nodiscard]] base::Result<> MapPage(mm::VirtAddr va, const mm::UserPage& page) {
    if (Executes(page.access)) [[unlikely]]
      tables_->MakeExecutable(page.frame);
    const base::Result<> mapped = pages_.MapPage(va, page);
    if (mapped || mapped.error() != base::Error::kOutOfRange) [[likely]]
      return mapped;
    if (!TRY(GrowTo(va))) return mapped;
    return pages_.MapPage(va, page);
  }
  // Inlined, like what they call: they are most of a page fault, and half of each is known where
  // that is resolved.
  [[gnu::always_inline, nodiscard]] std::optional<Place> FindVacancy(mm::VirtAddr va) {
    return pages_.FindVacancy(va);
  }
  [[gnu::always_inline]] void FillVacancy(const Place& place, const mm::UserPage& page) {
    if (Executes(page.access)) [[unlikely]]
      tables_->MakeExecutable(page.frame);
    pages_.FillVacancy(place, page);
  }
  [[gnu::always_inline, nodiscard]] std::optional<Place> FindPage(mm::VirtAddr va) {
    return pages_.FindPage(va);
  }
  [[gnu::always_inline, nodiscard]] static mm::UserPage PageIn(const Place& place) {
    return Pages::PageIn(place);
  }
  [[gnu::always_inline]] void ReplacePage(const Place& place, const mm::UserPage& page) {
    if (Executes(page.access)) [[unlikely]]
      tables_->MakeExecutable(page.frame);
    pages_.ReplacePage(place, page);
  }
  [[gnu::always_inline]] void ProtectPage(const Place& place, mm::Access access) {
    if (Executes(access)) [[unlikely]]
      tables_->MakeExecutable(PageIn(place).frame);
    pages_.ProtectPage(place, access);
  }
  [[nodiscard]] std::optional<mm::UserPage> PageAt(mm::VirtAddr va) const {
    return pages_.PageAt(va);
  }

  template <class Visit>
  void ForEachPage(const mm::VirtRange& range, Visit&& visit) const {
    pages_.ForEachPage(range, std::forward<Visit>(visit));
  }
  template <class AccessOf>
  void ProtectPages(const mm::VirtRange& range, mm::TlbBatch& batch, AccessOf&& access_of) {
    pages_.ProtectPages(range, batch, [&](mm::VirtAddr va, const mm::UserPage& page) {
      const mm::Access access = access_of(va, page);
      if (Executes(access) && !Executes(page.access)) [[unlikely]] {
        tables_->MakeExecutable(page.frame);
      }
      return access;
    });
  }
  template <class Release>
  void UnmapPages(const mm::VirtRange& range, Release&& release) {
    pages_.UnmapPages(range, std::forward<Release>(release));
  }
  template <class Release>
  void UnmapRetired(const mm::VirtRange& range, std::optional<mm::VirtAddr> next,
                    Release&& release) {
    pages_.UnmapRetired(range, next, std::forward<Release>(release));
  }
  template <class Share>
  [[nodiscard]] base::Result<> SharePages(const mm::VirtRange& range, UserTable& to,
                                          mm::TlbBatch& batch, Share&& share) {
    TRY(to.GrowLike(pages_.table().shape()));
    return pages_.SharePages(range, to.pages_, batch, std::forward<Share>(share));
  }
  [[nodiscard]] base::Result<> MovePages(const mm::VirtRange& range, mm::VirtAddr to) {
    TRY(GrowTo(to + (range.size_bytes - 1)));
    return pages_.MovePages(range, to);
  }

  [[nodiscard]] mm::TlbBatch NewBatch() const { return pages_.NewBatch(); }
  void Flush(mm::TlbBatch& batch) { pages_.Flush(batch); }
  [[nodiscard]] base::Result<UserTable> CreateEmpty() const { return Create(*tables_); }
  void Retire() { pages_.Retire(); }
  [[nodiscard]] uint64_t table_bytes() const { return pages_.table_bytes(); }
  [[nodiscard]] base::Result<> CheckInvariants() const { return pages_.CheckInvariants(); }

  // All that it translates, the kernel's as well.
  [[nodiscard]] const KernelTable& table() const { return pages_.table(); }

 private:
  friend class ThreadTable;

  UserTable(UserTables& tables, Pages pages) : tables_(&tables), pages_(std::move(pages)) {}

  static bool Executes(mm::Access access) { return mm::Has(access, mm::Access::kExecute); }

  // Makes the root reach `va`, if a larger one does; returns whether it is another root now. Error:
  // kOutOfMemory.
  [[nodiscard]] base::Result<bool> GrowTo(mm::VirtAddr va) {
    return GrowLike(arch::ContextRoot(va));
  }
  [[nodiscard]] base::Result<bool> GrowLike(mm::RootShape shape);

  UserTables* tables_;
  Pages pages_;
  mm::SpaceAsid asid_;
};

static_assert(mm::SpaceTable<UserTable>);

}  // namespace kernel
