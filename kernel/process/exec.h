// execve: another program for the process that runs.
#pragma once

#include <string_view>

#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/posix/errno.h"
#include "kernel/process/argument_block.h"
#include "kernel/process/user_thread.h"

namespace process {

// The program in `file`, or the one that its first line names (#!), takes the place of the
// process's program: the thread that runs is the only one left and returns to user mode at its
// start. `path` is what the caller called the file. Blocks until the other threads are gone.
// Errors: kAccess, kNotExecutable, kNoEntry, kArgumentsTooLong, kOutOfMemory, kInterrupted; the
// process is as it was then, but for threads that have ended. Where memory ends after the old
// program is gone, the process ends, too.
[[nodiscard]] posix::Result<> Execute(UserThread& thread, fs::Ref<fs::Inode> file,
                                      std::string_view path, ArgumentBlock& arguments);

}  // namespace process
