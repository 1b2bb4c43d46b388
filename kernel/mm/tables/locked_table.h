// A page table for owners of addresses who forget translations later than they unmap, or who are
// several: each one's entries are its own, but the tables that lead there are not.
#pragma once

#include <optional>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/tables/tlb_batch.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

// `Table` is a PageTable<...> whose tables lie in a `Memory`. Its functions, one at a time.
template <class Table, class Memory>
class LockedTable {
 public:
  // Both outlive this. Who changes `table` in another way does so while nobody uses this.
  LockedTable(Table& table, Memory& memory) : table_(table), memory_(memory) {}

  [[nodiscard]] base::Result<> Map(const VirtRange& range, PhysAddr target,
                                   const PageAttributes& attributes) {
    const locking::SpinLockHolder holder(lock_);
    return table_.Map(range, target, attributes);
  }
  // Flushes the batch if a table became empty. Before long a page is mapped beside `range`, below a
  // table in that one's place, and a processor that remembers the way to the old one would not find
  // it (Intel SDM vol. 3A 4.10.3).
  [[nodiscard]] base::Result<> Unmap(const VirtRange& range, TlbBatch& batch) {
    const locking::SpinLockHolder holder(lock_);
    TRY(table_.Unmap(range, batch));
    if (batch.retired_tables() > 0) batch.Flush(memory_);
    return {};
  }
  [[nodiscard]] std::optional<PhysAddr> Translate(VirtAddr va) const {
    const locking::SpinLockHolder holder(lock_);
    return table_.Translate(va);
  }

 private:
  mutable locking::SpinLock lock_;
  Table& table_ GUARDED_BY(lock_);
  Memory& memory_ GUARDED_BY(lock_);
};

}  // namespace mm
