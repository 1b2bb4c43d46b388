// The processor's side of the page tables.
#pragma once

#include <array>

#include "arch/x86_64/facts/paging_policy.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/tables/asid_allocator.h"
#include "kernel/mm/tables/tlb_work.h"

namespace arch {

using PagingPolicy = arch::x86_64::PagingPolicy;

// Of a tag for the translations of a context: PCIDs are not used.
inline constexpr unsigned kAsidBits = 0;

// What this processor's entries may hold.
PagingPolicy::Features PagingFeatures();

// Five levels if start.S turned them on, else four.
mm::RootShape KernelRoot();

// A table that the hardware walks now, and the addresses it translates through it.
struct LiveRoot {
  mm::PhysAddr table;
  mm::RootShape shape;
  mm::VirtAddr first;
  mm::VirtAddr last;
};

// All of them, read from the registers: CR3's, for every address.
std::array<LiveRoot, 1> LiveRoots();

// What they would be, if this context were active.
std::array<LiveRoot, 1> RootsOf(mm::PhysAddr root, mm::RootShape shape);

// Switches to `root` and forgets every translation of the tables before, global ones included. The
// running code, its stack and its data must be mapped alike in both. From the first call on,
// start.S's tables and their identity mapping are gone.
void ActivateKernelRoot(mm::PhysAddr root);

// The root of a context: always as deep as the kernel's.
inline mm::RootShape ContextRoot(mm::VirtAddr) { return KernelRoot(); }

// Whether a context's table translates `va`: it translates all that there is.
inline bool ContextReaches(mm::VirtAddr) { return true; }

// Switches to a context, whose table has the kernel's entries. Nothing of the context before is
// remembered; there are no tags.
void ActivateContext(mm::PhysAddr root, mm::RootShape shape, mm::Asid asid,
                     mm::AsidRollover rollover);

// Back to the kernel alone.
inline void LeaveContext(mm::PhysAddr kernel_root) {
  ActivateContext(kernel_root, KernelRoot(), mm::kNoAsid, mm::AsidRollover::kNo);
}

// Entries made where there were none are seen when this returns. The processor remembers no absent
// entries and reads tables through its caches (SDM vol. 3A 4.10.2.3), so only the compiler is told.
inline void PublishTables() { asm volatile("" : : : "memory"); }

// Makes this processor forget what `work` names, after entries changed. Without PCIDs, which the
// kernel does not use, it remembers nothing of address spaces but the one it is in.
void Invalidate(const mm::TlbWork& work);

// The same for one page, whatever its size, which is what a page fault asks for: with all pointers
// to tables.
inline void InvalidatePage(mm::VirtAddr page, mm::Asid) {
  asm volatile("invlpg (%0)" : : "r"(page.value) : "memory");
}

}  // namespace arch
