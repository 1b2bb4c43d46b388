// What the log says of processes that die of a fault.
#pragma once

#include "arch/ops/user_mode.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/posix/signal.h"
#include "kernel/process/user_thread.h"

namespace process {

// "Segmentation fault: sh (12) write at 0x… ip 0x…; nearest region heap 0x…-0x…". What ends the
// process is `signal`; for SIGBUS it is a "Bus error".
void ReportFault(const UserThread& thread, posix::Signal signal, const mm::FaultInfo& fault,
                 const arch::UserRegisters& registers);

// The same where the processor says nothing but which instruction it was.
void ReportException(const UserThread& thread, posix::Signal signal,
                     const arch::UserRegisters& registers);

// A fault that could be resolved if there was a free frame.
void ReportOutOfMemory(const UserThread& thread, const mm::FaultInfo& fault,
                       const arch::UserRegisters& registers);

// A signal's frame does not fit on the stack, or is no longer one.
void ReportBrokenStack(const UserThread& thread, const arch::UserRegisters& registers);

}  // namespace process
