// The memory management unit, as the kernel's page tables need it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/arm/facts/paging_policy.h"
#include "arch/arm/ops/coprocessor.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/paging_policy.h"
#include "kernel/mm/tables/asid_allocator.h"
#include "kernel/mm/tables/tlb_work.h"

namespace arch {

using PagingPolicy = arm::PagingPolicy;

// Of a tag for the translations of a context, with short descriptors (B3.10.3).
inline constexpr unsigned kAsidBits = 8;

// What this processor's page tables can do.
PagingPolicy::Features PagingFeatures();

// The kernel's own table, see kernel_root.h.
mm::RootShape KernelRoot();

// A table that the hardware walks now, and the addresses it translates through it.
struct LiveRoot {
  mm::PhysAddr table;
  mm::RootShape shape;
  mm::VirtAddr first;
  mm::VirtAddr last;
};

class LiveRootList {
 public:
  LiveRootList(const std::array<LiveRoot, 2>& roots, size_t count) : roots_(roots), count_(count) {}

  const LiveRoot* begin() const { return roots_.data(); }
  const LiveRoot* end() const { return roots_.data() + count_; }

 private:
  std::array<LiveRoot, 2> roots_;
  size_t count_;
};

// All of them, read from the registers, ascending: TTBR0's, and with a split TTBR1's, empty where
// nothing lies above the kernel.
LiveRootList LiveRoots();

// What they would be, if this context were active.
LiveRootList RootsOf(mm::PhysAddr root, mm::RootShape shape);

// Leaves the boot tables for the final ones, and with them the identity mapping and the early
// serial port. `root` has no entries where the image lies physically. No process runs yet: the
// register that does not hold the kernel's table is left with one in which all faults. Called once,
// at boot, with interrupts masked, after MapConsole(). Turns WXN on where the processor has it.
void ActivateKernelRoot(mm::PhysAddr root);

// The root of a context that maps nothing beyond `last`: the smallest that reaches it, where the
// kernel lies below, else always the same.
mm::RootShape ContextRoot(mm::VirtAddr last);

// Whether a context's table translates `va`, or the kernel's own does.
bool ContextReaches(mm::VirtAddr va);

// Switches to a context, whose table has the kernel's entries as far as it reaches them; also to
// another root of the same one. What is remembered of others stays, and is theirs by its tag; with
// a rollover all is forgotten.
void ActivateContext(mm::PhysAddr root, mm::RootShape shape, mm::Asid asid,
                     mm::AsidRollover rollover);

// Back to the kernel alone. What is remembered of contexts stays.
void LeaveContext(mm::PhysAddr kernel_root);

// Entries made where there were none are visible to the walker when this returns. The walker reads
// through the data cache (MissingCpuFeature() has asked): no cleaning.
inline void PublishTables() {
  arm::DataBarrier();
  arm::InstructionBarrier();
}

// No translation that `work` names, and that was cached before, is used after this returns.
void Invalidate(const mm::TlbWork& work);

// The same for one page of a context's, which is what a page fault asks for. The changed entry
// first, then the TLB, then what was predicted with it; and nothing after may be done early
// (ARM DDI 0406C B3.10.1, B3.10.2).
inline void InvalidatePage(mm::VirtAddr page, mm::Asid asid) {
  arm::DataBarrier();
  if (asid == mm::kEveryAsid) [[unlikely]] {
    arm::InvalidateTlbPage(static_cast<uint32_t>(page.value));
  } else {
    arm::InvalidateTlbPageOf(static_cast<uint32_t>(page.value), asid.value);
  }
  arm::InvalidateBranchPredictor();
  arm::DataBarrier();
  arm::InstructionBarrier();
}

}  // namespace arch
