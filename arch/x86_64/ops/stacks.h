// The boot processor's stacks, as arch/x86_64/boot/kernel.ld places them.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/mm/address.h"
#include "kernel/mm/range.h"

namespace arch {

// Where exceptions that end the kernel are handled: the stack before may be what broke. One for all
// of them, since none returns.
mm::VirtRange FaultStack();

// The stack that holds `va`; nothing if none does. Every byte of a stack is mapped.
std::optional<mm::VirtRange> StackContaining(mm::VirtAddr va);

}  // namespace arch
