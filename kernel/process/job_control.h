// Stopping processes and letting them go on.
#pragma once

#include "kernel/posix/signal.h"
#include "kernel/process/group.h"
#include "kernel/process/process.h"
#include "kernel/process/user_thread.h"

namespace process {

// All threads of the process stay in the kernel when they come there, until Continue(). The parent
// is told.
void Stop(Process& process, posix::Signal signal);
// Nothing if it is not stopped.
void Continue(Process& process);

// The thread that runs waits while its process is stopped, unless it is to end.
void WaitWhileStopped(UserThread& thread);

// Whether `parent` keeps the group of `child` from being an orphan: it is outside of it, in the
// same session, and not init, which takes nothing up again.
[[nodiscard]] bool ConnectsToGroupOf(const Process& parent, const Process& child);

// Whether nobody of the session outside the group is the parent of one in it: then a shell that
// could continue it is gone. `leaving`, which is about to end, counts as gone.
[[nodiscard]] bool IsOrphaned(ProcessGroup& group, const Process* leaving = nullptr);

// Tells the stopped processes of a group, which has just been orphaned, to go on and hang up.
void HangUpIfStopped(ProcessGroup& group);

// SIGCHLD, or what else the child's maker asked for, and whoever waits wakes up.
void TellParent(Process& child, posix::SignalCode code, uint32_t status);

}  // namespace process
