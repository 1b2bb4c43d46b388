// A page table as an address space sees it (space_table.h): single pages, found and changed in one
// walk from the root. A page is either a leaf, or a mark that keeps a closed page's frame.
//
// Below the root there is nothing but tables, and every table of its own lets through what any page
// of a process needs. So a page that is mapped beside others is one entry stored and one counted.
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/asid_allocator.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/space_table.h"
#include "kernel/mm/tables/table_memory.h"
#include "kernel/mm/tables/table_mirror.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/mm/tables/tlb_work.h"

namespace mm {

template <PagingPolicy P, TableMemory M>
class ThreadPages;

// See space_table.h for what the functions of a SpaceTable do.
template <PagingPolicy P, TableMemory M>
class UserPages {
 public:
  using Table = PageTable<P, M>;

  // With the entries that `kernel`, which outlives this, shares. Error: kOutOfMemory.
  [[nodiscard]] static base::Result<UserPages> Create(RootShape shape, const Table& kernel,
                                                      M& memory);

  UserPages(UserPages&& other) noexcept
      : table_(other.table_),
        first_own_(other.first_own_),
        kernel_(std::exchange(other.kernel_, nullptr)),
        asid_(other.asid_),
        own_asid_(other.own_asid_),
        is_retired_(other.is_retired_),
        added_bytes_(other.added_bytes_) {
    CHECK(other.mirrors_.IsEmpty());
  }
  UserPages& operator=(UserPages&&) = delete;
  ~UserPages();

  // A page's entry, and that of its table.
  struct Place {
    typename P::Entry* slot;
    typename P::Entry* above;
    VirtAddr va;  // any of the page
  };

  [[nodiscard]] base::Result<> MapPage(VirtAddr va, const UserPage& page);
  [[nodiscard]] std::optional<Place> FindVacancy(VirtAddr va);
  void FillVacancy(const Place& place, const UserPage& page);
  [[nodiscard]] std::optional<Place> FindPage(VirtAddr va);
  [[nodiscard]] static UserPage PageIn(const Place& place) { return PageOf(Load(*place.slot)); }
  void ReplacePage(const Place& place, const UserPage& page);
  void ProtectPage(const Place& place, Access access);
  [[nodiscard]] std::optional<UserPage> PageAt(VirtAddr va) const;

  template <class Visit>
  void ForEachPage(const VirtRange& range, Visit&& visit) const;
  template <class AccessOf>
  void ProtectPages(const VirtRange& range, TlbBatch& batch, AccessOf&& access_of);
  template <class Release>
  void UnmapPages(const VirtRange& range, Release&& release);
  template <class Release>
  void UnmapRetired(const VirtRange& range, std::optional<VirtAddr> next, Release&& release);
  template <class Share>
  [[nodiscard]] base::Result<> SharePages(const VirtRange& range, UserPages& to, TlbBatch& batch,
                                          Share&& share);
  [[nodiscard]] base::Result<> MovePages(const VirtRange& range, VirtAddr to);

  [[nodiscard]] TlbBatch NewBatch() const { return TlbBatch(asid_); }
  void Flush(TlbBatch& batch) { batch.Flush(memory()); }
  [[nodiscard]] base::Result<UserPages> CreateEmpty() const {
    return Create(table_.shape(), *kernel_, memory());
  }
  void Retire() { is_retired_ = true; }
  [[nodiscard]] uint64_t table_bytes() const {
    return Table::RootBytes(table_.shape()) + BytesOfWay() + added_bytes_;
  }
  [[nodiscard]] base::Result<> CheckInvariants() const;

  // Another root, see PageTable::ResizeRoot(); the old one goes to PageTable::FreeRoot().
  [[nodiscard]] base::Result<typename Table::OldRoot> ResizeRoot(RootShape shape) {
    const auto old = TRY(table_.ResizeRoot(shape));
    first_own_ = FirstOwnPart();
    last_ = {};
    return old;
  }
  void FreeRoot(const typename Table::OldRoot& old) { table_.FreeRoot(old); }

  // The tag of this table's translations from now on; with kNoAsid none is remembered.
  void SetAsid(Asid asid) {
    own_asid_ = asid;
    if (mirrors_.IsEmpty()) asid_ = asid;
  }

