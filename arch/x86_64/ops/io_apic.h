// The IOAPIC, which sends devices' interrupts to processors.
#pragma once

#include <cstdint>

#include "arch/ops/device_mapper.h"
#include "arch/x86_64/devices/apic.h"
#include "kernel/base/result.h"

namespace arch {

// Maps it and masks every input. After StartLocalApic.
base::Result<> StartIoApic(DeviceMapper* map_device);

// After StartIoApic().
[[nodiscard]] unsigned InputCount();

// What becomes of an input's interrupts.
void WriteEntry(unsigned input, const x86_64::IoApicEntry& entry);
// The same, where nothing but the mask has changed.
void WriteEntryMask(unsigned input, const x86_64::IoApicEntry& entry);

// The lower half of what was written.
[[nodiscard]] uint32_t ReadEntry(unsigned input);

// Sends an ISA device's interrupts to this processor as `vector`.
void RouteIsaInterrupt(unsigned input, uint8_t vector);

}  // namespace arch
