// The scheduler of the running kernel, for what is not given one: wait queues and traps.
#pragma once

#include "kernel/sched/scheduler.h"

namespace sched {

// Called once, before anybody blocks; `scheduler` is never given up.
void UseScheduler(Scheduler& scheduler);

// CHECKed: there is one.
[[nodiscard]] Scheduler& RunningScheduler();

}  // namespace sched
