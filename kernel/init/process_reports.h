// What the kernel says of the page tables of its processes.
#pragma once

#include "kernel/base/print.h"
#include "kernel/init/system.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/process/process_facts.h"
#include "kernel/process/system.h"

namespace kernel {

// The lines of /proc/verify: fs::SystemSource::PrintVerification(). For one of the processes, which
// is asked meanwhile; `frames` are those of their pages. Of each process what `layout` says comes
// first.
void PrintVerification(base::Sink& sink, const System& system, process::System& processes,
                       const mm::UserFrames& frames, process::LayoutPrinter& layout);

}  // namespace kernel
