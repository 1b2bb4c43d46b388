// Who asks: the thread that runs, and its process.
#pragma once

#include "kernel/process/process.h"
#include "kernel/process/user_thread.h"

namespace kernel {

// Only in calls and faults of user mode: the idle thread is none.
[[nodiscard]] process::UserThread& CurrentThread();
[[nodiscard]] inline process::Process& CurrentProcess() { return CurrentThread().process(); }

}  // namespace kernel
