// Time: the generic timer's virtual counter. It is set anew for each interrupt: for the next tick,
// or for what is due before.
#pragma once

#include <cstdint>

#include "kernel/base/clock_scale.h"
#include "kernel/base/result.h"

namespace arch {

inline constexpr uint64_t kTicksPerSecond = 100;
inline constexpr uint64_t kNanosecondsPerTick = base::kNanosecondsPerSecond / kTicksPerSecond;

// Ticks since StartInterrupts(). Late ones are counted when they come.
uint64_t TicksSinceBoot();

// How fast ReadCycles() counts, measured against the timer since start-up; 0 before
// StartInterrupts().
uint64_t CyclesPerSecond();

// Since the counter started, and never backwards; 0 before StartInterrupts().
uint64_t MonotonicNanoseconds();

// The timer interrupts once more, at that moment of the monotonic clock at the latest: at once if
// that is over. With interrupts off. Nothing before StartInterrupts().
void InterruptBy(uint64_t nanoseconds);

namespace arm {

// kUnsupported: neither CNTFRQ nor the device tree knows how fast the counter runs.
base::Result<> StartTimer();

// For the timer interrupt's handler: the ticks that have passed since the last one that was told
// of.
uint32_t OnTimerInterrupt();

}  // namespace arm
}  // namespace arch
