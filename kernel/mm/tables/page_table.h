// Page tables of any architecture: a radix tree walked by the shapes and entries of its policy.
//
// A table owns the tables below its root and nothing that they map. Ranges are whole pages; every
// operation either does all of its work or changes nothing (a large page that was split stays split
// only if the operation succeeded). No table below the root is ever empty, but those that others
// share.
//
// Operations that change or remove entries gather their TLB work in a TlbBatch, which the caller
// flushes: until then processors may use what was before, and tables that became empty are kept,
// in which a processor may miss what is mapped anew (see locked_table.h). The forms without a batch
// flush at once. An operation that fails leaves its batch alone. Each may also fail with
// kUnsupported once entries are shared: see ShareEntries().
//
// Not locked: whoever owns the table orders the calls. The hardware may walk it at any time.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/page_table_range.h"
#include "kernel/mm/tables/table_memory.h"
#include "kernel/mm/tables/tlb_batch.h"

namespace mm {

template <PagingPolicy P, TableMemory M>
class UserPages;
template <PagingPolicy P, TableMemory M>
class ThreadPages;

template <PagingPolicy P, TableMemory M>
class PageTable {
 public:
  using Features = typename P::Features;

  // Bits that each page has for its owner: while it is mapped, and while it is not.
  static constexpr uint64_t kMaxSpare = base::LowBits(P::kSpareBits);
  static constexpr uint64_t kMaxMark = base::LowBits(P::kMarkBits);

  // Adopts a root table that CheckInvariants() accepts, and all tables below it. `memory` must
  // outlive this.
  PageTable(RootShape shape, PhysAddr root, Features features, M& memory)
      : shape_(shape), root_(root), features_(features), memory_(&memory) {}

  // Another view of `table`'s root, or of one that borrows from it: its common entries are known.
  PageTable(RootShape shape, PhysAddr root, const PageTable& table)
      : shape_(shape),
        root_(root),
        features_(table.features_),
        memory_(table.memory_),
        common_(table.common_),
        common_level_(table.common_level_),
        borrows_(table.borrows_ || root != table.root_) {}

  // With a root that maps nothing. Error: kOutOfMemory.
  [[nodiscard]] static base::Result<PageTable> Create(RootShape shape, Features features,
                                                      M& memory) {
    const uint64_t bytes = RootBytes(shape);
    return PageTable(shape, TRY(memory.AllocateTable(bytes, bytes)), features, memory);
  }

  [[nodiscard]] PhysAddr root() const { return root_; }
  [[nodiscard]] RootShape shape() const { return shape_; }

  // Maps `range` to memory from `target` on, with the largest pages that fit; marks in it go.
  // Errors: those of CheckRange, kUnsupported (no entry grants exactly these attributes, see
  // P::Granted, or none beside the pages that share a table with it, see P::Admit),
  // kAlreadyExists (some of the range is mapped), kOutOfMemory.
  [[nodiscard]] base::Result<> Map(const VirtRange& range, PhysAddr target,
                                   const PageAttributes& attributes);

  // Unmaps what is mapped in `range` and clears its marks, splits large pages at its ends, frees
  // the tables it empties. Errors: those of CheckRange, kOutOfMemory (only when a large page has to
  // be split).
  [[nodiscard]] base::Result<> Unmap(const VirtRange& range, TlbBatch& batch);
  [[nodiscard]] base::Result<> Unmap(const VirtRange& range);

  // Gives `range` other attributes. Errors: those of CheckRange, kUnsupported, kNotFound (some of
  // the range is not mapped), kOutOfMemory (only when a large page has to be split).
  [[nodiscard]] base::Result<> Protect(const VirtRange& range, const PageAttributes& attributes,
                                       TlbBatch& batch);
  [[nodiscard]] base::Result<> Protect(const VirtRange& range, const PageAttributes& attributes);

  // Makes large pages of small ones where all of a block in `range` is mapped alike, to memory that
  // continues: what a split left behind. Flushes `batch` once for each table that goes. Where the
  // processor must not see two sizes at once (P::kBreakBeforeMake) the block is unmapped for a
  // moment: nobody may use it meanwhile, this code least of all. The same holds for operations that
  // split such a page. Errors: those of CheckRange.
  [[nodiscard]] base::Result<> Collapse(const VirtRange& range, TlbBatch& batch);

  // Writes the spare bits of the pages in `range`, which stay with them until they are unmapped;
  // new pages have 0. A large page has one value, so it is split at the ends of the range. Errors:
  // as of Protect; kInvalidArgument (above kMaxSpare).
  [[nodiscard]] base::Result<> SetSpare(const VirtRange& range, uint64_t spare, TlbBatch& batch);

