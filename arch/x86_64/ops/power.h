// Ends of a run.
#pragma once

namespace arch {

// Switches the machine off through ACPI; QEMU then exits with status 0. If the tables name no way,
// ends as ExitWithFailure does.
[[noreturn]] void PowerOff();

// Resets the machine: ACPI's reset register, the chip set's, the keyboard controller's line, and a
// triple fault last.
[[noreturn]] void Reboot();

// Ends QEMU with a failing status where it has the isa-debug-exit device; halts otherwise.
[[noreturn]] void ExitWithFailure();

}  // namespace arch
