// Time: the local APIC's timer and the time-stamp counter, both measured against the 8254. The
// timer is set anew for each interrupt: for the next tick, or for what is due before.
#pragma once

#include <cstdint>

#include "kernel/base/clock_scale.h"
#include "kernel/base/result.h"

namespace arch {

inline constexpr uint64_t kTicksPerSecond = 100;
inline constexpr uint64_t kNanosecondsPerTick = base::kNanosecondsPerSecond / kTicksPerSecond;

// Since StartInterrupts(), once interrupts are enabled.
uint64_t TicksSinceBoot();

// How fast ReadCycles() counts; 0 before StartInterrupts().
uint64_t CyclesPerSecond();

// Since the processor started, and never backwards; 0 before StartInterrupts().
uint64_t MonotonicNanoseconds();

// The timer interrupts once more, at that moment of the monotonic clock at the latest: at once if
// that is over. With interrupts off. Nothing before StartInterrupts().
void InterruptBy(uint64_t nanoseconds);

// For arch/ops only. StartTimer takes about a millisecond; kUnsupported if the 8254 does not count.
base::Result<> StartTimer();
// The ticks that have passed since the last one that was told of.
uint32_t OnTimerInterrupt();

}  // namespace arch
