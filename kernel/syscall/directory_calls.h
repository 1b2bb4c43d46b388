// Directories and names, by Linux's calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"

namespace syscall {

// Entries as structures one behind the other: struct linux_dirent, and linux_dirent64.
posix::CallResult Getdents(int descriptor, uintptr_t buffer, uint32_t bytes);
posix::CallResult Getdents64(int descriptor, uintptr_t buffer, uint32_t bytes);

posix::CallResult Chdir(uintptr_t path);
posix::CallResult Fchdir(int descriptor);
// The length of the path, its zero included.
posix::CallResult Getcwd(uintptr_t buffer, size_t bytes);

posix::CallResult Mkdir(uintptr_t path, uint32_t mode);
posix::CallResult Mkdirat(int directory, uintptr_t path, uint32_t mode);
posix::CallResult Mknod(uintptr_t path, uint32_t mode, uint32_t device);
posix::CallResult Mknodat(int directory, uintptr_t path, uint32_t mode, uint32_t device);
posix::CallResult Rmdir(uintptr_t path);
posix::CallResult Unlink(uintptr_t path);
posix::CallResult Unlinkat(int directory, uintptr_t path, uint32_t flags);
posix::CallResult Rename(uintptr_t from, uintptr_t to);
posix::CallResult Renameat(int from_directory, uintptr_t from, int to_directory, uintptr_t to);
// RENAME_NOREPLACE alone among the flags.
posix::CallResult Renameat2(int from_directory, uintptr_t from, int to_directory, uintptr_t to,
                            uint32_t flags);
posix::CallResult Link(uintptr_t from, uintptr_t to);
posix::CallResult Linkat(int from_directory, uintptr_t from, int to_directory, uintptr_t to,
                         uint32_t flags);
posix::CallResult Symlink(uintptr_t target, uintptr_t path);
posix::CallResult Symlinkat(uintptr_t target, int directory, uintptr_t path);
posix::CallResult Readlink(uintptr_t path, uintptr_t buffer, size_t bytes);
posix::CallResult Readlinkat(int directory, uintptr_t path, uintptr_t buffer, size_t bytes);

// What is mounted is the kernel's choice: kNotPermitted.
posix::CallResult Mount();
posix::CallResult Umount2();

}  // namespace syscall
