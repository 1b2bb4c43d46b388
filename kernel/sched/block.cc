#include "kernel/sched/block.h"

#include "kernel/base/check.h"
#include "kernel/sched/running.h"

namespace sched {

constinit Scheduler* internal::running = nullptr;

void UseScheduler(Scheduler& scheduler) {
  CHECK(internal::running == nullptr);
  internal::running = &scheduler;
}

Thread& Current() { return RunningScheduler().current(); }

WaitResult Block(Deadline deadline, Interruption interruption) {
  return RunningScheduler().Block(deadline, interruption);
}

void Wake(Thread& thread) { RunningScheduler().Wake(thread); }

}  // namespace sched
