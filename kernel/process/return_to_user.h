// The last thing before a thread sees user mode again: it ends, stops, gives way, or finds itself
// at the start of a signal's handler.
#pragma once

#include "arch/ops/user_mode.h"
#include "kernel/posix/errno.h"
#include "kernel/process/user_thread.h"

namespace process {

// See kernel::TrapHandlers. Calls that ended with kRestart or kRestartUnlessHandled are issued
// again, or end with kInterrupted.
void OnReturnToUser(arch::UserRegisters& registers);

// sigreturn and rt_sigreturn: takes back what OnReturnToUser() saved before a handler. What cannot
// be taken back ends the process.
void ReturnFromHandler(UserThread& thread, arch::UserRegisters& registers,
                       arch::SignalFrameKind kind);

}  // namespace process
