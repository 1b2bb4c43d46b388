// The serial console: COM1, a 16550A, 115200 baud, 8N1.
#pragma once

#include <optional>
#include <string_view>

#include "arch/ops/device_mapper.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/range.h"

namespace arch {

// Before anything else here; needs neither memory nor interrupts.
void InitializeConsole();

// Waits until the transmitter has room.
void WriteCharacter(char character);

// The same for each character, with a carriage return before each line feed.
void WriteText(std::string_view text);

// The next character typed, if any: the oldest that the receive interrupt has taken, so none before
// StartInterrupts().
std::optional<char> ReadCharacter();

// To be called before ActivateKernelRoot(). A port needs no mapping: always succeeds.
base::Result<> MapConsole(DeviceMapper* map_device);

// Where its registers are in memory; nothing, since they are ports.
inline std::optional<mm::PhysRange> ConsoleRegisters() { return std::nullopt; }

// For arch/ops only: lets the device interrupt, and takes what it received.
void StartConsoleInterrupt();
void OnConsoleInterrupt();

}  // namespace arch
