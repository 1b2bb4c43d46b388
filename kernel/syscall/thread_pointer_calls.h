// What an architecture has calls of its own for: the thread pointer, and code that was written.
#pragma once

#include <cstdint>

#include "kernel/posix/errno.h"

namespace syscall {

// x86_64: the thread pointer (FS) alone; kInvalid for other codes.
posix::CallResult ArchPrctl(int code, uintptr_t value);
// ARM.
posix::CallResult SetTls(uintptr_t value);
// ARM: from `first` up to, but without, `limit`. Error: kFault, kInvalid.
posix::CallResult Cacheflush(uintptr_t first, uintptr_t limit, uint32_t flags);

}  // namespace syscall
