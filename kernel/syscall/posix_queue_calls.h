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

posix::CallResult MqOpen(uintptr_t name, uint32_t flags, uint32_t mode,
                         UserQueueAttributes attributes);
posix::CallResult MqUnlink(uintptr_t name);
// Both block until the real-time clock shows `time`, unless the descriptor or the time says no.
posix::CallResult MqTimedsend(int descriptor, uintptr_t message, size_t bytes, uint32_t priority,
                              UserMessageTime time);
posix::CallResult MqTimedsendTime64(int descriptor, uintptr_t message, size_t bytes,
                                    uint32_t priority, UserLongMessageTime time);
posix::CallResult MqTimedreceive(int descriptor, uintptr_t message, size_t bytes,
                                 kernel::UserPointer<uint32_t> priority, UserMessageTime time);
posix::CallResult MqTimedreceiveTime64(int descriptor, uintptr_t message, size_t bytes,
                                       kernel::UserPointer<uint32_t> priority,
                                       UserLongMessageTime time);
// A null event takes back what the process asked for. SIGEV_THREAD needs a socket, and there are
// none (kBadDescriptor).
posix::CallResult MqNotify(int descriptor, kernel::UserPointer<posix::SignalEvent> event);
posix::CallResult MqGetsetattr(int descriptor, UserQueueAttributes wanted,
                               UserQueueAttributes before);

}  // namespace syscall
