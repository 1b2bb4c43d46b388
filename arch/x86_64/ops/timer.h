// Time: the local APIC's timer and the time-stamp counter, both measured against the 8254.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"

namespace arch {

inline constexpr uint64_t kTicksPerSecond = 100;

// Since StartInterrupts(), once interrupts are enabled.
uint64_t TicksSinceBoot();

// How fast ReadCycles() counts; 0 before StartInterrupts().
uint64_t CyclesPerSecond();

// Since the processor started, and never backwards; 0 before StartInterrupts().
uint64_t MonotonicNanoseconds();

// For arch/ops only. StartTimer takes about a millisecond; kUnsupported if the 8254 does not count.
base::Result<> StartTimer();
void OnTimerInterrupt();

}  // namespace arch
