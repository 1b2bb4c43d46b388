#include "kernel/sched/block.h"

#include "kernel/base/check.h"
#include "kernel/sched/running.h"

namespace sched {
namespace {

constinit Scheduler* running = nullptr;

}  // namespace

void UseScheduler(Scheduler& scheduler) {
  CHECK(running == nullptr);
  running = &scheduler;
}

Scheduler& RunningScheduler() {
  CHECK(running != nullptr);
  return *running;
}

Thread& Current() { return RunningScheduler().current(); }

WaitResult Block(Deadline deadline, Interruption interruption) {
  return RunningScheduler().Block(deadline, interruption);
}

void Wake(Thread& thread) { RunningScheduler().Wake(thread); }

}  // namespace sched
