// Descriptors and what is read and written by them, by Linux's calls. Reading, writing and opening
// block where the file does; kRestart then means that a signal came first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

posix::CallResult Open(uintptr_t path, uint32_t flags, uint32_t mode);
posix::CallResult Openat(int directory, uintptr_t path, uint32_t flags, uint32_t mode);
posix::CallResult Creat(uintptr_t path, uint32_t mode);
posix::CallResult Close(int descriptor);
posix::CallResult MemfdCreate(uintptr_t name, uint32_t flags);
posix::CallResult Pipe(kernel::UserPointer<int32_t> descriptors);
posix::CallResult Pipe2(kernel::UserPointer<int32_t> descriptors, uint32_t flags);

// A write to a pipe that nobody reads raises SIGPIPE besides its error.
posix::CallResult Read(int descriptor, uintptr_t buffer, size_t bytes);
posix::CallResult Write(int descriptor, uintptr_t buffer, size_t bytes);
posix::CallResult Pread64(int descriptor, uintptr_t buffer, size_t bytes, int64_t offset);
posix::CallResult Pwrite64(int descriptor, uintptr_t buffer, size_t bytes, int64_t offset);
posix::CallResult Readv(int descriptor, uintptr_t vector, size_t count);
posix::CallResult Writev(int descriptor, uintptr_t vector, size_t count);
// The offset comes in two words on every machine; the upper one counts where words have 32 bits.
posix::CallResult Preadv(int descriptor, uintptr_t vector, size_t count, uintptr_t offset_low,
                         uintptr_t offset_high);
posix::CallResult Pwritev(int descriptor, uintptr_t vector, size_t count, uintptr_t offset_low,
                          uintptr_t offset_high);
posix::CallResult Sendfile(int out, int in, kernel::UserPointer<intptr_t> offset, size_t bytes);
posix::CallResult Sendfile64(int out, int in, kernel::UserPointer<int64_t> offset, size_t bytes);

posix::CallResult Lseek(int descriptor, intptr_t offset, posix::Whence whence);
posix::CallResult Llseek(int descriptor, uint32_t offset_high, uint32_t offset_low,
                         kernel::UserPointer<int64_t> result, posix::Whence whence);
posix::CallResult Truncate(uintptr_t path, intptr_t bytes);
posix::CallResult Truncate64(uintptr_t path, int64_t bytes);
posix::CallResult Ftruncate(int descriptor, intptr_t bytes);
posix::CallResult Ftruncate64(int descriptor, int64_t bytes);
// Mode 0 alone: the file becomes at least so long. Pages are made when they are written.
posix::CallResult Fallocate(int descriptor, uint32_t mode, int64_t offset, int64_t bytes);
// Advice is heard and not followed: all pages are in memory. Errors: kIllegalSeek, kInvalid.
posix::CallResult Fadvise64(int descriptor, int64_t offset, size_t bytes, uint32_t advice);
posix::CallResult Fadvise6464(int descriptor, uint32_t advice, int64_t offset, int64_t bytes);

posix::CallResult Dup(int descriptor);
posix::CallResult Dup2(int from, int to);
posix::CallResult Dup3(int from, int to, uint32_t flags);
posix::CallResult Fcntl(int descriptor, posix::FcntlCommand command, uintptr_t argument);
// Waiting for a lock blocks.
posix::CallResult Flock(int descriptor, uint32_t operation);
posix::CallResult Ioctl(int descriptor, uint32_t request, uintptr_t argument);

// Nothing is kept anywhere but in memory.
posix::CallResult Sync();
posix::CallResult Fsync(int descriptor);

}  // namespace syscall
