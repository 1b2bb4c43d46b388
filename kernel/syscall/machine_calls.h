// The machine as a whole, by Linux's calls.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/posix/errno.h"
#include "kernel/posix/machine.h"
#include "kernel/space/user_pointer.h"

namespace syscall {

using UserMachineNames = kernel::UserPointer<posix::MachineNames>;
using UserMachineStatus = kernel::UserPointer<posix::MachineStatusOf<uintptr_t>>;

posix::CallResult Uname(UserMachineNames names);
posix::CallResult Sethostname(kernel::UserPointer<char> name, size_t length);
posix::CallResult Sysinfo(UserMachineStatus status);
posix::CallResult Getrandom(kernel::UserPointer<std::byte> bytes, size_t count, uint32_t flags);
// Does not return if it succeeds.
posix::CallResult Reboot(uint32_t magic, uint32_t second_magic, uint32_t command);

}  // namespace syscall