  // Marks pages that are not mapped, in place of what they were marked with before: where they were
  // swapped to, or that they are reserved. 0 clears. Errors: those of CheckRange, kInvalidArgument
  // (above kMaxMark), kAlreadyExists (some of the range is mapped), kOutOfMemory.
  [[nodiscard]] base::Result<> Mark(const VirtRange& range, uint64_t mark, TlbBatch& batch);

  // The whole page, small or large, that holds `va`.
  [[nodiscard]] std::optional<Mapping> Query(VirtAddr va) const;

  // Where `va` leads.
  [[nodiscard]] std::optional<PhysAddr> Translate(VirtAddr va) const;

  // What Mark() left at `va`; 0 for nothing, and where a page is mapped.
  [[nodiscard]] uint64_t MarkAt(VirtAddr va) const;

  // The entry for the single page at `va`, or nullptr if no table has one. For windows: who keeps
  // another page of that table mapped may store leaves here by himself, and clears them again; they
  // are not counted, and no operation on their range is allowed meanwhile.
  [[nodiscard]] typename P::Entry* FindPageEntry(VirtAddr va) const {
    if (!IsTranslated(va)) return nullptr;
    const Place place = PlaceOf(va);
    return place.level == 0 ? place.slot : nullptr;
  }

  // Calls `visit(const Mapping&)` for all that is mapped, or for all in `range` (cut at its ends),
  // in ascending order. Neighbouring pages of one size that show neighbouring memory alike come as
  // one.
  template <class Visitor>
  void ForEachMapping(Visitor&& visit) const;
  template <class Visitor>
  void ForEachMapping(const VirtRange& range, Visitor&& visit) const;

  // From now on the entries of `level` that `range` touches stay as they are: other tables may have
  // the same ones. Below the root's level they lie in one table, and the way there exists. Those
  // that are empty come to lead to tables, and no table goes, however empty; but within `complete`,
  // where nothing is mapped later, they stay empty. What would change such an entry returns
  // kUnsupported: a page below an empty one, part of a large page or all of it, and a page that
  // needs more of the entry above it than others do (P::Admit). Collapse() leaves it. All that
  // these entries translate is common, beyond the ends of `range` as well. Called once. Errors:
  // those of CheckRange, kUnsupported (several tables, or no way), kOutOfMemory.
  [[nodiscard]] base::Result<> ShareEntries(const VirtRange& range, unsigned level,
                                            const VirtRange& complete = {});

  // Takes the entries of what `owner` shares, below tables of its own where they lie below the
  // root. They stay the owner's: this table changes nothing there, and must end first. Its root
  // translates all of it; called once, before anything is mapped. Error: kOutOfMemory, which leaves
  // nothing but an empty table.
  [[nodiscard]] base::Result<> BorrowEntries(const PageTable& owner);

  // Another root of the same level, with more or fewer entries, for the same mappings; the old one
  // is to be freed when no processor uses it any more. Only where addresses are not sign-extended.
  // Errors: kAlreadyExists (something lies where the new root does not reach), kOutOfMemory.
  struct OldRoot {
    PhysAddr table;
    RootShape shape;
  };
  [[nodiscard]] base::Result<OldRoot> ResizeRoot(RootShape shape);
  void FreeRoot(const OldRoot& old);

  // Frees every table but borrowed ones, the root included. No processor may use the table any more
  // or remember anything of it, and nothing else may be called after.
  void Release();

  // kInvalidArgument (empty), kNotAligned (not whole pages), kOutOfRange (not translated, or
  // borrowed).
  [[nodiscard]] base::Result<> CheckRange(const VirtRange& range) const;

  // What ShareEntries() or BorrowEntries() made common, whole entries; empty for neither.
  [[nodiscard]] const VirtRange& common() const { return common_; }

  // kCorrupt when an entry is of a kind this policy does not make or grants what it would not, a
  // leaf is on a level this CPU does not have or below a table entry that lacks what it needs, a
  // table below the root is empty and not common, or a count of entries is wrong. O(tables).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  friend class UserPages<P, M>;    // user_pages.h
  friend class ThreadPages<P, M>;  // thread_pages.h

  using Entry = typename P::Entry;
  using Inherited = typename P::Inherited;

  // A table while a walk is in it.
  struct Table {
    Entry* entries;
    unsigned level;
    unsigned index_bits;
  };
  // Where a walk to an address ended: at the first entry that is not a table.
  struct Place {
    Entry* slot;
    unsigned level;
    Inherited above;
  };
  // Of entries side by side, both ends inclusive.
  struct Indices {
    uint64_t first;
    uint64_t last;

