// POSIX's message queues, by Linux's calls. Descriptors of queues are those of files, closed by
// exec.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/ipc.h"
#include "kernel/posix/signal.h"
#include "kernel/posix/time.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

using UserQueueAttributes = kernel::UserPointer<posix::ipc::QueueAttributes<uintptr_t>>;
using UserMessageTime = kernel::UserPointer<posix::WordTime>;
using UserLongMessageTime = kernel::UserPointer<posix::LongTime>;

posix::Result<intptr_t> MqOpen(uintptr_t name, uint32_t flags, uint32_t mode,
                               UserQueueAttributes attributes);
posix::Result<intptr_t> MqUnlink(uintptr_t name);
// Both block until the real-time clock shows `time`, unless the descriptor or the time says no.
posix::Result<intptr_t> MqTimedsend(int descriptor, uintptr_t message, size_t bytes,
                                    uint32_t priority, UserMessageTime time);
posix::Result<intptr_t> MqTimedsendTime64(int descriptor, uintptr_t message, size_t bytes,
                                          uint32_t priority, UserLongMessageTime time);
posix::Result<intptr_t> MqTimedreceive(int descriptor, uintptr_t message, size_t bytes,
                                       kernel::UserPointer<uint32_t> priority,
                                       UserMessageTime time);
posix::Result<intptr_t> MqTimedreceiveTime64(int descriptor, uintptr_t message, size_t bytes,
                                             kernel::UserPointer<uint32_t> priority,
                                             UserLongMessageTime time);
// A null event takes back what the process asked for. SIGEV_THREAD needs a socket, and there are
// none (kBadDescriptor).
posix::Result<intptr_t> MqNotify(int descriptor, kernel::UserPointer<posix::SignalEvent> event);
posix::Result<intptr_t> MqGetsetattr(int descriptor, UserQueueAttributes wanted,
                                     UserQueueAttributes before);

}  // namespace syscall
