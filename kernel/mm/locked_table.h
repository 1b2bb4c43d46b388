// A page table that several owners of addresses change: each one's entries are its own, but the
// tables that lead there are not.
#pragma once

#include <optional>

#include "kernel/base/result.h"
#include "kernel/mm/address.h"
#include "kernel/mm/attributes.h"
#include "kernel/mm/range.h"
#include "kernel/mm/tlb_batch.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

// `Table` is a PageTable<...>. Its functions, one at a time.
template <class Table>
class LockedTable {
 public:
  // `table` outlives this. Who changes it in another way does so while nobody uses this.
  explicit LockedTable(Table& table) : table_(table) {}

  [[nodiscard]] base::Result<> Map(const VirtRange& range, PhysAddr target,
                                   const PageAttributes& attributes) {
    const locking::SpinLockHolder holder(lock_);
    return table_.Map(range, target, attributes);
  }
  [[nodiscard]] base::Result<> Unmap(const VirtRange& range, TlbBatch& batch) {
    const locking::SpinLockHolder holder(lock_);
    return table_.Unmap(range, batch);
  }
  [[nodiscard]] std::optional<PhysAddr> Translate(VirtAddr va) const {
    const locking::SpinLockHolder holder(lock_);
    return table_.Translate(va);
  }

 private:
  mutable locking::SpinLock lock_;
  Table& table_ GUARDED_BY(lock_);
};

}  // namespace mm
