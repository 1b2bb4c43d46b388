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
posix::Result<intptr_t> Nanosleep(UserTime time, UserTime left);
posix::Result<intptr_t> ClockNanosleep(posix::Clock clock, int flags, UserTime time, UserTime left);
posix::Result<intptr_t> ClockNanosleepTime64(posix::Clock clock, int flags, UserLongTime time,
                                             UserLongTime left);
posix::Result<intptr_t> ClockGettime(posix::Clock clock, UserTime time);
posix::Result<intptr_t> ClockGettime64(posix::Clock clock, UserLongTime time);
posix::Result<intptr_t> ClockGetres(posix::Clock clock, UserTime resolution);
posix::Result<intptr_t> ClockGetresTime64(posix::Clock clock, UserLongTime resolution);
// Nobody can set a clock (kNotPermitted).
posix::Result<intptr_t> ClockSettime(posix::Clock clock, UserTime time);
posix::Result<intptr_t> ClockSettime64(posix::Clock clock, UserLongTime time);
posix::Result<intptr_t> Gettimeofday(UserMicrosecondTime time, uintptr_t zone);
posix::Result<intptr_t> Time(kernel::UserPointer<intptr_t> seconds);
// ITIMER_REAL alone (kInvalid).
posix::Result<intptr_t> Setitimer(int timer, UserIntervalSetting setting,
                                  UserIntervalSetting before);
posix::Result<intptr_t> Getitimer(int timer, UserIntervalSetting setting);
posix::Result<intptr_t> Alarm(uint32_t seconds);

}  // namespace syscall
