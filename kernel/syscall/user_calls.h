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

posix::CallResult Getuid();
posix::CallResult Geteuid();
posix::CallResult Getgid();
posix::CallResult Getegid();
posix::CallResult Setuid(uint32_t user);
posix::CallResult Setgid(uint32_t group);
posix::CallResult Setreuid(uint32_t real, uint32_t effective);
posix::CallResult Setregid(uint32_t real, uint32_t effective);
posix::CallResult Setresuid(uint32_t real, uint32_t effective, uint32_t saved);
posix::CallResult Setresgid(uint32_t real, uint32_t effective, uint32_t saved);
posix::CallResult Getresuid(UserId real, UserId effective, UserId saved);
posix::CallResult Getresgid(UserId real, UserId effective, UserId saved);
// Nobody has supplementary groups; setting some is accepted and forgotten.
posix::CallResult Getgroups(int count, UserId groups);
posix::CallResult Setgroups(int count, UserId groups);

}  // namespace syscall
