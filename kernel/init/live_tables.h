// The page tables that the hardware walks now, read from its registers.
#pragma once

#include "arch/ops/paging.h"
#include "kernel/init/kernel_space.h"
#include "kernel/init/system.h"
#include "kernel/mm/facts/address.h"

namespace kernel {

[[nodiscard]] KernelSpace::Table TableAt(const arch::LiveRoot& root, const System& system);

// The one that translates `va`, which the machine can form.
[[nodiscard]] KernelSpace::Table LiveTableOf(mm::VirtAddr va, const System& system);

}  // namespace kernel
