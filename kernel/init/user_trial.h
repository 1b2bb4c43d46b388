// User mode tried out, without processes: tiny programs of the architecture (arch/ops/
// trial_programs.h), each with a page of code and a page of stack, in a page table that has the
// kernel's entries.
#pragma once

#include "kernel/base/print.h"
#include "kernel/base/result.h"
#include "kernel/init/system.h"

namespace kernel {

// Runs each program and tries the copies from and to user pages, with a line for each. Has trap
// handlers of its own meanwhile. Leaves nothing behind.
void TryUserMode(base::Sink& sink, const System& system);

// Calls `function` where a program's system calls are handled: on a thread's kernel stack, with
// interrupts off. Error: kOutOfMemory, and those of sharing the kernel's entries.
[[nodiscard]] base::Result<> CallOnThreadStack(const System& system, void (*function)());

}  // namespace kernel
