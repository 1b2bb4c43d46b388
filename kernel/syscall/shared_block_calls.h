// Global shared memory: system calls that Linux does not have. process/shared_blocks.h says who has
// a block; mm/shared_region.h, where it is.
#pragma once

#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

// The same on every processor.
struct SharedBlockStatus {
  uint64_t base = 0;
  uint64_t size_bytes = 0;
  int32_t maker = 0;   // the process's number, whoever it is now
  uint32_t views = 0;  // areas of processes that show it
};
static_assert(sizeof(SharedBlockStatus) == 24);

using UserSharedBlock = kernel::UserPointer<SharedBlockStatus>;

// Its size is rounded up to whole pages. Errors: kInvalid (none), kNotPermitted (an application of
// the image), kOutOfMemory (more than there is, too).
[[nodiscard]] posix::CallResult MakeSharedBlock(uintptr_t bytes);
// Error: kInvalid, the process has no block that begins there.
[[nodiscard]] posix::CallResult ReleaseSharedBlock(uintptr_t address);
// The block that holds `address`, whether the process has it or not. Error: kNoEntry.
[[nodiscard]] posix::CallResult FindSharedBlock(uintptr_t address, UserSharedBlock status);

}  // namespace syscall
