// Which first-level table translates the kernel's addresses: what TTBCR.N makes of the layout (ARM
// DDI 0406C B3.5.4).
#pragma once

#include <algorithm>
#include <cstdint>

#include "arch/arm/facts/registers.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "layouts/selected.h"

namespace arch::arm {

// From the first row of the kernel's own memory to the last; what each thread has of it is apart.
constexpr mm::VirtRange KernelRows(const mm::Layout& layout) {
  const auto is_kernels = [](const mm::Region& one) {
    return mm::IsKernelService(one.service) && one.scope == mm::Scope::kGlobal;
  };
  const auto first = std::ranges::find_if(layout.regions, is_kernels);
  const auto last = std::ranges::find_last_if(layout.regions, is_kernels).begin();
  return mm::FromFirstToLast(first->range.base, last->range.last());
}

enum class KernelTable : uint8_t {
  kAbove,   // TTBR1's: the kernel begins at 2^(32-N), and TTBR0's is the process's
  kShared,  // TTBR0's with N = 0: one whole table for both
  kBelow,   // TTBR0's, of 16 KiB >> N: the kernel ends below 2^(32-N), and nothing lies above
};

struct KernelSplit {
  KernelTable table;
  unsigned n;  // TTBCR.N while the kernel alone has mappings
};

constexpr KernelSplit SplitOf(const mm::VirtRange& kernel) {
  for (unsigned n = ttbcr::kSplitMask; n > 0; --n) {
    const mm::VirtAddr border{uint64_t{1} << (32 - n)};
    if (kernel.base == border) return {KernelTable::kAbove, n};
    if (kernel.base.value == 0 && kernel.last() < border) return {KernelTable::kBelow, n};
  }
  return {KernelTable::kShared, 0};
}

inline constexpr mm::VirtRange kKernelRows = KernelRows(*layouts::selected::kLayouts.front());
inline constexpr KernelSplit kKernelSplit = SplitOf(kKernelRows);

}  // namespace arch::arm
