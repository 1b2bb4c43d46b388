// Code that was written as data: the instruction cache does not look into the data cache (ARM DDI
// 0406C A3.9.3, B2.2.7).
#pragma once

#include "kernel/mm/facts/range.h"

namespace arch {

// The bytes that the kernel sees at `shown`, in the direct map or through a window, were written
// and are to be executed, at whatever address: from now on they are what is executed there.
void MakeExecutable(const mm::VirtRange& shown);

// The same for a range of the running process, which the caller has checked as for a user copy,
// with interrupts off. False: something in it cannot be read; what lies before has been done.
[[nodiscard]] bool MakeUserCodeCurrent(const mm::VirtRange& range);

}  // namespace arch
