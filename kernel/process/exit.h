// The end of threads and processes.
#pragma once

#include "kernel/process/process.h"
#include "kernel/process/user_thread.h"

namespace process {

// Every thread of the process is to end, wherever it is; nothing if that has begun already. The
// first status counts. The thread that runs ends when it would return to user mode.
void EndProcess(Process& process, ExitStatus status);

// The thread that runs ends, when it would return to user mode. The last one takes the process with
// it.
void EndThread(UserThread& thread, unsigned exit_code);

// The others end, the thread that runs stays and is the process's first then, with its number.
// Blocks until they are gone. Error: kInterrupted, when this thread is to end itself.
[[nodiscard]] posix::Result<> EndOtherThreads(UserThread& thread);

// Does what the C library asked for, as far as others can see it: lets go of the thread's locks,
// and tells who waits for its end. While it still has its number and its memory.
void BidFarewell(UserThread& thread);

// Leaves for good: gives back what the thread had, and all of the process if it was the last. What
// is left is a stack, for whoever runs next.
[[noreturn]] void LeaveForGood(UserThread& thread);

// A zombie that has been told of, or that nobody asks for: nothing is left of it.
void Release(Process& zombie);

// The process uses its parent's memory no more (vfork): the parent's thread goes on.
void ReturnSpaceToParent(Process& process);

}  // namespace process
