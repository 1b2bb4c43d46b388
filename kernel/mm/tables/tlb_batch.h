// TLB work gathered over any number of changes to page tables and done at once: page by page while
// that is cheap, else for the whole address space or for everything.
//
//   TlbBatch batch(asid);
//   TRY(table.Unmap(first, batch));
//   TRY(table.Unmap(second, batch));
//   batch.Flush(memory);        // one round of invalidation; then tables that became empty are
//   freed
//   // only now may the unmapped frames and addresses serve for something else
//
// A lazy user (vmalloc) keeps a batch as a member: each vfree unmaps into it and parks its range,
// and when the parked ranges are many, or addresses run short, one Flush() frees them all for
// reuse. The pages are unmapped at once; until the flush a processor may still translate them from
// its TLB, so neither the addresses nor the frames may be given away before. Frames that must
// return at once need a Flush() at once. Gathering never fails and takes no memory: a batch is a
// few hundred bytes, and emptied tables wait in a list threaded through themselves.
//
// Flushing more or earlier than needed is always correct; operations that break before they make
// (see PageTable::Collapse) flush the batch they are given.
//
// Not locked: its owner orders the calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/tlb_work.h"

namespace mm {

class TlbBatch {
 public:
  // Beyond this, forgetting everything costs less than what it takes to forget each page: the
  // number that Linux settled on for x86 (tlb_single_page_flush_ceiling in arch/x86/mm/tlb.c).
  static constexpr uint64_t kMaxPages = 33;
  static constexpr size_t kMaxStretches = 8;

  // For the tables of one address space; without an ASID for tables that all of them share (the
  // kernel's), or when it is not known under which ASIDs the pages were used.
  explicit TlbBatch(Asid asid = kEveryAsid) : asid_(asid) {}

  TlbBatch(TlbBatch&& other) noexcept : TlbBatch(other.asid_) { *this = std::move(other); }
  TlbBatch& operator=(TlbBatch&& other) noexcept;
  // Work that is dropped is a stale translation: flush first.
  ~TlbBatch() { CHECK(IsEmpty()); }

  [[nodiscard]] bool IsEmpty() const { return reach_ == TlbReach::kNothing && retired_count_ == 0; }
  [[nodiscard]] Asid asid() const { return asid_; }
  // Tables that wait for the flush.
  [[nodiscard]] uint64_t retired_tables() const { return retired_count_; }

  // Valid until the batch changes.
  [[nodiscard]] TlbWork work() const {
    const bool by_page = reach_ == TlbReach::kPages;
    return {reach_, asid_,
            by_page ? std::span(stretches_).first(stretch_count_) : std::span<const TlbStretch>{}};
  }

  // Entries for the pages of `range`, each of `page_bytes`, were changed or removed. O(1).
  void AddPages(const VirtRange& range, uint64_t page_bytes, Scope scope);

  // A table that no entry leads to any more, to be freed by Flush(). It holds nothing but absent
  // entries; some of what it translated has been added. Its first bytes are overwritten.
  void AddTable(PhysAddr pa, uint64_t bytes, void* table_ptr);

  // Invalidates, then frees the tables. Leaves the batch empty. `memory` is the one whose tables
  // were changed (see table_memory.h).
  template <class Memory>
  void Flush(Memory& memory) {
    if (reach_ != TlbReach::kNothing) memory.Invalidate(work());
    reach_ = TlbReach::kNothing;
    stretch_count_ = 0;
    page_count_ = 0;
    holds_global_ = false;
    while (retired_count_ > 0) {
      const PhysAddr pa = retired_;
      RetiredTable link;
      std::memcpy(&link, memory.Pointer(pa), sizeof(link));
      retired_ = PhysAddr{link.next};
      --retired_count_;
      memory.FreeTable(pa, link.bytes);
    }
  }

 private:
  // The start of a retired table. The hardware may read it until the flush: addresses and sizes of
  // tables are multiples of four, and entries with two low bits clear are absent in every format.
  struct RetiredTable {
    uint64_t next;
    uint64_t bytes;
  };

  [[nodiscard]] bool Extend(const VirtRange& range, uint64_t page_bytes);
  void Widen();

  Asid asid_;
  TlbReach reach_ = TlbReach::kNothing;
  bool holds_global_ = false;
  uint32_t stretch_count_ = 0;
  uint64_t page_count_ = 0;
  uint64_t retired_count_ = 0;
  PhysAddr retired_;
  std::array<TlbStretch, kMaxStretches> stretches_;
};

}  // namespace mm
