// User mode tried out, without processes: tiny programs of the architecture (arch/ops/
// trial_programs.h), each with a page of code and a page of stack, in a page table that has the
// kernel's entries.
#pragma once

#include "kernel/base/print.h"
#include "kernel/init/system.h"

namespace kernel {

// Runs each program and tries the copies from and to user pages, with a line for each. Has trap
// handlers of its own meanwhile. Leaves nothing behind.
void TryUserMode(base::Sink& sink, const System& system);

}  // namespace kernel
