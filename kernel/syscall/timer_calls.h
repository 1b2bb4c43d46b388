// Timers that processes make, by Linux's calls.
#pragma once

#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/signal.h"
#include "kernel/posix/time.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

using UserTimerSetting = kernel::UserPointer<posix::TimerSettingOf<intptr_t>>;
using UserLongTimerSetting = kernel::UserPointer<posix::TimerSettingOf<int64_t>>;

// A null event is SIGALRM with the timer's number. Clocks of processor time are kNotSupported.
posix::CallResult TimerCreate(posix::Clock clock, kernel::UserPointer<posix::SignalEvent> event,
                              kernel::UserPointer<int32_t> timer);
posix::CallResult TimerSettime(int32_t timer, int flags, UserTimerSetting setting,
                               UserTimerSetting before);
posix::CallResult TimerSettime64(int32_t timer, int flags, UserLongTimerSetting setting,
                                 UserLongTimerSetting before);
posix::CallResult TimerGettime(int32_t timer, UserTimerSetting setting);
posix::CallResult TimerGettime64(int32_t timer, UserLongTimerSetting setting);
posix::CallResult TimerGetoverrun(int32_t timer);
posix::CallResult TimerDelete(int32_t timer);

}  // namespace syscall
