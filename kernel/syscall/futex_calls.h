// futex, and what the C library registers for a thread's end, by Linux's calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/syscall/time_calls.h"

namespace syscall {

// The operations WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAIT_BITSET and WAKE_BITSET, private or shared.
// `time` is a number for those that requeue.
posix::Result<intptr_t> Futex(uintptr_t word, int operation, uint32_t value, uintptr_t time,
                              uintptr_t second_word, uint32_t value3);
posix::Result<intptr_t> FutexTime64(uintptr_t word, int operation, uint32_t value, uintptr_t time,
                                    uintptr_t second_word, uint32_t value3);

posix::Result<intptr_t> SetTidAddress(uintptr_t place);
posix::Result<intptr_t> SetRobustList(uintptr_t head, size_t bytes);
posix::Result<intptr_t> GetRobustList(int thread, kernel::UserPointer<uintptr_t> head,
                                      kernel::UserPointer<size_t> bytes);

}  // namespace syscall
