// What files are, and what may be changed of that, by Linux's calls. There is one user, who may do
// everything: permissions are kept and shown, and only that nothing is executable without any
// execute permission is a rule.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/time.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

// struct stat of the machine.
posix::CallResult Stat(uintptr_t path, uintptr_t status);
posix::CallResult Lstat(uintptr_t path, uintptr_t status);
posix::CallResult Fstat(int descriptor, uintptr_t status);
posix::CallResult Newfstatat(int directory, uintptr_t path, uintptr_t status, uint32_t flags);
// struct stat64 of 32-bit machines.
posix::CallResult Stat64(uintptr_t path, uintptr_t status);
posix::CallResult Lstat64(uintptr_t path, uintptr_t status);
posix::CallResult Fstat64(int descriptor, uintptr_t status);
posix::CallResult Fstatat64(int directory, uintptr_t path, uintptr_t status, uint32_t flags);
posix::CallResult Statx(int directory, uintptr_t path, uint32_t flags, uint32_t mask,
                        uintptr_t status);

posix::CallResult Statfs(uintptr_t path, uintptr_t status);
posix::CallResult Fstatfs(int descriptor, uintptr_t status);
posix::CallResult Statfs64(uintptr_t path, size_t bytes, uintptr_t status);
posix::CallResult Fstatfs64(int descriptor, size_t bytes, uintptr_t status);

posix::CallResult Access(uintptr_t path, uint32_t mode);
posix::CallResult Faccessat(int directory, uintptr_t path, uint32_t mode);
posix::CallResult Faccessat2(int directory, uintptr_t path, uint32_t mode, uint32_t flags);

posix::CallResult Chmod(uintptr_t path, uint32_t mode);
posix::CallResult Fchmod(int descriptor, uint32_t mode);
posix::CallResult Fchmodat(int directory, uintptr_t path, uint32_t mode);
posix::CallResult Chown(uintptr_t path, uint32_t user, uint32_t group);
posix::CallResult Lchown(uintptr_t path, uint32_t user, uint32_t group);
posix::CallResult Fchown(int descriptor, uint32_t user, uint32_t group);
posix::CallResult Fchownat(int directory, uintptr_t path, uint32_t user, uint32_t group,
                           uint32_t flags);
posix::CallResult Umask(uint32_t umask);

// Two times each: of the last access, and of the last change of contents.
posix::CallResult Utimensat(int directory, uintptr_t path,
                            kernel::UserPointer<std::array<posix::WordTime, 2>> times,
                            uint32_t flags);
posix::CallResult UtimensatTime64(int directory, uintptr_t path,
                                  kernel::UserPointer<std::array<posix::LongTime, 2>> times,
                                  uint32_t flags);
posix::CallResult Utimes(uintptr_t path,
                         kernel::UserPointer<std::array<posix::MicrosecondTime, 2>> times);
posix::CallResult Futimesat(int directory, uintptr_t path,
                            kernel::UserPointer<std::array<posix::MicrosecondTime, 2>> times);

}  // namespace syscall
