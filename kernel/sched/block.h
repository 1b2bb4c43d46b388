// What wait queues need of the scheduler. Kernels have the real one (block.cc); on the host
// kernel/sched/host/block.h lets a test say what happens while a thread blocks.
#pragma once

#include "kernel/sched/deadline.h"

namespace sched {

class Thread;

// The thread that runs.
[[nodiscard]] Thread& Current();

// Others run until somebody wakes this thread, until `deadline`, or until an interruption. One that
// is there already ends it at once; so does a deadline that has passed, after others have run.
WaitResult Block(Deadline deadline, Interruption interruption);

// Ends the thread's Block() with kWoken; nothing if it does not block.
void Wake(Thread& thread);

}  // namespace sched
