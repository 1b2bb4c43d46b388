// Page tables of any architecture: a radix tree walked by the shapes and entries of its policy.
//
// A table owns the tables below its root and nothing that they map. Ranges are whole pages; every
// operation either does all of its work or changes nothing (a large page that was split stays split
// only if the operation succeeded). No table below the root is ever empty.
//
// Not locked: whoever owns the table orders the calls. The hardware may walk it at any time.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <optional>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/address.h"
#include "kernel/mm/attributes.h"
#include "kernel/mm/mapping.h"
#include "kernel/mm/page_table_range.h"
#include "kernel/mm/paging_policy.h"
#include "kernel/mm/range.h"
#include "kernel/mm/table_memory.h"

namespace mm {

template <PagingPolicy P, TableMemory M>
class PageTable {
 public:
  using Features = typename P::Features;

  // Adopts a root table that CheckInvariants() accepts, and all tables below it. `memory` must
  // outlive this.
  PageTable(RootShape shape, PhysAddr root, Features features, M& memory)
      : shape_(shape), root_(root), features_(features), memory_(&memory) {}

  // With a root that maps nothing. Error: kOutOfMemory.
  [[nodiscard]] static base::Result<PageTable> Create(RootShape shape, Features features,
                                                      M& memory) {
    const uint64_t bytes = RootBytes(shape);
    return PageTable(shape, TRY(memory.AllocateTable(bytes, bytes)), features, memory);
  }

  [[nodiscard]] PhysAddr root() const { return root_; }
  [[nodiscard]] RootShape shape() const { return shape_; }

  // Maps `range` to memory from `target` on, with the largest pages that fit. Errors: those of
  // CheckRange, kUnsupported (no entry grants exactly these attributes, see P::Granted),
  // kAlreadyExists (some of the range is mapped), kOutOfMemory.
  [[nodiscard]] base::Result<> Map(const VirtRange& range, PhysAddr target,
                                   const PageAttributes& attributes);

  // Unmaps what is mapped in `range`, splits large pages at its ends, frees the tables it empties.
  // Errors: those of CheckRange, kOutOfMemory (only when a large page has to be split).
  [[nodiscard]] base::Result<> Unmap(const VirtRange& range);

  // Gives `range` other attributes. Errors: those of CheckRange, kUnsupported, kNotFound (some of
  // the range is not mapped), kOutOfMemory (only when a large page has to be split).
  [[nodiscard]] base::Result<> Protect(const VirtRange& range, const PageAttributes& attributes);

  // The whole page, small or large, that holds `va`.
  [[nodiscard]] std::optional<Mapping> Query(VirtAddr va) const;

  // Where `va` leads.
  [[nodiscard]] std::optional<PhysAddr> Translate(VirtAddr va) const;

  // Calls `visit(const Mapping&)` for all that is mapped, in ascending order. Neighbouring pages of
  // one size that show neighbouring memory alike come as one mapping.
  template <class Visitor>
  void ForEachMapping(Visitor&& visit) const;

  // Unmaps everything and frees every table, the root included. No processor may use the table any
  // more, and nothing else may be called after.
  void Release();

  // kInvalidArgument (empty), kNotAligned (not whole pages), kOutOfRange (not translated).
  [[nodiscard]] base::Result<> CheckRange(const VirtRange& range) const;

  // kCorrupt when an entry is of a kind this policy does not make or grants what it would not, a
  // leaf is on a level this CPU does not have, or a table below the root is empty. O(tables).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  using Entry = typename P::Entry;
  using Inherited = typename P::Inherited;

  // A table while a walk is in it.
  struct Table {
    Entry* entries;
    unsigned level;
    unsigned index_bits;
  };

  // Tables held ready, so that a change that needs several cannot stop half way.
  struct SpareTables;

  static uint64_t EntryCount(const Table& table) { return base::Bit(table.index_bits); }
  static uint64_t RootBytes(RootShape shape) { return sizeof(Entry) << shape.index_bits; }
  static bool IsNone(Entry entry, unsigned level) {
    return P::KindOf(entry, level) == EntryKind::kNone;
  }

  // Entries are shared with the hardware's walker.
  static Entry Load(const Entry& entry) {
    return std::atomic_ref<Entry>(const_cast<Entry&>(entry)).load(std::memory_order_relaxed);
  }
  static void Store(Entry& entry, Entry value) {
    std::atomic_ref<Entry>(entry).store(value, std::memory_order_release);
  }

  [[nodiscard]] unsigned address_bits() const {
    return P::Level(shape_.level).shift + shape_.index_bits;
  }
  [[nodiscard]] std::array<VirtRange, 2> parts() const {
    return page_table_internal::TranslatedParts(address_bits(), P::kExtension);
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
  static Entry& EntryFor(const Table& table, VirtAddr va) {
    return table.entries[page_table_internal::IndexOf(va, P::Level(table.level), table.index_bits)];
  }
  static bool IsEmpty(const Table& table) {
    for (uint64_t i = 0; i < EntryCount(table); ++i) {
      if (!IsNone(Load(table.entries[i]), table.level)) return false;
    }
    return true;
  }
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
  // Calls `use(piece, entry, level, inherited)` for each leaf that `range` touches, likewise.
  template <class Use>
  bool ForEachLeaf(const Table& table, const VirtRange& range, Inherited above, Use&& use) const;

  [[nodiscard]] base::Result<> MapIn(const Table& table, const VirtRange& range, PhysAddr target,
                                     const PageAttributes& attributes);
  void UnmapIn(const Table& table, const VirtRange& range);
  void AdmitIn(const Table& table, const VirtRange& range, const PageAttributes& attributes);
  [[nodiscard]] bool IsUnmapped(const VirtRange& range) const;
  [[nodiscard]] bool IsFullyMapped(const VirtRange& range) const;

  [[nodiscard]] base::Result<> SplitEnds(const VirtRange& range);
  [[nodiscard]] base::Result<> ReserveSplit(VirtAddr boundary, SpareTables& spares);
  void SplitAt(VirtAddr boundary, SpareTables& spares);
  void SplitLeaf(Entry& slot, unsigned level, VirtAddr va, PhysAddr table_pa);

  [[nodiscard]] bool IsSound(const Table& table) const;

  RootShape shape_;
  PhysAddr root_;
  Features features_;
  M* memory_;
};

}  // namespace mm

#include "kernel/mm/page_table_change.h"  // IWYU pragma: export
#include "kernel/mm/page_table_split.h"   // IWYU pragma: export
#include "kernel/mm/page_table_walk.h"    // IWYU pragma: export
