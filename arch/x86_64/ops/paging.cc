#include "arch/ops/paging.h"

#include "arch/ops/control_registers.h"
#include "arch/x86_64/facts/registers.h"

namespace arch {

using namespace arch::x86_64;

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

mm::PhysAddr ReadKernelRoot() { return mm::PhysAddr{ReadCr3() & cr3::kRootMask}; }

std::array<LiveRoot, 1> LiveRoots() {
  return {{{ReadKernelRoot(), KernelRoot(), mm::VirtAddr{0}, mm::VirtAddr{UINT64_MAX}}}};
}

void ActivateKernelRoot(mm::PhysAddr root) {
  WriteCr3(root.value);
  InvalidateAll();
}

void PublishTables() { asm volatile("" : : : "memory"); }

void InvalidatePage(mm::VirtAddr va) { asm volatile("invlpg (%0)" : : "r"(va.value) : "memory"); }

void InvalidateAll() {
  // Global translations survive a write to CR3; changing PGE drops them (SDM vol. 3A 4.10.4.1).
  const uint64_t controls = ReadCr4();
  if ((controls & cr4::kPageGlobal) == 0) {
    WriteCr3(ReadCr3());
    return;
  }
  WriteCr4(controls & ~cr4::kPageGlobal);
  WriteCr4(controls);
}

}  // namespace arch
