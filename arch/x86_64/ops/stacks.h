// The stacks of the boot processor, as arch/x86_64/boot/kernel.ld places them, and of the running
// thread.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace arch {

// Of a thread in the kernel: what ARM has, with words and registers twice as wide.
inline constexpr mm::PageCount kKernelStackPages{4};

// Where exceptions that end the kernel are handled: the stack before may be what broke. One for all
// of them, since none returns.
mm::VirtRange FaultStack();

// The running thread's, once threads run; it may be the boot stack.
void SetThreadStack(const mm::VirtRange& stack);

// The stack that holds `va`; nothing if none does. Every byte of a stack is mapped.
std::optional<mm::VirtRange> StackContaining(mm::VirtAddr va);

}  // namespace arch
