// The page tables of this kernel: the portable ones with the architecture's entries and this
// kernel's memory.
#pragma once

#include "arch/ops/paging.h"
#include "kernel/mm/tables/page_table.h"
#include "kernel/space/table_frames.h"

namespace kernel {

using KernelTable = mm::PageTable<arch::PagingPolicy, TableFrames>;

}  // namespace kernel
