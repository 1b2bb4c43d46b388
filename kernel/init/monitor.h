// The kernel's prompt on the serial console.
#pragma once

#include "kernel/init/system.h"

namespace kernel {

// Reads commands for ever; `off` and `reboot` end the run. Interrupts must be on.
[[noreturn]] void RunMonitor(const System& system);

}  // namespace kernel
