// Waiting for files, by Linux's calls. All block; kInterrupted when a signal came first. They do
// not start again after one.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/time.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

using WordTimePointer = kernel::UserPointer<posix::WordTime>;
using LongTimePointer = kernel::UserPointer<posix::LongTime>;

posix::CallResult Poll(uintptr_t descriptors, uint32_t count, int32_t milliseconds);
// `mask` is the set of signals that are blocked meanwhile, or null.
posix::CallResult Ppoll(uintptr_t descriptors, uint32_t count, WordTimePointer time,
                        kernel::UserPointer<uint64_t> mask, size_t mask_bytes);
posix::CallResult PpollTime64(uintptr_t descriptors, uint32_t count, LongTimePointer time,
                              kernel::UserPointer<uint64_t> mask, size_t mask_bytes);

// Sets are as long as `count` descriptors need, in words; null ones are empty. The time that is
// left is told where Linux tells it.
posix::CallResult Select(int32_t count, uintptr_t readable, uintptr_t writable,
                         uintptr_t exceptional, kernel::UserPointer<posix::MicrosecondTime> time);
// `mask` points to a pointer and a size.
posix::CallResult Pselect6(int32_t count, uintptr_t readable, uintptr_t writable,
                           uintptr_t exceptional, WordTimePointer time, uintptr_t mask);
posix::CallResult Pselect6Time64(int32_t count, uintptr_t readable, uintptr_t writable,
                                 uintptr_t exceptional, LongTimePointer time, uintptr_t mask);

}  // namespace syscall
