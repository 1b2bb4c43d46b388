// The scheduler of the running kernel, for what is not given one: wait queues and traps.
#pragma once

#include "kernel/base/check.h"
#include "kernel/sched/scheduler.h"

namespace sched {

// Called once, before anybody blocks; `scheduler` is never given up.
void UseScheduler(Scheduler& scheduler);

namespace internal {
extern Scheduler* running;  // null before UseScheduler()
}

// CHECKed: there is one. Here, since each call and each fault asks.
[[nodiscard]] inline Scheduler& RunningScheduler() {
  CHECK(internal::running != nullptr);
  return *internal::running;
}

}  // namespace sched
