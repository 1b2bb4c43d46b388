// The serial console: one character at a time.
#pragma once

#include <optional>
#include <string_view>

#include "arch/ops/device_mapper.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/range.h"

namespace arch {

// Usable from the first instruction at the image's own addresses, through the boot tables.
void InitializeConsole();

// Waits until the port takes it. May be called with interrupts off and while panicking.
void WriteCharacter(char c);

// The same for each character, with a carriage return before each line feed.
void WriteText(std::string_view text);

// The oldest character received and not yet read; nothing before StartInterrupts().
std::optional<char> ReadCharacter();

// Finds the port a place in the final page tables. To be called when they are built, before
// ActivateKernelRoot(), with which the boot tables' mapping goes.
base::Result<> MapConsole(DeviceMapper* map_device);

// Where its registers are in memory.
std::optional<mm::PhysRange> ConsoleRegisters();

namespace arm {

// The port is now reached through MapConsole()'s mapping: for ActivateKernelRoot().
void MoveConsole();

void EnableConsoleInterrupt();

// Takes what the port has received: for the interrupt's handler. Characters that find no room are
// dropped.
void ReceiveCharacters();

}  // namespace arm
}  // namespace arch
