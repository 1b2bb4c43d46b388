// Descriptors and what is read and written by them, by Linux's calls. Reading, writing and opening
// block where the file does; kRestart then means that a signal came first.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

posix::Result<intptr_t> Open(uintptr_t path, uint32_t flags, uint32_t mode);
posix::Result<intptr_t> Openat(int directory, uintptr_t path, uint32_t flags, uint32_t mode);
posix::Result<intptr_t> Creat(uintptr_t path, uint32_t mode);
posix::Result<intptr_t> Close(int descriptor);
posix::Result<intptr_t> MemfdCreate(uintptr_t name, uint32_t flags);
posix::Result<intptr_t> Pipe(kernel::UserPointer<int32_t> descriptors);
posix::Result<intptr_t> Pipe2(kernel::UserPointer<int32_t> descriptors, uint32_t flags);

// A write to a pipe that nobody reads raises SIGPIPE besides its error.
posix::Result<intptr_t> Read(int descriptor, uintptr_t buffer, size_t bytes);
posix::Result<intptr_t> Write(int descriptor, uintptr_t buffer, size_t bytes);
posix::Result<intptr_t> Pread64(int descriptor, uintptr_t buffer, size_t bytes, int64_t offset);
posix::Result<intptr_t> Pwrite64(int descriptor, uintptr_t buffer, size_t bytes, int64_t offset);
posix::Result<intptr_t> Readv(int descriptor, uintptr_t vector, size_t count);
posix::Result<intptr_t> Writev(int descriptor, uintptr_t vector, size_t count);
// The offset comes in two words on every machine; the upper one counts where words have 32 bits.
posix::Result<intptr_t> Preadv(int descriptor, uintptr_t vector, size_t count, uintptr_t offset_low,
                               uintptr_t offset_high);
posix::Result<intptr_t> Pwritev(int descriptor, uintptr_t vector, size_t count,
                                uintptr_t offset_low, uintptr_t offset_high);
posix::Result<intptr_t> Sendfile(int out, int in, kernel::UserPointer<intptr_t> offset,
                                 size_t bytes);
posix::Result<intptr_t> Sendfile64(int out, int in, kernel::UserPointer<int64_t> offset,
                                   size_t bytes);

posix::Result<intptr_t> Lseek(int descriptor, intptr_t offset, posix::Whence whence);
posix::Result<intptr_t> Llseek(int descriptor, uint32_t offset_high, uint32_t offset_low,
                               kernel::UserPointer<int64_t> result, posix::Whence whence);
posix::Result<intptr_t> Truncate(uintptr_t path, intptr_t bytes);
posix::Result<intptr_t> Truncate64(uintptr_t path, int64_t bytes);
posix::Result<intptr_t> Ftruncate(int descriptor, intptr_t bytes);
posix::Result<intptr_t> Ftruncate64(int descriptor, int64_t bytes);
// Mode 0 alone: the file becomes at least so long. Pages are made when they are written.
posix::Result<intptr_t> Fallocate(int descriptor, uint32_t mode, int64_t offset, int64_t bytes);
// Advice is heard and not followed: all pages are in memory.
posix::Result<intptr_t> Fadvise64(int descriptor, int64_t offset, size_t bytes, uint32_t advice);
posix::Result<intptr_t> Fadvise6464(int descriptor, uint32_t advice, int64_t offset, int64_t bytes);

posix::Result<intptr_t> Dup(int descriptor);
posix::Result<intptr_t> Dup2(int from, int to);
posix::Result<intptr_t> Dup3(int from, int to, uint32_t flags);
posix::Result<intptr_t> Fcntl(int descriptor, posix::FcntlCommand command, uintptr_t argument);
// Waiting for a lock blocks.
posix::Result<intptr_t> Flock(int descriptor, uint32_t operation);
posix::Result<intptr_t> Ioctl(int descriptor, uint32_t request, uintptr_t argument);

// Nothing is kept anywhere but in memory.
posix::Result<intptr_t> Sync();
posix::Result<intptr_t> Fsync(int descriptor);

}  // namespace syscall