    [[nodiscard]] bool Contains(uint64_t index) const { return first <= index && index <= last; }
  };
  struct Removed {
    uint64_t entries = 0;
    bool any_leaf = false;  // else the hardware has seen none of them
  };
  // Tables of each level, for a change that needs several.
  using TableCounts = std::array<uint64_t, P::kLevelCount>;
  class Reserve;
  class PageRun;
  struct Leaves;
  struct Marks;

  static uint64_t EntryCount(const Table& table) { return base::Bit(table.index_bits); }
  static uint64_t RootBytes(RootShape shape) { return sizeof(Entry) << shape.index_bits; }
  static uint64_t PageBytes(unsigned level) { return base::Bit(P::Level(level).shift); }
  // How much one invalidation forgets of a page.
  static uint64_t ForgottenBytes(unsigned level) {
    return P::kForgetsPageAtOnce ? PageBytes(level) : kPageSize;
  }
  static Scope ScopeOf(Entry leaf, unsigned level) {
    return P::IsGlobal(leaf, level) ? Scope::kGlobal : Scope::kProcess;
  }
  // A leaf or table as the hardware must see it while it changes.
  static Entry Broken(Entry entry) { return entry & ~static_cast<Entry>(0b11); }

  // Entries are shared with the hardware's walker.
  static Entry Load(const Entry& entry) {
    return std::atomic_ref<Entry>(const_cast<Entry&>(entry)).load(std::memory_order_relaxed);
  }
  static void Store(Entry& entry, Entry value) {
    std::atomic_ref<Entry>(entry).store(value, std::memory_order_release);
  }
  // Replaces a leaf by `make(leaf)` without losing what the hardware notes meanwhile.
  template <class Make>
  static void Update(Entry& entry, Make&& make) {
    Entry old_value = Load(entry);
    if constexpr (P::kHardwareBits == 0) {
      Store(entry, make(old_value));
    } else {
      std::atomic_ref<Entry> shared(entry);
      while (!shared.compare_exchange_weak(old_value, make(old_value))) {
      }
    }
  }

  [[nodiscard]] unsigned address_bits() const {
    return P::Level(shape_.level).shift + shape_.index_bits;
  }
  [[nodiscard]] std::array<VirtRange, 2> parts() const {
    return page_table_internal::TranslatedParts(address_bits(), P::kExtension);
  }
  [[nodiscard]] bool IsTranslated(VirtAddr va) const {
    return page_table_internal::IsTranslated(va, address_bits(), P::kExtension);
  }
  [[nodiscard]] Table RootTable() const {
    return {static_cast<Entry*>(memory_->Pointer(root_)), shape_.level, shape_.index_bits};
  }
  [[nodiscard]] Table TableAt(PhysAddr pa, unsigned level) const {
    return {static_cast<Entry*>(memory_->Pointer(pa)), level, P::Level(level).index_bits};
  }
  [[nodiscard]] Table ChildOf(Entry entry, unsigned level) const {
    CHECK(P::KindOf(entry, level) == EntryKind::kTable);
    return TableAt(P::TargetOf(entry, level), level - 1);
  }
  static uint64_t IndexIn(const Table& table, VirtAddr va) {
    return page_table_internal::IndexOf(va, P::Level(table.level), table.index_bits);
  }
  static Entry& EntryFor(const Table& table, VirtAddr va) {
    return table.entries[IndexIn(table, va)];
  }
  [[nodiscard]] Place PlaceOf(VirtAddr va) const;
  [[nodiscard]] base::Result<PhysAddr> AllocateTable(unsigned level) {
    const LevelShape shape = P::Level(level);
    return memory_->AllocateTable(shape.table_bytes, shape.table_alignment);
  }
  void FreeTable(PhysAddr pa, unsigned level) {
    memory_->FreeTable(pa, P::Level(level).table_bytes);
  }

  // Calls `use(piece, entry)` for each entry of `table` that `range` touches, with what it touches
  // of it, until one returns false.
  template <class Use>
  static bool ForEachEntry(const Table& table, const VirtRange& range, Use&& use);
  // Likewise, for those that are in use.
  template <class Use>
  static bool ForEachUsedEntry(const Table& table, const VirtRange& range, Use&& use);
  // Calls `use(piece, entry, level, inherited)` for each leaf that `range` touches, likewise.
  template <class Use>
  bool ForEachLeaf(const Table& table, const VirtRange& range, Inherited above, Use&& use) const;

