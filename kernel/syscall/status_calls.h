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
posix::Result<intptr_t> Stat(uintptr_t path, uintptr_t status);
posix::Result<intptr_t> Lstat(uintptr_t path, uintptr_t status);
posix::Result<intptr_t> Fstat(int descriptor, uintptr_t status);
posix::Result<intptr_t> Newfstatat(int directory, uintptr_t path, uintptr_t status, uint32_t flags);
// struct stat64 of 32-bit machines.
posix::Result<intptr_t> Stat64(uintptr_t path, uintptr_t status);
posix::Result<intptr_t> Lstat64(uintptr_t path, uintptr_t status);
posix::Result<intptr_t> Fstat64(int descriptor, uintptr_t status);
posix::Result<intptr_t> Fstatat64(int directory, uintptr_t path, uintptr_t status, uint32_t flags);
posix::Result<intptr_t> Statx(int directory, uintptr_t path, uint32_t flags, uint32_t mask,
                              uintptr_t status);

posix::Result<intptr_t> Statfs(uintptr_t path, uintptr_t status);
posix::Result<intptr_t> Fstatfs(int descriptor, uintptr_t status);
posix::Result<intptr_t> Statfs64(uintptr_t path, size_t bytes, uintptr_t status);
posix::Result<intptr_t> Fstatfs64(int descriptor, size_t bytes, uintptr_t status);

posix::Result<intptr_t> Access(uintptr_t path, uint32_t mode);
posix::Result<intptr_t> Faccessat(int directory, uintptr_t path, uint32_t mode);
posix::Result<intptr_t> Faccessat2(int directory, uintptr_t path, uint32_t mode, uint32_t flags);

posix::Result<intptr_t> Chmod(uintptr_t path, uint32_t mode);
posix::Result<intptr_t> Fchmod(int descriptor, uint32_t mode);
posix::Result<intptr_t> Fchmodat(int directory, uintptr_t path, uint32_t mode);
posix::Result<intptr_t> Chown(uintptr_t path, uint32_t user, uint32_t group);
posix::Result<intptr_t> Lchown(uintptr_t path, uint32_t user, uint32_t group);
posix::Result<intptr_t> Fchown(int descriptor, uint32_t user, uint32_t group);
posix::Result<intptr_t> Fchownat(int directory, uintptr_t path, uint32_t user, uint32_t group,
                                 uint32_t flags);
posix::Result<intptr_t> Umask(uint32_t umask);

// Two times each: of the last access, and of the last change of contents.
posix::Result<intptr_t> Utimensat(int directory, uintptr_t path,
                                  kernel::UserPointer<std::array<posix::WordTime, 2>> times,
                                  uint32_t flags);
posix::Result<intptr_t> UtimensatTime64(int directory, uintptr_t path,
                                        kernel::UserPointer<std::array<posix::LongTime, 2>> times,
                                        uint32_t flags);
posix::Result<intptr_t> Utimes(uintptr_t path,
                               kernel::UserPointer<std::array<posix::MicrosecondTime, 2>> times);
posix::Result<intptr_t> Futimesat(int directory, uintptr_t path,
                                  kernel::UserPointer<std::array<posix::MicrosecondTime, 2>> times);

}  // namespace syscall
