// Users and groups, by Linux's calls. Everybody may do everything here: the numbers are kept for
// programs that ask, and any may be set.
#pragma once

#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

using UserId = kernel::UserPointer<uint32_t>;

// In the calls that set several, this number leaves one as it is.
inline constexpr uint32_t kKeepId = ~uint32_t{0};

posix::Result<intptr_t> Getuid();
posix::Result<intptr_t> Geteuid();
posix::Result<intptr_t> Getgid();
posix::Result<intptr_t> Getegid();
posix::Result<intptr_t> Setuid(uint32_t user);
posix::Result<intptr_t> Setgid(uint32_t group);
posix::Result<intptr_t> Setreuid(uint32_t real, uint32_t effective);
posix::Result<intptr_t> Setregid(uint32_t real, uint32_t effective);
posix::Result<intptr_t> Setresuid(uint32_t real, uint32_t effective, uint32_t saved);
posix::Result<intptr_t> Setresgid(uint32_t real, uint32_t effective, uint32_t saved);
posix::Result<intptr_t> Getresuid(UserId real, UserId effective, UserId saved);
posix::Result<intptr_t> Getresgid(UserId real, UserId effective, UserId saved);
// Nobody has supplementary groups; setting some is accepted and forgotten.
posix::Result<intptr_t> Getgroups(int count, UserId groups);
posix::Result<intptr_t> Setgroups(int count, UserId groups);

}  // namespace syscall
