// What architectures call when a program faults or the clock ticks.
#pragma once

#include <cstdint>

#include "arch/ops/user_mode.h"
#include "kernel/sched/traps.h"

namespace process {

// The handlers of a kernel with processes; `on_system_call` is the one of kernel/syscall.
[[nodiscard]] kernel::TrapHandlers HandlersWith(intptr_t (*on_system_call)(arch::UserRegisters&));

}  // namespace process
