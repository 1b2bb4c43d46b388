// The page table of a native thread in this kernel: its process's, but for what is the thread's
// own, with a tag in the TLB of its own.
#pragma once

#include "arch/ops/paging.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/thread_memory.h"
#include "kernel/mm/tables/asid_allocator.h"
#include "kernel/mm/tables/thread_pages.h"
#include "kernel/space/table_frames.h"
#include "kernel/space/user_table.h"

namespace kernel {

class ThreadTable final : public mm::ThreadPages<arch::PagingPolicy, TableFrames> {
 public:
  // `process` outlives this.
  ThreadTable(UserTable& process, const mm::ThreadRanges& own)
      : ThreadPages(process.pages_, own), tables_(*process.tables_), process_(process) {}

  // See ThreadPages::Start(). Error: kOutOfMemory.
  [[nodiscard]] base::Result<> Start();

  // Switches the processor to this table.
  void Activate();

 private:
  void OnNewRoot(mm::PhysAddr old_root) override;

  UserTables& tables_;
  UserTable& process_;
  mm::SpaceAsid asid_;
};

using ThreadMemory = mm::ThreadMemory<ThreadTable>;

}  // namespace kernel
