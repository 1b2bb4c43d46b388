// The periodic tick, from the generic timer's virtual counter.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"

namespace arch {

inline constexpr uint64_t kTicksPerSecond = 100;

// Ticks since StartInterrupts(). Late ones are counted when they come.
uint64_t TicksSinceBoot();

// How fast ReadCycles() counts, measured against the timer since start-up; 0 before
// StartInterrupts().
uint64_t CyclesPerSecond();

// Since the counter started, and never backwards; 0 before StartInterrupts().
uint64_t MonotonicNanoseconds();

namespace arm {

// kUnsupported: neither CNTFRQ nor the device tree knows how fast the counter runs.
base::Result<> StartTimer();

// For the timer interrupt's handler.
void OnTick();

}  // namespace arm
}  // namespace arch
