// This processor's local APIC.
#pragma once

#include <cstdint>

#include "arch/ops/device_mapper.h"
#include "kernel/base/result.h"

namespace arch {

// Maps and enables it, with every source masked but NMI. Before anything below.
base::Result<> StartLocalApic(DeviceMapper* map_device);

// This processor's number among the local APICs.
uint8_t LocalApicNumber();

// Acknowledges the interrupt being handled.
void EndOfInterrupt();

// The timer counts down from `count` once, without an interrupt.
void StartTimerCountdown(uint32_t count);
uint32_t TimerCountLeft();

// The timer raises kTimerVector once, after `count` of its own ticks and not at 0; what it was to
// do before is forgotten. StartTimerInterrupts() comes first.
void StartTimerInterrupts();
void SetTimerCount(uint32_t count);

}  // namespace arch
