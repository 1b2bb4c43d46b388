// System V's shared memory, by Linux's calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/ipc.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

using UserSegmentStatus = kernel::UserPointer<posix::ipc::SegmentStatus<uintptr_t>>;

posix::CallResult Shmget(int32_t key, size_t bytes, int flags);
posix::CallResult Shmat(int32_t id, uintptr_t address, int flags);
posix::CallResult Shmdt(uintptr_t address);
// Commands other than to remove, to set and to tell the status are kInvalid.
posix::CallResult Shmctl(int32_t id, int command, UserSegmentStatus status);

}  // namespace syscall
