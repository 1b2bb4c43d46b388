// The boot processor's stacks, as arch/arm/boot/kernel.ld places them, and the running thread's.
#pragma once

#include <optional>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace arch {

// Of a thread in the kernel. The deepest calls of all tests take 5 KiB.
inline constexpr mm::PageCount kKernelStackPages{2};

// The stack that holds `va`; nothing if none does. Every byte of a stack is mapped.
std::optional<mm::VirtRange> StackContaining(mm::VirtAddr va);

namespace arm {

// From now on code runs on `stack`.
void SetThreadStack(const mm::VirtRange& stack);

}  // namespace arm

}  // namespace arch
