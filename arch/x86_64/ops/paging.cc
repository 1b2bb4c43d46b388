#include "arch/ops/paging.h"

#include "arch/ops/control_registers.h"
#include "arch/x86_64/facts/registers.h"

namespace arch {

using namespace arch::x86_64;

namespace {

void InvalidateEverything() {
  // Global translations survive a write to CR3; changing PGE drops them (SDM vol. 3A 4.10.4.1).
  const uint64_t controls = ReadCr4();
  if ((controls & cr4::kPageGlobal) == 0) {
    WriteCr3(ReadCr3());
    return;
  }
  WriteCr4(controls & ~cr4::kPageGlobal);
  WriteCr4(controls);
}

}  // namespace

PagingPolicy::Features PagingFeatures() {
  const bool gigabyte_pages =
      Cpuid(cpuid::kHighestExtendedLeaf).eax >= cpuid::kExtendedFeatureLeaf &&
      (Cpuid(cpuid::kExtendedFeatureLeaf).edx & cpuid::extended_edx::kGigabytePages) != 0;
  return {.gigabyte_pages = gigabyte_pages ? GigabytePages::kYes : GigabytePages::kNo};
}

mm::RootShape KernelRoot() {
  return (ReadCr4() & cr4::kFiveLevelPaging) != 0 ? PagingPolicy::kFiveLevelRoot
                                                  : PagingPolicy::kFourLevelRoot;
}

std::array<LiveRoot, 1> LiveRoots() {
  return RootsOf(mm::PhysAddr{ReadCr3() & cr3::kRootMask}, KernelRoot());
}

std::array<LiveRoot, 1> RootsOf(mm::PhysAddr root, mm::RootShape shape) {
  return {{{root, shape, mm::VirtAddr{0}, mm::VirtAddr{UINT64_MAX}}}};
}

void ActivateKernelRoot(mm::PhysAddr root) {
  WriteCr3(root.value);
  InvalidateEverything();
}

// What is global is the same in every context, and stays (SDM vol. 3A 4.10.4.1).
void ActivateContext(mm::PhysAddr root, mm::RootShape, mm::Asid, mm::AsidRollover) {
  WriteCr3(root.value);
}

void Invalidate(const mm::TlbWork& work) {
  switch (work.reach) {
    case mm::TlbReach::kNothing:
      return;
    case mm::TlbReach::kPages:
      for (const mm::TlbStretch& stretch : work.stretches) {
        for (uint64_t at = 0; at < stretch.range.size_bytes; at += stretch.page_bytes) {
          InvalidatePage(stretch.range.base + at, work.asid);
        }
      }
      return;
    case mm::TlbReach::kAddressSpace:
      return WriteCr3(ReadCr3());  // all that is not global
    case mm::TlbReach::kEverything:
      return InvalidateEverything();
  }
}

}  // namespace arch
