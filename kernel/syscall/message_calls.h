// System V's message queues, by Linux's calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/ipc.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

// struct msgbuf: the message's type, and its bytes right behind it.
using UserMessage = kernel::UserPointer<intptr_t>;
using UserQueueStatus = kernel::UserPointer<posix::ipc::QueueStatus<uintptr_t>>;

posix::CallResult Msgget(int32_t key, int flags);
// Both block unless the flags say no.
posix::CallResult Msgsnd(int32_t id, UserMessage message, size_t bytes, int flags);
posix::CallResult Msgrcv(int32_t id, UserMessage message, size_t bytes, intptr_t type, int flags);
// Commands other than to remove, to set and to tell the status are kInvalid.
posix::CallResult Msgctl(int32_t id, int command, UserQueueStatus status);

}  // namespace syscall