  // page_table_admit.h
  [[nodiscard]] bool IsAdmissible(const Table& table, const VirtRange& range,
                                  const PageAttributes& attributes) const;
  [[nodiscard]] bool MayAdmit(Entry table_entry, unsigned level, const VirtRange& piece,
                              const PageAttributes& attributes) const;
  static bool MaySplitFor(Entry leaf, unsigned level, const PageAttributes& attributes);
  void ReplaceInUse(Entry& slot, Entry table_entry, VirtAddr va);
  [[nodiscard]] bool HasWhatLeavesNeed(Entry table_entry, unsigned level) const;

  // page_table_fill.h
  template <class Filling>
  [[nodiscard]] base::Result<> Fill(const VirtRange& range, const Filling& filling);
  template <class Filling>
  bool CountTables(const Table& table, const VirtRange& range, const Filling& filling,
                   TableCounts& counts) const;
  template <class Filling>
  static void CountNewTables(unsigned level, const VirtRange& piece, const Filling& filling,
                             TableCounts& counts);
  template <class Filling>
  uint64_t FillIn(const Table& table, const VirtRange& range, const Filling& filling,
                  Reserve& reserve);
  Entry MakeFullTable(Entry old_entry, unsigned level, Reserve& reserve);

  // page_table_change.h
  Removed UnmapIn(const Table& table, const VirtRange& range, TlbBatch& batch);
  bool DropIfEmpty(Entry& slot, unsigned level, const VirtRange& piece, Removed below,
                   TlbBatch& batch);
  static bool IsEmptyAround(const Table& table, const VirtRange& range);
  void BreakLeaves(const VirtRange& range, const PageAttributes& attributes, TlbBatch& batch);
  void RewriteIn(const Table& table, const VirtRange& range, const PageAttributes& attributes,
                 Inherited above, PageRun& changed);
  void ReleaseIn(const Table& table);
  [[nodiscard]] bool IsUnmapped(const VirtRange& range) const;
  [[nodiscard]] bool IsFullyMapped(const VirtRange& range) const;

  // page_table_share.h
  // What a table entry lets through for every page of a process.
  static constexpr PageAttributes kUserPage{.user = Access::kReadExecute,
                                            .kernel = Access::kRead,
                                            .caching = Caching::kNormal,
                                            .scope = Scope::kProcess};
  [[nodiscard]] Table CommonTable() const;
  [[nodiscard]] std::optional<Indices> CommonIndices(const Table& table) const;
  static uint64_t CountUsed(std::span<const Entry> entries);
  void CountMoreBelow(VirtAddr va, unsigned level, uint64_t more)
    requires P::kCountsEntries;
  [[nodiscard]] bool LeadsToCommon(unsigned level, const VirtRange& piece) const;
  [[nodiscard]] bool KeepsCommonEntries(const VirtRange& range,
                                        const PageAttributes& attributes) const;
  [[nodiscard]] bool FillsCommonEntry(const VirtRange& range) const;

  // page_table_split.h
  [[nodiscard]] base::Result<> SplitEnds(const VirtRange& range, TlbBatch& batch);
  [[nodiscard]] base::Result<> ReserveSplit(VirtAddr boundary, Reserve& reserve) const;
  void SplitAt(VirtAddr boundary, Reserve& reserve, TlbBatch& batch);
  void SplitLeaf(Entry& slot, unsigned level, VirtAddr va, PhysAddr table_pa, TlbBatch& batch);
  Entry MakeParts(Entry leaf, unsigned level, PhysAddr table_pa);
  void CollapseIn(const Table& table, const VirtRange& range, TlbBatch& batch);
  [[nodiscard]] std::optional<Entry> WholeOf(Entry table_entry, unsigned level) const;
  void CollapseTable(Entry& slot, unsigned level, VirtAddr va, Entry leaf, TlbBatch& batch);
  static Entry HardwareNotes(const Table& table);

  [[nodiscard]] std::optional<uint64_t> CountSoundEntries(const Table& table) const;
  [[nodiscard]] bool IsSoundLeaf(Entry entry, unsigned level) const;

  RootShape shape_;
  PhysAddr root_;
  Features features_;
  M* memory_;
  VirtRange common_;
  unsigned common_level_ = 0;
  bool borrows_ = false;
};

}  // namespace mm

#include "kernel/mm/tables/page_table_admit.h"   // IWYU pragma: export
#include "kernel/mm/tables/page_table_change.h"  // IWYU pragma: export
#include "kernel/mm/tables/page_table_fill.h"    // IWYU pragma: export
#include "kernel/mm/tables/page_table_share.h"   // IWYU pragma: export
#include "kernel/mm/tables/page_table_split.h"   // IWYU pragma: export
#include "kernel/mm/tables/page_table_walk.h"    // IWYU pragma: export
