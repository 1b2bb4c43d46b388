// The board the kernel runs on: what must be known before the device tree is read, and what the
// device tree then said.
#pragma once

#include "arch/arm/firmware/board_devices.h"
#include "kernel/mm/facts/address.h"

namespace arch::arm {

// Where the first messages go, "there is no device tree" among them. QEMU's `virt` board has its
// PL011 here (hw/arm/virt.c, VIRT_UART).
inline constexpr mm::PhysAddr kEarlyUart{0x0900'0000};

// Set once, by arch::Enter, from the device tree; empty before.
const BoardDevices& Board();
void SetBoard(const BoardDevices& devices);

}  // namespace arch::arm
