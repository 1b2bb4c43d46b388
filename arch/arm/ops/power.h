// The end of a run.
#pragma once

namespace arch {

// Off by PSCI; QEMU then ends with status 0.
[[noreturn]] void PowerOff();

[[noreturn]] void Reboot();

// Ends the run with status 1 under an emulator or debugger that offers semihosting, and otherwise
// like PowerOff().
[[noreturn]] void ExitWithFailure();

}  // namespace arch
