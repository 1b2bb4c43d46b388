// Devices that come and go, tried out: their mappings are allocated and freed like heap.
#pragma once

#include "kernel/base/print.h"
#include "kernel/init/system.h"

namespace kernel {

// Maps the registers of a device that is there anyway three times more, takes the mapping in the
// middle away and looks whether a hole is left; then plugs one in again, which takes the hole, and
// compares the live tables with the layout each time. Leaves nothing behind.
void TryDevices(base::Sink& sink, const System& system);

}  // namespace kernel
