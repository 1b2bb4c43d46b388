// Code that was written as data. Here instructions are fetched through the same caches, which the
// processor keeps current by itself (Intel SDM vol. 3A 12.6); ARM has work to do.
#pragma once

#include "kernel/mm/facts/range.h"

namespace arch {

// The bytes that the kernel sees at `shown`, in the direct map or through a window, were written
// and are to be executed, at whatever address.
inline void MakeExecutable(const mm::VirtRange&) {}

// The same for a range of the running process, which the caller has checked as for a user copy.
// False: something in it cannot be read.
[[nodiscard]] inline bool MakeUserCodeCurrent(const mm::VirtRange&) { return true; }

}  // namespace arch
