// fcntl()'s locks on ranges of a file.
#pragma once

#include <cstdint>

#include "kernel/fs/open_file.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"

namespace syscall {

// `command` is one of the six for locks; `argument` points to a struct flock or flock64. Waiting
// for a lock blocks. Errors: kAgain, kBadDescriptor, kFault, kInvalid, kOverflow, kRestart,
// kOutOfMemory.
posix::CallResult LockRecord(fs::OpenFile& file, posix::FcntlCommand command, uintptr_t argument);

}  // namespace syscall
