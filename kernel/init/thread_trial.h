// Native threads' page tables tried out, without processes: two beside that of one process.
#pragma once

#include "kernel/base/print.h"
#include "kernel/init/system.h"

namespace kernel {

// Makes a process's table and those of two threads, with pages of all three; switches to each
// thread's, compares it with the layout, and the two with each other: a line for each. Then one of
// them gets a page too many, which has to be found. Leaves nothing behind.
void TryThreads(base::Sink& sink, const System& system);

}  // namespace kernel
