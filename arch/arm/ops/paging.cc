#include "arch/ops/paging.h"

#include <cstdint>

#include "arch/arm/facts/registers.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/arm/ops/id_registers.h"
#include "arch/ops/console.h"
#include "arch/ops/kernel_root.h"
#include "kernel/base/check.h"

extern "C" {
extern uint32_t boot_first_level[];

// In switch_root.S.
void ArmSwitchRoot(uint32_t ttbr, uint32_t ttbcr, uint32_t above, void* lent);
}

namespace arch {
namespace {

using arm::KernelTable;
using arm::kKernelSplit;

constexpr bool kAbove = kKernelSplit.table == KernelTable::kAbove;
constexpr bool kBelow = kKernelSplit.table == KernelTable::kBelow;

// Index bits that the kernel's own table lacks, as TTBCR.N takes them from TTBR0's.
constexpr unsigned kShortBy = kBelow ? kKernelSplit.n : 0;

constexpr unsigned kMostSplit = arm::ttbcr::kSplitMask;

constexpr mm::VirtAddr kLastAddress{0xFFFF'FFFF};

// Before ActivateKernelRoot() the boot's table is whole.
uint32_t Split() { return arm::ReadTtbcr() & arm::ttbcr::kSplitMask; }

// TTBR1 is not walked where the kernel lies below: nothing lies above.
void SetSplit(uint32_t n) {
  arm::WriteTtbcr(n | (kBelow ? arm::ttbcr::kDisable1 : 0));
  arm::InstructionBarrier();
}

// The boot's first table, in which all faults after ActivateKernelRoot().
constinit mm::PhysAddr empty_table{};

uint32_t WalkAttributes() { return arm::ReadTtbr0() & ~arm::ttbr::RootMask(kMostSplit); }

void InvalidateStretch(const mm::TlbStretch& stretch, mm::Asid asid) {
  for (uint64_t at = 0; at < stretch.range.size_bytes; at += stretch.page_bytes) {
    const auto va = static_cast<uint32_t>(stretch.range.base.value + at);
    if (asid == mm::kEveryAsid) {
      arm::InvalidateTlbPage(va);
    } else {
      arm::InvalidateTlbPageOf(va, asid.value);
    }
  }
}

}  // namespace

PagingPolicy::Features PagingFeatures() { return {}; }

mm::RootShape KernelRoot() { return PagingPolicy::Root(kShortBy); }

LiveRootList LiveRoots() {
  const uint32_t n = Split();
  return RootsOf(mm::PhysAddr{arm::ReadTtbr0() & arm::ttbr::RootMask(n)}, PagingPolicy::Root(n));
}

LiveRootList RootsOf(mm::PhysAddr root, mm::RootShape shape) {
  const uint32_t n = PagingPolicy::SplitOf(shape);
  LiveRoot below{root, shape, mm::VirtAddr{0}, kLastAddress};
  if (n == 0) return {{below}, 1};
  const mm::VirtAddr border{uint64_t{1} << (32 - n)};
  below.last = border - 1;
  const mm::PhysAddr high{arm::ReadTtbr1() & arm::ttbr::RootMask(0)};
  return {{below, LiveRoot{high, PagingPolicy::Root(0), border, kLastAddress}}, 2};
}

void ActivateKernelRoot(mm::PhysAddr root) {
  CHECK((root.value & ~uint64_t{arm::ttbr::RootMask(kShortBy)}) == 0);
  const uint32_t boot_table = arm::ReadTtbr0() & arm::ttbr::RootMask(0);
  PublishTables();
  // The direct map shows both tables, as far apart as they are.
  char* const shown =
      reinterpret_cast<char*>(boot_first_level) + (static_cast<uint32_t>(root.value) - boot_table);
  empty_table = mm::PhysAddr{boot_table};
  ArmSwitchRoot(static_cast<uint32_t>(root.value) | WalkAttributes(), kKernelSplit.n,
                kAbove ? 1 : 0, kKernelSplit.table == KernelTable::kShared ? shown : nullptr);
  SetSplit(kKernelSplit.n);
  arm::MoveConsole();
  // WXN came with the virtualization extensions (ARM DDI 0406C B3.7.2).
  if (arm::HasVirtualization()) {
    arm::WriteSctlr(arm::ReadSctlr() | arm::sctlr::kWriteImpliesExecuteNever |
                    arm::sctlr::kUserWriteImpliesExecuteNever);
    arm::InstructionBarrier();
    Invalidate({.reach = mm::TlbReach::kEverything});  // TLBs may hold WXN (B3.10.2)
  }
}

mm::RootShape ContextRoot(mm::VirtAddr last) {
  if constexpr (!kBelow) return PagingPolicy::Root(kKernelSplit.n);
  unsigned n = kKernelSplit.n;
  while (n > 0 && last.value >> (32 - n) != 0) --n;
  return PagingPolicy::Root(n);
}

bool ContextReaches(mm::VirtAddr) { return !kAbove; }

// Between two contexts the processor may walk either table and remember what it finds under the tag
// that is in force: a reserved one, so that nobody meets that later (ARM DDI 0406C B3.10.4). The
// tag changes with the table, which spares the branch predictor.
void ActivateContext(mm::PhysAddr root, mm::RootShape shape, mm::Asid asid,
                     mm::AsidRollover rollover) {
  const uint32_t n = PagingPolicy::SplitOf(shape);
  const uint32_t ttbr = static_cast<uint32_t>(root.value) | WalkAttributes();
  PublishTables();
  arm::WriteContextId(mm::kNoAsid.value);
  arm::InstructionBarrier();
  if (rollover == mm::AsidRollover::kYes) Invalidate({.reach = mm::TlbReach::kEverything});
  // The kernel's entries come first in every root, and roots are aligned to their size: with the
  // smaller of the two sizes in force, either table translates the kernel's addresses.
  const uint32_t old_n = Split();
  if (n > old_n) SetSplit(n);
  arm::WriteTtbr0(ttbr);
  arm::InstructionBarrier();
  if (n < old_n) SetSplit(n);
  arm::WriteContextId(asid.value);
  arm::InstructionBarrier();
}

void LeaveContext(mm::PhysAddr kernel_root) {
  const bool has_own = kAbove;
  ActivateContext(has_own ? empty_table : kernel_root,
                  has_own ? PagingPolicy::Root(kKernelSplit.n) : KernelRoot(), mm::kNoAsid,
                  mm::AsidRollover::kNo);
  // What was walked between contexts: the kernel alone reaches no page of theirs.
  Invalidate({.reach = mm::TlbReach::kAddressSpace, .asid = mm::kNoAsid});
}

// In the order of InvalidatePage().
void Invalidate(const mm::TlbWork& work) {
  if (work.reach == mm::TlbReach::kNothing) return;
  arm::DataBarrier();
  switch (work.reach) {
    case mm::TlbReach::kNothing:
      break;
    case mm::TlbReach::kPages:
      for (const mm::TlbStretch& stretch : work.stretches) InvalidateStretch(stretch, work.asid);
      break;
    case mm::TlbReach::kAddressSpace:
      arm::InvalidateTlbAsid(work.asid.value);
      break;
    case mm::TlbReach::kEverything:
      arm::InvalidateTlb();
      break;
  }
  arm::InvalidateBranchPredictor();
  arm::DataBarrier();
  arm::InstructionBarrier();
}

}  // namespace arch
