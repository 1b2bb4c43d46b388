// Exceptions and device interrupts.
#pragma once

#include "arch/ops/device_mapper.h"
#include "kernel/base/result.h"

namespace arch {

// From now on an exception is reported instead of running into nothing.
void InstallFaultHandlers();

// Maps and starts the interrupt controller, the console's receive interrupt and the timer. Leaves
// interrupts masked. Errors: `map_device`'s, or kUnsupported (a timer of unknown speed).
base::Result<> StartInterrupts(DeviceMapper* map_device);

}  // namespace arch
