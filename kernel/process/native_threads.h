// Threads of the layout's own kind: their beginning and their end.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/posix/errno.h"
#include "kernel/process/pid_table.h"
#include "kernel/process/user_thread.h"

namespace process {

// A new thread of the running thread's process, on an empty stack of its own: it begins at `entry`
// with a pointer to two words on it, the argument and a zero, as its stack pointer; libatlas has
// the code for that. Returns its number. Errors: kOutOfMemory, kAgain (no number is free),
// kNotSupported (the layout has no place for native threads).
[[nodiscard]] posix::Result<Pid> CreateNativeThread(mm::VirtAddr entry, uintptr_t argument,
                                                    uintptr_t thread_pointer);

// The running thread becomes a native one. A process's first thread keeps its stack, which is at
// the right place. Returns where its queue is. Errors: as above; kExists (it is one); kNotPermitted
// (not the first thread).
[[nodiscard]] posix::Result<mm::VirtAddr> BecomeNative(UserThread& thread);
// Any thread: on an empty stack of its own, it goes on at `entry` as a new one does.
[[nodiscard]] posix::Result<> EnterNative(UserThread& thread, mm::VirtAddr entry,
                                          uintptr_t argument);

// `copy`, of a process that was forked and that nobody knows yet, becomes one on a copy of the
// thread's own stack. Error: kOutOfMemory.
[[nodiscard]] posix::Result<> CopyNative(const UserThread& thread, UserThread& copy);

// It is none any more: who waits for it wakes with an error, and its memory is given back. Nothing
// if it was none.
void EndNative(UserThread& thread);

}  // namespace process
