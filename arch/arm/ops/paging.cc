#include "arch/ops/paging.h"

#include <cstdint>

#include "arch/arm/facts/registers.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/arm/ops/id_registers.h"
#include "arch/ops/console.h"
#include "kernel/base/check.h"

// In switch_root.S.
extern "C" void ArmSwitchRoot(uint32_t ttbr1);

namespace arch {
namespace {

constexpr uint32_t kWholeRootMask = arm::ttbr::RootMask(0);
constexpr uint32_t kLastAddress = 0xFFFF'FFFF;

}  // namespace

PagingPolicy::Features PagingFeatures() { return {}; }

mm::RootShape KernelRoot() { return PagingPolicy::Root(0); }

mm::PhysAddr ReadKernelRoot() { return mm::PhysAddr{arm::ReadTtbr1() & kWholeRootMask}; }

std::array<LiveRoot, 2> LiveRoots() {
  const unsigned n = arm::ReadTtbcr() & arm::ttbcr::kSplitMask;
  CHECK(n != 0);  // else there is one table; start.S sets 1
  const mm::VirtAddr split{uint64_t{1} << (32 - n)};
  return {{
      {mm::PhysAddr{arm::ReadTtbr0() & arm::ttbr::RootMask(n)}, PagingPolicy::Root(n),
       mm::VirtAddr{0}, split - 1},
      {ReadKernelRoot(), KernelRoot(), split, mm::VirtAddr{kLastAddress}},
  }};
}

void ActivateKernelRoot(mm::PhysAddr root) {
  CHECK((root.value & ~uint64_t{kWholeRootMask}) == 0);
  const uint32_t walk_attributes = arm::ReadTtbr1() & ~kWholeRootMask;
  PublishTables();
  ArmSwitchRoot(static_cast<uint32_t>(root.value) | walk_attributes);
  arm::MoveConsole();
  // WXN came with the virtualization extensions (ARM DDI 0406C B3.7.2).
  if (arm::HasVirtualization()) {
    arm::WriteSctlr(arm::ReadSctlr() | arm::sctlr::kWriteImpliesExecuteNever |
                    arm::sctlr::kUserWriteImpliesExecuteNever);
    arm::InstructionBarrier();
    InvalidateAll();  // WXN may be cached in the TLB (B3.10.2)
  }
}

void PublishTables() {
  // The walker reads through the data cache (MissingCpuFeature() has asked): no cleaning.
  arm::DataBarrier();
  arm::InstructionBarrier();
}

void InvalidatePage(mm::VirtAddr va) {
  arm::DataBarrier();
  arm::InvalidateTlbPage(static_cast<uint32_t>(mm::AlignDown(va, mm::kPageSize).value));
  arm::InvalidateBranchPredictor();
  arm::DataBarrier();
  arm::InstructionBarrier();
}

void InvalidateAll() {
  arm::DataBarrier();
  arm::InvalidateTlb();
  arm::InvalidateBranchPredictor();
  arm::DataBarrier();
  arm::InstructionBarrier();
}

}  // namespace arch
