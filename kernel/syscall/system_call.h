// From the number in a register to the function that does the call.
#pragma once

#include "arch/ops/user_mode.h"

namespace syscall {

// TrapHandlers::on_system_call: does the call that the registers ask for and leaves its result in
// them. One that the kernel does not have fails with kNotImplemented and is counted. May block, and
// may not return to a thread that has ended.
void OnSystemCall(arch::UserRegisters& registers);

}  // namespace syscall
