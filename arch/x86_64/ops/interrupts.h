// Exceptions and interrupts: from the vector to what handles it.
#pragma once

#include "arch/ops/device_mapper.h"
#include "kernel/base/result.h"

namespace arch {

// Takes all 256 vectors. From here on an exception ends in kernel/init/fault.h, with its registers;
// those that a broken stack could cause are handled on the fault stack. Interrupts stay off.
void InstallFaultHandlers();

// Starts the interrupt controllers, the console's receive interrupt and the timer. Called once;
// interrupts stay off until EnableInterrupts(). Errors: those of `map_device`; kUnsupported if the
// timer cannot be measured.
base::Result<> StartInterrupts(DeviceMapper* map_device);

}  // namespace arch
