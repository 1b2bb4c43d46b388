// The page table of a native thread: its own pages in its own ranges, and everywhere else the
// tables of its process, of which there is one set. So what a thread maps for the process, all see
// at once, and unmapping it takes it from all.
//
// A table on the way to a thread's range is the thread's own as far as its entries lead to process
// and thread alike, which is the root and, on x86_64, one table a level below it. The other entries
// of those tables are copies of the process's: made when this starts, and followed from then on
// (table_mirror.h). They differ in nothing that the processor acts on.
//
// The ranges are whole entries of level 1: no last table is shared between process and thread. What
// the process has at these addresses itself, its other threads see, and this one does not.
//
// Not locked: the space's lock orders the calls, and changes of the process's table.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/table_memory.h"
#include "kernel/mm/tables/table_mirror.h"
#include "kernel/mm/tables/user_pages.h"

namespace mm {

// What of an address space is each thread's own: at most two ranges, ascending, of whole entries of
// level 1. Unused ones are empty.
using ThreadRanges = std::array<VirtRange, 2>;

template <PagingPolicy P, TableMemory M>
class ThreadPages : public TableMirror {
 public:
  using Pages = UserPages<P, M>;

  // What the thread's ranges are multiples of.
  static constexpr uint64_t kOwnAlignment = base::Bit(P::Level(1).shift);

  // Nothing is mapped before Start(). `process` outlives this.
  ThreadPages(Pages& process, const ThreadRanges& own) : process_(process), own_(own) {
    for (const VirtRange& range : own) CHECK(range.IsAligned(kOwnAlignment));
  }
  ThreadPages(const ThreadPages&) = delete;
  ThreadPages& operator=(const ThreadPages&) = delete;
  // The thread's pages have been unmapped; no processor walks its table.
  ~ThreadPages();

  // `shape`: a root at least as large as the process's, which translates all of the ranges. Called
  // once. Error: kOutOfMemory; it may be called again then.
  [[nodiscard]] base::Result<> Start(RootShape shape);
  [[nodiscard]] bool IsStarted() const { return pages_.has_value(); }

  // See space_table.h. Addresses are those of the thread's own ranges, CHECKed.
  [[nodiscard]] base::Result<> MapPage(VirtAddr va, const UserPage& page) {
    CHECK(IsOwn(va));
    return pages_->MapPage(va, page);
  }
  // A page that the kernel may read and write, and the user may not.
  [[nodiscard]] base::Result<> MapKernelPage(VirtAddr va, FrameNumber frame);
  [[nodiscard]] std::optional<UserPage> PageAt(VirtAddr va) const {
    CHECK(IsOwn(va));
    return pages_->PageAt(va);
  }
  template <class Visit>
  void ForEachPage(Visit&& visit) const {
    for (const VirtRange& range : own_) pages_->ForEachPage(range, visit);
  }
  // Kernel pages come back with the access kNone.
  template <class Release>
  void UnmapPages(const VirtRange& range, Release&& release) {
    pages_->UnmapPages(range, std::forward<Release>(release));
  }
  void Retire() { pages_->Retire(); }
  void SetAsid(Asid asid) { pages_->SetAsid(asid); }

  [[nodiscard]] bool IsOwn(VirtAddr va) const {
    return own_[0].Contains(va) || own_[1].Contains(va);
  }
  [[nodiscard]] const ThreadRanges& own_ranges() const { return own_; }

  // All that it translates: the kernel's, the process's and its own.
  [[nodiscard]] const typename Pages::Table& table() const { return pages_->table(); }
  // Of the tables that are this thread's own.
  [[nodiscard]] uint64_t table_bytes() const { return pages_->table_bytes(); }

  void Follow(VirtAddr va) override;
  base::Result<> GrowRoot(RootShape shape) override {
    if (shape.index_bits <= table().shape().index_bits) return {};
    const auto old = TRY(pages_->ResizeRoot(shape));
    OnNewRoot(old.table);
    pages_->FreeRoot(old);
    return {};
  }

  // The first address where this table shows something else than the process's, its own ranges
  // excepted; nothing, when they are alike. O(entries of its own tables).
  [[nodiscard]] std::optional<VirtAddr> ScanForDifference() const;
  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 protected:
  // No processor walks the old root any more when this returns.
  virtual void OnNewRoot(PhysAddr /*old_root*/) {}

 private:
  using Table = typename Pages::Table::Table;  // while a walk is in it
  using Entry = typename P::Entry;

  enum class Kind : uint8_t {
    kProcess,  // a copy of the process's entry
    kThread,   // the thread's, all of it
    kMixed,    // leads to a table of the thread's own that has entries of several kinds
    kKernel,   // in common with the kernel
  };

