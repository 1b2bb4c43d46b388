// Clocks, sleeping and alarms, by Linux's calls.
#pragma once

#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/time.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

using UserTime = kernel::UserPointer<posix::WordTime>;
using UserLongTime = kernel::UserPointer<posix::LongTime>;
using UserMicrosecondTime = kernel::UserPointer<posix::MicrosecondTime>;
using UserIntervalSetting = kernel::UserPointer<posix::IntervalSetting>;

// What is left goes to `left`, unless that is null, when a signal's handler ends the sleep.
posix::CallResult Nanosleep(UserTime time, UserTime left);
posix::CallResult ClockNanosleep(posix::Clock clock, int flags, UserTime time, UserTime left);
posix::CallResult ClockNanosleepTime64(posix::Clock clock, int flags, UserLongTime time,
                                       UserLongTime left);
posix::CallResult ClockGettime(posix::Clock clock, UserTime time);
posix::CallResult ClockGettime64(posix::Clock clock, UserLongTime time);
posix::CallResult ClockGetres(posix::Clock clock, UserTime resolution);
posix::CallResult ClockGetresTime64(posix::Clock clock, UserLongTime resolution);
// The system process alone sets a clock, and only that of the real time: kNotPermitted, kInvalid.
posix::CallResult ClockSettime(posix::Clock clock, UserTime time);
posix::CallResult ClockSettime64(posix::Clock clock, UserLongTime time);
posix::CallResult Gettimeofday(UserMicrosecondTime time, uintptr_t zone);
posix::CallResult Time(kernel::UserPointer<intptr_t> seconds);
// ITIMER_REAL alone (kInvalid).
posix::CallResult Setitimer(int timer, UserIntervalSetting setting, UserIntervalSetting before);
posix::CallResult Getitimer(int timer, UserIntervalSetting setting);
posix::CallResult Alarm(uint32_t seconds);

}  // namespace syscall