  // From now on `mirror` follows this table, until it is removed. What it shows may be remembered
  // under other tags, so that changes here are forgotten under all of them.
  void AddMirror(TableMirror& mirror) {
    mirrors_.PushBack(mirror);
    asid_ = kEveryAsid;
  }
  void RemoveMirror(TableMirror& mirror) {
    mirror.Unlink();
    if (mirrors_.IsEmpty()) asid_ = own_asid_;
  }
  template <class Visit>
  void ForEachMirror(Visit&& visit) {
    for (TableMirror& mirror : mirrors_) visit(mirror);
  }

  [[nodiscard]] const Table& table() const { return table_; }

 private:
  friend class ThreadPages<P, M>;

  using Entry = typename P::Entry;

  // The entries that lead to a page, by their level.
  using Way = std::array<Entry*, P::kLevelCount>;

  // The table that a page was last looked for in: most faults are beside the one before. It is as
  // it was made, see IsAsMade(), and forgotten before that changes or it goes.
  struct LastTable {
    static constexpr uint64_t kNone = ~uint64_t{0};

    // Which part of the addresses it translates, in steps of a table.
    [[nodiscard]] static uint64_t NumberOf(VirtAddr va) { return va.value >> P::Level(1).shift; }

    uint64_t number = kNone;
    Entry* entries = nullptr;
    Entry* above = nullptr;
  };

  // An address in as many bits as are translated: on a 32-bit machine 64 cost.
  static constexpr unsigned kTopLevel = P::kLevelCount - 1;
  static constexpr bool kIsNarrow =
      P::Level(kTopLevel).shift + P::Level(kTopLevel).index_bits <= 32;
  using Number = std::conditional_t<kIsNarrow, uint32_t, uint64_t>;

  static constexpr unsigned kNoteBits = 2;
  static_assert(UserPage::kMaxNote == base::LowBits(kNoteBits));
  static_assert(P::kSpareBits >= kNoteBits);
  // A mark is not 0, so that frame 0 can have one.
  static_assert(P::kMarkBits >= P::kPhysicalBits - kPageShift + kNoteBits);

  UserPages(Table table, const Table& kernel) : table_(std::move(table)), kernel_(&kernel) {}

  // Pages that change, from the lowest up, gathered to runs before they go to a batch.
  class Run {
   public:
    explicit Run(TlbBatch& batch) : batch_(batch) {}
    Run(const Run&) = delete;
    Run& operator=(const Run&) = delete;
    ~Run() { Finish(); }

    void Add(VirtAddr va, Entry leaf) {
      if (va != next_) {
        Finish();
        base_ = va;
      }
      next_ = VirtAddr{va.value + kPageSize};  // 0 behind the last page
      is_global_ |= P::IsGlobal(leaf, 0);
    }
    void Finish() {
      if (next_ == base_) return;
      batch_.AddPages({base_, next_.value - base_.value}, kPageSize,
                      is_global_ ? Scope::kGlobal : Scope::kProcess);
      base_ = next_;
    }

   private:
    TlbBatch& batch_;
    VirtAddr base_;
    VirtAddr next_;
    bool is_global_ = false;
  };

  [[nodiscard]] M& memory() const { return *table_.memory_; }
  [[nodiscard]] Entry* EntriesAt(PhysAddr table) const {
    return static_cast<Entry*>(memory().Pointer(table));
  }
  static Entry Load(const Entry& entry) { return Table::Load(entry); }
  static void Store(Entry& entry, Entry value) { Table::Store(entry, value); }