  [[nodiscard]] Kind KindOf(unsigned level, VirtAddr va) const;
  // Whether a table of its own there came with the kernel's entries, and goes with them.
  [[nodiscard]] bool IsWay(unsigned level, VirtAddr va) const {
    return pages_->table_.LeadsToCommon(level, {va, 1});
  }
  // The first address that the `index`-th entry translates, in a table whose first address is
  // `base`.
  [[nodiscard]] VirtAddr AddressOf(const Table& table, VirtAddr base, uint64_t index) const;

  static Table ChildOf(const Pages& pages, Entry entry, unsigned level) {
    return pages.table_.TableAt(P::TableOf(entry, level), level - 1);
  }
  // Of a process's table that may be missing or shorter.
  static Entry EntryIn(const std::optional<Table>& table, uint64_t index) {
    if (!table || index >= Pages::Table::EntryCount(*table)) return 0;
    return Pages::Load(table->entries[index]);
  }
  [[nodiscard]] std::optional<Table> TheirChild(Entry entry, unsigned level) const {
    if (entry == 0) return std::nullopt;
    return ChildOf(process_, entry, level);
  }
  // What a copy has of an entry: all but what is counted in it, and noted by the hardware.
  static Entry CopyOf(Entry entry) {
    Entry copy = entry & ~P::kHardwareBits;
    if constexpr (P::kCountsEntries) copy = P::WithLiveEntries(copy, 0);
    return copy;
  }

  [[nodiscard]] base::Result<> Build(const Table& mine, const std::optional<Table>& theirs,
                                     VirtAddr base);
  [[nodiscard]] base::Result<> BuildChild(Entry& slot, Entry their_entry, unsigned level,
                                          VirtAddr va);
  void FreeBelow(const Table& mine, VirtAddr base);
  [[nodiscard]] std::optional<VirtAddr> ScanIn(const Table& mine,
                                               const std::optional<Table>& theirs,
                                               VirtAddr base) const;

