// The memory management unit, as the kernel's page tables need it.
#pragma once

#include <array>

#include "arch/arm/facts/paging_policy.h"
#include "kernel/mm/address.h"
#include "kernel/mm/paging_policy.h"
#include "kernel/mm/tlb_work.h"

namespace arch {

using PagingPolicy = arm::PagingPolicy;

// What this processor's page tables can do.
PagingPolicy::Features PagingFeatures();

// The kernel's table is TTBR1's: always a whole one, of which TTBCR.N = 1 uses the upper half.
mm::RootShape KernelRoot();
mm::PhysAddr ReadKernelRoot();

// A table that the hardware walks now, and the addresses it translates through it.
struct LiveRoot {
  mm::PhysAddr table;
  mm::RootShape shape;
  mm::VirtAddr first;
  mm::VirtAddr last;
};

// All of them, read from the registers, ascending: TTBR0's and TTBR1's.
std::array<LiveRoot, 2> LiveRoots();

// Leaves the boot tables for the final ones, and with them everything mapped below 2 GiB: no
// process runs yet, and TTBR0 is left with a table in which all faults. Called once, at boot, with
// interrupts masked, after MapConsole(). Turns WXN on where the processor has it.
void ActivateKernelRoot(mm::PhysAddr root);

// Entries made where there were none are visible to the walker when this returns.
void PublishTables();

// No translation that `work` names, and that was cached before, is used after this returns.
void Invalidate(const mm::TlbWork& work);

}  // namespace arch
