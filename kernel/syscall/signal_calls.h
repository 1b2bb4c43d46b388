// Signals, by Linux's calls. Sets of signals have 8 bytes, which the calls with a size insist on.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/ops/user_mode.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/signal.h"
#include "kernel/syscall/time_calls.h"

namespace syscall {

using UserSignalSet = kernel::UserPointer<uint64_t>;
using UserSignalAction = kernel::UserPointer<posix::SignalAction>;
using UserSignalInformation = kernel::UserPointer<posix::SignalInformation>;
using UserSignalStack = kernel::UserPointer<posix::SignalStack>;

// `process`: one; 0, the caller's group; -1, all but init; below, the group of that number.
posix::CallResult Kill(int process, uint32_t number);
posix::CallResult Tkill(int thread, uint32_t signal);
posix::CallResult Tgkill(int process, int thread, uint32_t signal);
posix::CallResult RtSigqueueinfo(int id, uint32_t number, UserSignalInformation information);

posix::CallResult RtSigaction(uint32_t number, UserSignalAction action, UserSignalAction before,
                              size_t set_bytes);
posix::CallResult RtSigprocmask(int how, UserSignalSet set, UserSignalSet before, size_t set_bytes);
posix::CallResult RtSigpending(UserSignalSet set, size_t set_bytes);
posix::CallResult RtSigsuspend(UserSignalSet set, size_t set_bytes);
posix::CallResult RtSigtimedwait(UserSignalSet set, UserSignalInformation information,
                                 UserTime time, size_t set_bytes);
posix::CallResult RtSigtimedwaitTime64(UserSignalSet set, UserSignalInformation information,
                                       UserLongTime time, size_t set_bytes);
posix::CallResult Pause();

posix::CallResult Sigaltstack(UserSignalStack stack, UserSignalStack before,
                              arch::UserRegisters& registers);
// Both return what the interrupted code had in the result's register.
posix::CallResult Sigreturn(arch::UserRegisters& registers);
posix::CallResult RtSigreturn(arch::UserRegisters& registers);

}  // namespace syscall