  Pages& process_;
  ThreadRanges own_;
  std::optional<Pages> pages_;
};

template <PagingPolicy P, TableMemory M>
ThreadPages<P, M>::~ThreadPages() {
  if (!pages_) return;
  if (IsLinked()) process_.RemoveMirror(*this);
  FreeBelow(pages_->table_.RootTable(), {0});
}

template <PagingPolicy P, TableMemory M>
base::Result<> ThreadPages<P, M>::Start(RootShape shape) {
  CHECK(!pages_);
  pages_.emplace(TRY(Pages::Create(shape, *process_.kernel_, process_.memory())));
  const auto built = Build(pages_->table_.RootTable(), process_.table_.RootTable(), VirtAddr{0});
  if (!built) {
    FreeBelow(pages_->table_.RootTable(), {0});
    pages_.reset();
    return built;
  }
  process_.AddMirror(*this);
  return {};
}

template <PagingPolicy P, TableMemory M>
base::Result<> ThreadPages<P, M>::MapKernelPage(VirtAddr va, FrameNumber frame) {
  constexpr PageAttributes kOfKernel{Access::kNone, Access::kReadWrite, Caching::kNormal,
                                     Scope::kProcess};
  TRY(MapPage(va, {.frame = frame}));
  // Closed, it is a mark, which nobody has looked at.
  typename Pages::Way way;
  CHECK(pages_->Find(va, way) == 0);
  Pages::Store(*way[0], P::MakeLeaf(BaseOf(frame), kOfKernel, 0));
  pages_->memory().Publish({va, kPageSize});
  return {};
}

template <PagingPolicy P, TableMemory M>
auto ThreadPages<P, M>::KindOf(unsigned level, VirtAddr va) const -> Kind {
  const auto& table = pages_->table_;
  const VirtRange block = page_table_internal::BlockOf(va, P::Level(level).shift);
  if (IsWay(level, va)) return level == table.common_level_ ? Kind::kKernel : Kind::kMixed;
  for (const VirtRange& range : own_) {
    if (range.Contains(block)) return Kind::kThread;
    if (range.Overlaps(block)) return Kind::kMixed;
  }
  return Kind::kProcess;
}

template <PagingPolicy P, TableMemory M>
VirtAddr ThreadPages<P, M>::AddressOf(const Table& table, VirtAddr base, uint64_t index) const {
  const unsigned shift = P::Level(table.level).shift;
  const uint64_t va = base.value + (index << shift);
  const bool is_root = table.level == pages_->table_.shape_.level;
  const bool is_high = index >> (table.index_bits - 1) != 0;
  if (P::kExtension == AddressExtension::kZero || !is_root || !is_high) return {va};
  return {va | ~base::LowBits(shift + table.index_bits)};
}

// Fills a table of its own, in which there is nothing but what it shares with the kernel.
template <PagingPolicy P, TableMemory M>
base::Result<> ThreadPages<P, M>::Build(const Table& mine, const std::optional<Table>& theirs,
                                        VirtAddr base) {
  for (uint64_t i = 0; i < Pages::Table::EntryCount(mine); ++i) {
    const VirtAddr va = AddressOf(mine, base, i);
    const Entry their_entry = EntryIn(theirs, i);
    switch (KindOf(mine.level, va)) {
      case Kind::kProcess:
        if (their_entry != 0) Pages::Store(mine.entries[i], CopyOf(their_entry));
        break;
      case Kind::kMixed:
        TRY(BuildChild(mine.entries[i], their_entry, mine.level, va));
        break;
      case Kind::kThread:
      case Kind::kKernel:
        break;
    }
  }
  return {};
}

template <PagingPolicy P, TableMemory M>
base::Result<> ThreadPages<P, M>::BuildChild(Entry& slot, Entry their_entry, unsigned level,
                                             VirtAddr va) {
  if (!IsWay(level, va)) {
    Entry link =
        P::MakeTable(TRY(pages_->table_.AllocateTable(level - 1)), Pages::Table::kUserPage, level);
    // Counted once too often, so that it stays when the thread has nothing below.
    if constexpr (P::kCountsEntries) link = P::WithLiveEntries(link, 1);
    pages_->added_bytes_ += P::Level(level - 1).table_bytes;
    Pages::Store(slot, link);
  }
  return Build(ChildOf(*pages_, Pages::Load(slot), level), TheirChild(their_entry, level), va);
}

// Frees its own tables, the root and the way to the kernel's entries excepted: of those only what
// is in common with the kernel stays.
template <PagingPolicy P, TableMemory M>
void ThreadPages<P, M>::FreeBelow(const Table& mine, VirtAddr base) {
  for (uint64_t i = 0; i < Pages::Table::EntryCount(mine); ++i) {
    const VirtAddr va = AddressOf(mine, base, i);
    Entry& slot = mine.entries[i];
    const Entry entry = Pages::Load(slot);
    const Kind kind = KindOf(mine.level, va);
    if (kind == Kind::kProcess) Pages::Store(slot, 0);
    if (entry == 0 || kind != Kind::kMixed) continue;
    FreeBelow(ChildOf(*pages_, entry, mine.level), va);
    if (IsWay(mine.level, va)) continue;
    Pages::Store(slot, 0);
    const uint64_t bytes = P::Level(mine.level - 1).table_bytes;
    pages_->memory().FreeZeroedTable(P::TableOf(entry, mine.level), bytes);
    pages_->added_bytes_ -= bytes;
  }
}

template <PagingPolicy P, TableMemory M>
void ThreadPages<P, M>::Follow(VirtAddr va) {
  CHECK(pages_->table_.IsTranslated(va));
  Table mine = pages_->table_.RootTable();
  std::optional<Table> theirs = process_.table_.RootTable();
  while (true) {
    const uint64_t index = Pages::Table::IndexIn(mine, va);
    const Entry their_entry = EntryIn(theirs, index);
    Entry& slot = mine.entries[index];
    switch (KindOf(mine.level, va)) {
      case Kind::kProcess:
        Pages::Store(slot, CopyOf(their_entry));
        return;
      case Kind::kMixed:
        theirs = TheirChild(their_entry, mine.level);
        mine = ChildOf(*pages_, Pages::Load(slot), mine.level);
        break;
      case Kind::kThread:
      case Kind::kKernel:
        return;
    }
  }
}

template <PagingPolicy P, TableMemory M>
std::optional<VirtAddr> ThreadPages<P, M>::ScanForDifference() const {
  return ScanIn(pages_->table_.RootTable(), process_.table_.RootTable(), {0});
}

template <PagingPolicy P, TableMemory M>
std::optional<VirtAddr> ThreadPages<P, M>::ScanIn(const Table& mine,
                                                  const std::optional<Table>& theirs,
                                                  VirtAddr base) const {
  for (uint64_t i = 0; i < Pages::Table::EntryCount(mine); ++i) {
    const VirtAddr va = AddressOf(mine, base, i);
    const Entry entry = Pages::Load(mine.entries[i]);
    const Entry their_entry = EntryIn(theirs, i);
    switch (KindOf(mine.level, va)) {
      case Kind::kProcess:
        if (CopyOf(entry) != CopyOf(their_entry)) return va;
        break;
      case Kind::kMixed: {
        if (entry == 0) return va;
        const auto below =
            ScanIn(ChildOf(*pages_, entry, mine.level), TheirChild(their_entry, mine.level), va);
        if (below) return below;
        break;
      }
      case Kind::kKernel:
        if (CopyOf(entry) != CopyOf(their_entry)) return va;
        break;
      case Kind::kThread:
        break;
    }
  }
  return std::nullopt;
}

template <PagingPolicy P, TableMemory M>
base::Result<> ThreadPages<P, M>::CheckInvariants() const {
  if (ScanForDifference()) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
