#include "arch/ops/paging.h"

#include <cstdint>

#include "arch/arm/facts/registers.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/arm/ops/id_registers.h"
#include "arch/ops/console.h"
#include "kernel/base/check.h"

// In switch_root.S.
extern "C" void ArmSwitchRoot(uint32_t ttbr, uint32_t n);

namespace arch {
namespace {

constexpr uint32_t kWholeRootMask = arm::ttbr::RootMask(0);
constexpr uint32_t kLastAddress = 0xFFFF'FFFF;

// TTBCR.N, which start.S takes from the layout. 0: one table serves every address.
uint32_t Split() { return arm::ReadTtbcr() & arm::ttbcr::kSplitMask; }

// The register with the kernel's table, and the walk's attributes beside the address.
uint32_t ReadKernelTtbr() { return Split() == 0 ? arm::ReadTtbr0() : arm::ReadTtbr1(); }

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

mm::RootShape KernelRoot() { return PagingPolicy::Root(0); }

mm::PhysAddr ReadKernelRoot() { return mm::PhysAddr{ReadKernelTtbr() & kWholeRootMask}; }

LiveRootList LiveRoots() {
  const uint32_t n = Split();
  LiveRoot kernel{ReadKernelRoot(), KernelRoot(), mm::VirtAddr{0}, mm::VirtAddr{kLastAddress}};
  if (n == 0) return {{kernel}, 1};
  kernel.first = mm::VirtAddr{uint64_t{1} << (32 - n)};
  const mm::PhysAddr below{arm::ReadTtbr0() & arm::ttbr::RootMask(n)};
  return {{LiveRoot{below, PagingPolicy::Root(n), mm::VirtAddr{0}, kernel.first - 1}, kernel}, 2};
}

void ActivateKernelRoot(mm::PhysAddr root) {
  CHECK((root.value & ~uint64_t{kWholeRootMask}) == 0);
  const uint32_t walk_attributes = ReadKernelTtbr() & ~kWholeRootMask;
  PublishTables();
  ArmSwitchRoot(static_cast<uint32_t>(root.value) | walk_attributes, Split());
  arm::MoveConsole();
  // WXN came with the virtualization extensions (ARM DDI 0406C B3.7.2).
  if (arm::HasVirtualization()) {
    arm::WriteSctlr(arm::ReadSctlr() | arm::sctlr::kWriteImpliesExecuteNever |
                    arm::sctlr::kUserWriteImpliesExecuteNever);
    arm::InstructionBarrier();
    Invalidate({.reach = mm::TlbReach::kEverything});  // TLBs may hold WXN (B3.10.2)
  }
}

void PublishTables() {
  // The walker reads through the data cache (MissingCpuFeature() has asked): no cleaning.
  arm::DataBarrier();
  arm::InstructionBarrier();
}

// Changed entries first, then the TLB, then what was predicted with it; and nothing after may be
// done early (ARM DDI 0406C B3.10.1, B3.10.2).
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
