// Where a page table's tables live and how the hardware learns of changes. The kernel, the boot
// code and each test bring their own.
#pragma once

#include <concepts>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/tlb_work.h"

namespace mm {

// - AllocateTable(bytes, alignment): zeroed memory, or kOutOfMemory. Tables smaller than a page
//   (ARM's second level is 1 KiB) are packed as the implementation likes.
// - FreeTable(pa, bytes): takes back what AllocateTable gave for the same `bytes`.
// - FreeZeroedTable(pa, bytes): the same of a table that holds nothing but zeroes, which spares
//   somebody the clearing.
// - Pointer(pa): where the table can be read and written.
// - Publish(range): entries for `range` were added where there were none; the walker must see them.
// - Invalidate(work): entries were changed or removed; when it returns, no translation that `work`
//   names is used from a cache, nor a pointer to a table that was followed for it.
// - InvalidatePage(page, asid), if there is one: the same for one page, global or of `asid`, in
//   fewer steps.
template <class M>
concept TableMemory =
    requires(M& memory, PhysAddr pa, uint64_t bytes, const VirtRange& range, const TlbWork& work) {
      { memory.AllocateTable(bytes, bytes) } -> std::same_as<base::Result<PhysAddr>>;
      { memory.FreeTable(pa, bytes) } -> std::same_as<void>;
      { memory.FreeZeroedTable(pa, bytes) } -> std::same_as<void>;
      { memory.Pointer(pa) } -> std::same_as<void*>;
      { memory.Publish(range) } -> std::same_as<void>;
      { memory.Invalidate(work) } -> std::same_as<void>;
    };

}  // namespace mm
