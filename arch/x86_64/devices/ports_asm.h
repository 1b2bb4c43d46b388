// The two ports that start.S needs before there is C++. Everything else is in devices.h.
#pragma once

#define SERIAL_PORT 0x3f8     // COM1, fixed on the PC platform
#define DEBUG_EXIT_PORT 0xf4  // where -device isa-debug-exit is put
#define DEBUG_EXIT_FAILURE 1  // QEMU ends with (value << 1) | 1
