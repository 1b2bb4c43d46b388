// Pages of objects that have to be loaded before they can be shown: those of a disk.
//
// A fault of user mode waits for its page at once. A system call that meets one while it copies may
// hold windows and half a change: its copy ends there, and if the call fails for that, the page is
// loaded on the way back to user mode and the call is issued again.
#pragma once

#include "arch/ops/user_mode.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/posix/errno.h"
#include "kernel/process/process.h"
#include "kernel/process/user_thread.h"

namespace process {

// Loads the page at `va`, where a fault has come to FaultOutcome::kNotLoaded. Returns what the
// fault comes to now: kResolved also when a signal came first. Blocks.
[[nodiscard]] mm::FaultOutcome LoadPageAt(Process& process, mm::VirtAddr va);

// Loads what of the areas in `range` has to be: for calls that need pages there, and nothing in
// between. Blocks. Errors: kRestart, kOutOfMemory, kInputOutput.
[[nodiscard]] posix::Result<> LoadPages(Process& process, const mm::VirtRange& range);

// The current thread has met such a page in the middle of something.
void NoteAbsentPage(UserThread& thread, mm::VirtAddr va);
// On the way to user mode, before signals are looked at. Blocks.
void LoadAbsentPage(UserThread& thread, arch::UserRegisters& registers);

}  // namespace process