  // user_pages_walk.h
  static constexpr PageAttributes AttributesOf(const UserPage& page);
  struct Leaves;
  class AlikeLeaves;
  static Entry EntryOf(const UserPage& page);
  static UserPage PageOf(Entry entry);
  // Of a page's entry: else it is a mark, and absent.
  static bool IsOpen(Entry entry) { return (entry & 0b11) != 0; }
  [[nodiscard]] bool IsOwn(VirtAddr va) const;
  [[nodiscard]] bool IsOwn(const VirtRange& range) const;
  [[nodiscard]] VirtRange FirstOwnPart() const;
  [[nodiscard]] unsigned Find(VirtAddr va, Way& way) const;
  [[nodiscard]] Entry* FindEntryAbove(VirtAddr va) const;
  [[nodiscard]] bool FindLastTable(VirtAddr va);
  [[nodiscard]] Place PlaceInLastTable(VirtAddr va) const;
  template <unsigned kLevel>
  [[nodiscard]] unsigned FindFrom(PhysAddr table, Number va, Way& way) const;
  template <class Use>
  void ForEachOwnPart(const VirtRange& range, Use&& use) const;
  template <class Use>
  bool ForEachLastTable(const VirtRange& range, Use&& use) const;
  template <class Use>
  bool ForEachEntry(const VirtRange& range, Use&& use) const;
  template <class Use>
  static bool ForEachEntryOf(const Way& way, const VirtRange& piece, Use&& use);
  template <size_t kCount>
  static bool AreNone(const Entry* entries);
  [[nodiscard]] bool IsWithoutTables(const VirtRange& range) const;
  template <class Release>
  void UnmapSome(const VirtRange& range, Release&& release);
  [[nodiscard]] uint64_t BytesOfWay() const;
  [[nodiscard]] uint64_t BytesBelow(const typename Table::Table& table) const;

  template <class Use>
  bool ForEachTableOf(const VirtRange& range, Use&& use) const;
  static size_t NextUsed(const Entry* entries, size_t from, size_t count);

  // user_pages_change.h
  template <class Share>
  [[nodiscard]] base::Result<> ShareTable(const Way& way, const VirtRange& piece, UserPages& to,
                                          TlbBatch& batch, Share&& share);
  [[nodiscard]] base::Result<> PrepareToShare(VirtAddr va, Way& to_way, const UserPage& page);

  // Tables that come and go.
  [[nodiscard]] base::Result<> AddTables(VirtAddr va, Way& way, unsigned level);
  static bool IsAsMade(Entry above);
  [[nodiscard]] base::Result<> Admit(VirtAddr va, Entry& above, const UserPage& page);
  [[nodiscard]] base::Result<> AdmitInUse(VirtAddr va, Entry& above, const UserPage& page);
  [[nodiscard]] base::Result<> PrepareTo(VirtAddr va, Way& way, const UserPage& page);
  static void Count(Entry& above, uint64_t more);
  static void Uncount(Entry& above, uint64_t less);
  void Uncount(const Way& way, const VirtRange& piece, uint64_t removed, TlbBatch& batch);
  void DropTables(const Way& way, VirtAddr va, TlbBatch& batch);
  [[nodiscard]] bool IsEmptyTable(const Way& way, const VirtRange& piece) const;
  void DropEmptyTables(const VirtRange& range, TlbBatch& batch);

  void TellMirrors(VirtAddr va) {
    for (TableMirror& mirror : mirrors_) mirror.Follow(va);
  }

  void InvalidatePage(VirtAddr va) {
    if (is_retired_) return;
    const VirtAddr page = AlignDown(va, kPageSize);
    if constexpr (requires { memory().InvalidatePage(page, asid_); }) {
      memory().InvalidatePage(page, asid_);
    } else {
      const TlbStretch stretch{{page, kPageSize}};
      memory().Invalidate({TlbReach::kPages, asid_, std::span(&stretch, 1)});
    }
  }

  Table table_;
  VirtRange first_own_ = FirstOwnPart();
  const Table* kernel_;  // nullptr: moved from
  base::List<TableMirror> mirrors_;
  Asid asid_ = kNoAsid;  // what is invalidated: its own, or with mirrors every one
  Asid own_asid_ = kNoAsid;
  bool is_retired_ = false;
  LastTable last_;
  uint64_t added_bytes_ = 0;  // tables besides the root and the way to the kernel's
};

}  // namespace mm

#include "kernel/mm/tables/user_pages_change.h"  // IWYU pragma: export
#include "kernel/mm/tables/user_pages_tables.h"  // IWYU pragma: export
#include "kernel/mm/tables/user_pages_walk.h"    // IWYU pragma: export
