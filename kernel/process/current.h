// Who asks: the thread that runs, and its process.
#pragma once

#include "kernel/process/process.h"
#include "kernel/process/user_thread.h"
#include "kernel/sched/running.h"

namespace kernel {

// Only in calls and faults of user mode: the idle thread is none.
[[nodiscard]] inline process::UserThread& CurrentThread() {
  return static_cast<process::UserThread&>(sched::RunningScheduler().current());
}
[[nodiscard]] inline process::Process& CurrentProcess() { return CurrentThread().process(); }

}  // namespace kernel
