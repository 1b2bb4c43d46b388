// Moments of the real-time clock, for those who wait until one.
#pragma once

#include <cstdint>

#include "kernel/posix/time.h"
#include "kernel/process/system.h"
#include "kernel/sched/deadline.h"

namespace syscall {

// In nanoseconds since 1970.
[[nodiscard]] inline uint64_t RealTime() {
  const posix::TimeSpec now = process::TheSystem().environment().world.Now();
  return static_cast<uint64_t>(now.seconds) * posix::kNanosecondsPerSecond +
         static_cast<uint64_t>(now.nanoseconds);
}

// When the real-time clock shows `nanoseconds`, as a moment of the monotonic clock.
[[nodiscard]] inline sched::Deadline AtRealTime(uint64_t nanoseconds) {
  const uint64_t now = RealTime();
  return sched::Deadline::After(process::TheSystem().scheduler().Now(),
                                nanoseconds > now ? nanoseconds - now : 0);
}

}  // namespace syscall
