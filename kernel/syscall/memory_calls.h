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

// Whether the process may have so much more in its address space: RLIMIT_AS. Error: kOutOfMemory.
[[nodiscard]] posix::Result<> CheckRoom(uint64_t more_bytes);

posix::CallResult Mmap(uintptr_t address, size_t length, uint32_t protection, uint32_t flags,
                       int descriptor, uintptr_t offset_bytes);
// With an offset in pages.
posix::CallResult Mmap2(uintptr_t address, size_t length, uint32_t protection, uint32_t flags,
                        int descriptor, uintptr_t offset_pages);
posix::CallResult Munmap(uintptr_t address, size_t length);
posix::CallResult Mprotect(uintptr_t address, size_t length, uint32_t protection);
posix::CallResult Mremap(uintptr_t address, size_t length, size_t new_length, uint32_t flags,
                         uintptr_t new_address);
posix::CallResult Madvise(uintptr_t address, size_t length, posix::MemoryAdvice advice);
// The heap's end, moved if it could be.
posix::CallResult Brk(uintptr_t address);
posix::CallResult Msync(uintptr_t address, size_t length, uint32_t flags);
posix::CallResult Mincore(uintptr_t address, size_t length, kernel::UserPointer<std::byte> pages);
posix::CallResult Mlock(uintptr_t address, size_t length);
posix::CallResult Mlock2(uintptr_t address, size_t length, uint32_t flags);
posix::CallResult Munlock(uintptr_t address, size_t length);
posix::CallResult Mlockall(uint32_t flags);
posix::CallResult Munlockall();

}  // namespace syscall
