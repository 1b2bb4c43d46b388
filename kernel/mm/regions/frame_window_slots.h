// The windows' slots in a page table.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/regions/frame_window.h"
#include "kernel/mm/tables/asid_allocator.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/mm/tables/table_memory.h"
#include "kernel/mm/tables/tlb_work.h"

namespace mm {

// A window is opened by one store into its slot's entry, which only the slot's processor writes:
// nothing is locked, walked or allocated.
template <PagingPolicy P, TableMemory M>
class FrameWindowSlots final : public FrameWindows {
 public:
  // All slots, an anchor before the first and one behind the last.
  static constexpr PageCount kPages{kSlots + 2};

  // All of them outlive this.
  FrameWindowSlots(PageTable<P, M>& table, M& table_memory, const FrameTable& frames)
      : FrameWindows(frames), table_(table), table_memory_(table_memory) {}

  // Called once, before all else. The slots take the first kPages of `range`, which maps nothing
  // and is nobody else's; they lie in at most two tables of the last level. `anchor` is a frame of
  // the caller's, mapped at both ends for good: so the tables for the slots exist and stay. Errors:
  // what PageTable::Map says; nothing is mapped then.
  [[nodiscard]] base::Result<> Start(const VirtRange& range, FrameNumber anchor) {
    CHECK(range.size_bytes >= kPages.bytes());
    base_ = range.base;
    TRY(table_.Map(FirstAnchor(), BaseOf(anchor), kAttributes));
    const base::Result<> mapped = table_.Map(LastAnchor(), BaseOf(anchor), kAttributes);
    if (!mapped) {
      Unmap(FirstAnchor());
      return mapped;
    }
    for (unsigned slot = 0; slot < kSlots; ++slot) {
      entries_[slot] = table_.FindPageEntry(PageOf(slot).base);
      CHECK(entries_[slot] != nullptr);
    }
    return {};
  }

  // No window is open, and none is opened any more.
  void Stop() {
    CHECK(open_slots() == 0);
    Unmap(FirstAnchor());
    Unmap(LastAnchor());
  }

 private:
  using Entry = typename P::Entry;

  static constexpr PageAttributes kAttributes = {.user = Access::kNone,
                                                 .kernel = Access::kReadWrite,
                                                 .caching = Caching::kNormal,
                                                 .scope = Scope::kGlobal};

  [[nodiscard]] VirtRange FirstAnchor() const { return {base_, kPageSize}; }
  [[nodiscard]] VirtRange LastAnchor() const {
    return {base_ + (kPages - PageCount{1}), kPageSize};
  }
  [[nodiscard]] VirtRange PageOf(unsigned slot) const {
    return {base_ + PageCount{slot + 1}, kPageSize};
  }

  static void Store(Entry& entry, Entry value) {
    std::atomic_ref<Entry>(entry).store(value, std::memory_order_release);
  }

  void* MapSlot(unsigned slot, FrameNumber frame) override {
    Store(*entries_[slot], P::MakeLeaf(BaseOf(frame), *P::Granted(kAttributes), 0));
    const VirtRange page = PageOf(slot);
    table_memory_.Publish(page);
    return PointerTo(page.base);
  }

  void UnmapSlot(unsigned slot) override {
    Store(*entries_[slot], 0);
    const TlbStretch page{PageOf(slot), kPageSize};
    if constexpr (requires { table_memory_.InvalidatePage(page.range.base, kNoAsid); }) {
      table_memory_.InvalidatePage(page.range.base, kNoAsid);  // it is global
    } else {
      table_memory_.Invalidate({TlbReach::kPages, kEveryAsid, {&page, 1}});
    }
  }

  void Unmap(const VirtRange& page) { CHECK(table_.Unmap(page).has_value()); }

  PageTable<P, M>& table_;
  M& table_memory_;
  VirtAddr base_;
  std::array<Entry*, kSlots> entries_{};
};

}  // namespace mm
