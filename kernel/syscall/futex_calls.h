// futex, and what the C library registers for a thread's end, by Linux's calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/syscall/time_calls.h"

namespace syscall {

// The operations WAIT, WAKE, REQUEUE, CMP_REQUEUE, WAIT_BITSET and WAKE_BITSET, private or shared.
// `time` is a number for those that requeue.
posix::CallResult Futex(uintptr_t word, int operation, uint32_t value, uintptr_t time,
                        uintptr_t second_word, uint32_t value3);
posix::CallResult FutexTime64(uintptr_t word, int operation, uint32_t value, uintptr_t time,
                              uintptr_t second_word, uint32_t value3);

posix::CallResult SetTidAddress(uintptr_t place);
posix::CallResult SetRobustList(uintptr_t head, size_t bytes);
posix::CallResult GetRobustList(int thread, kernel::UserPointer<uintptr_t> head,
                                kernel::UserPointer<size_t> bytes);

}  // namespace syscall
