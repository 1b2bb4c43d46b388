// The IOAPIC, which sends devices' interrupts to processors.
#pragma once

#include <cstdint>

#include "arch/ops/device_mapper.h"
#include "kernel/base/result.h"

namespace arch {

// Maps it and masks every input. After StartLocalApic.
base::Result<> StartIoApic(DeviceMapper* map_device);

// Sends an ISA device's interrupts to this processor as `vector`.
void RouteIsaInterrupt(unsigned input, uint8_t vector);

}  // namespace arch
