// From the number in a register to the function that does the call.
#pragma once

#include <cstdint>

#include "arch/ops/user_mode.h"

namespace syscall {

// TrapHandlers::on_system_call: does the call that the registers ask for and returns its result.
// One that the kernel does not have fails with kNotImplemented and is counted. May block, and may
// not return to a thread that has ended.
intptr_t OnSystemCall(arch::UserRegisters& registers);

}  // namespace syscall
