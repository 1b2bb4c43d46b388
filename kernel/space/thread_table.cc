#include "kernel/space/thread_table.h"

#include "kernel/mm/facts/paging_policy.h"

namespace kernel {

base::Result<> ThreadTable::Start() {
  mm::RootShape shape = process_.table().shape();
  for (const mm::VirtRange& range : own_ranges()) {
    if (range.IsEmpty()) continue;
    const mm::RootShape wanted = arch::ContextRoot(range.last());
    if (wanted.index_bits > shape.index_bits) shape = wanted;
  }
  return ThreadPages::Start(shape);
}

void ThreadTable::Activate() {
  mm::AsidRollover rollover = mm::AsidRollover::kNo;
  if constexpr (arch::kAsidBits > 0) {
    rollover = tables_.asids_.Renew(asid_);
    SetAsid(asid_.asid);
  }
  arch::ActivateContext(table().root(), table().shape(), asid_.asid, rollover);
}

void ThreadTable::OnNewRoot(mm::PhysAddr old_root) {
  if (arch::LiveRoots().begin()->table == old_root) Activate();
}

}  // namespace kernel
