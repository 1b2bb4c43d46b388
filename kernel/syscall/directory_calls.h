// Directories and names, by Linux's calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"

namespace syscall {

// Entries as structures one behind the other: struct linux_dirent, and linux_dirent64.
posix::Result<intptr_t> Getdents(int descriptor, uintptr_t buffer, uint32_t bytes);
posix::Result<intptr_t> Getdents64(int descriptor, uintptr_t buffer, uint32_t bytes);

posix::Result<intptr_t> Chdir(uintptr_t path);
posix::Result<intptr_t> Fchdir(int descriptor);
// The length of the path, its zero included.
posix::Result<intptr_t> Getcwd(uintptr_t buffer, size_t bytes);

posix::Result<intptr_t> Mkdir(uintptr_t path, uint32_t mode);
posix::Result<intptr_t> Mkdirat(int directory, uintptr_t path, uint32_t mode);
posix::Result<intptr_t> Mknod(uintptr_t path, uint32_t mode, uint32_t device);
posix::Result<intptr_t> Mknodat(int directory, uintptr_t path, uint32_t mode, uint32_t device);
posix::Result<intptr_t> Rmdir(uintptr_t path);
posix::Result<intptr_t> Unlink(uintptr_t path);
posix::Result<intptr_t> Unlinkat(int directory, uintptr_t path, uint32_t flags);
posix::Result<intptr_t> Rename(uintptr_t from, uintptr_t to);
posix::Result<intptr_t> Renameat(int from_directory, uintptr_t from, int to_directory,
                                 uintptr_t to);
// RENAME_NOREPLACE alone among the flags.
posix::Result<intptr_t> Renameat2(int from_directory, uintptr_t from, int to_directory,
                                  uintptr_t to, uint32_t flags);
posix::Result<intptr_t> Link(uintptr_t from, uintptr_t to);
posix::Result<intptr_t> Linkat(int from_directory, uintptr_t from, int to_directory, uintptr_t to,
                               uint32_t flags);
posix::Result<intptr_t> Symlink(uintptr_t target, uintptr_t path);
posix::Result<intptr_t> Symlinkat(uintptr_t target, int directory, uintptr_t path);
posix::Result<intptr_t> Readlink(uintptr_t path, uintptr_t buffer, size_t bytes);
posix::Result<intptr_t> Readlinkat(int directory, uintptr_t path, uintptr_t buffer, size_t bytes);

// What is mounted is the kernel's choice: kNotPermitted.
posix::Result<intptr_t> Mount();
posix::Result<intptr_t> Umount2();

}  // namespace syscall
