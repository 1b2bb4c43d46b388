// A context beside the kernel's, as a process will be one, tried out: a page table of its own that
// has the kernel's entries, grows, and is switched to.
#pragma once

#include "kernel/base/print.h"
#include "kernel/init/system.h"

namespace kernel {

// Makes a context with a page at the start of the program's region, switches to it and compares the
// live tables with the layout; then again for each larger root that the hardware knows, with a page
// at the end of what that reaches. A line for each, with the root's bytes. Then a second context
// shares the pages, after many short ones were switched to. Leaves nothing behind.
void TryContext(base::Sink& sink, const System& system);

}  // namespace kernel
