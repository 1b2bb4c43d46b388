// A process's memory, by Linux's calls.
//
// What differs from Linux: nothing is ever writable and executable (kAccess), a mapping lies where
// the layout has such mappings and nowhere else, and mmap() does not make stacks that grow
// (kInvalid).
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/memory.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

posix::Result<intptr_t> Mmap(uintptr_t address, size_t length, uint32_t protection, uint32_t flags,
                             int descriptor, uintptr_t offset_bytes);
// With an offset in pages.
posix::Result<intptr_t> Mmap2(uintptr_t address, size_t length, uint32_t protection, uint32_t flags,
                              int descriptor, uintptr_t offset_pages);
posix::Result<intptr_t> Munmap(uintptr_t address, size_t length);
posix::Result<intptr_t> Mprotect(uintptr_t address, size_t length, uint32_t protection);
posix::Result<intptr_t> Mremap(uintptr_t address, size_t length, size_t new_length, uint32_t flags,
                               uintptr_t new_address);
posix::Result<intptr_t> Madvise(uintptr_t address, size_t length, posix::MemoryAdvice advice);
// The heap's end, moved if it could be.
posix::Result<intptr_t> Brk(uintptr_t address);
posix::Result<intptr_t> Msync(uintptr_t address, size_t length, uint32_t flags);
posix::Result<intptr_t> Mincore(uintptr_t address, size_t length,
                                kernel::UserPointer<std::byte> pages);
posix::Result<intptr_t> Mlock(uintptr_t address, size_t length);
posix::Result<intptr_t> Mlock2(uintptr_t address, size_t length, uint32_t flags);
posix::Result<intptr_t> Munlock(uintptr_t address, size_t length);
posix::Result<intptr_t> Mlockall(uint32_t flags);
posix::Result<intptr_t> Munlockall();

}  // namespace syscall
