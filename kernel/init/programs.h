// Programs: from the initrd's first one to its end.
#pragma once

#include "kernel/init/boot_info.h"
#include "kernel/init/system.h"

namespace kernel {

// Unpacks the boot loader's module as the root file system and runs the program that its command
// line names with `init=`, or /init, until it ends; then the machine is switched off, with a
// failing status if the program failed. Returns at once, having said why, if there is nothing to
// run: no module, no archive, no such file. Called once, with interrupts on.
void RunPrograms(const System& system, const BootInfo& boot);

}  // namespace kernel
