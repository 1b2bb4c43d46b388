// Messages between threads: any thread sends and calls, native threads receive and reply.
//
// A call's reply goes to the caller past its queue. A receiver that ends wakes who waits for it
// with kOwnerDied. Pages that come with a message are shown, read-only, in a window of the
// receiver: until it receives the next message, or makes the next call if they came with a reply.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/posix/errno.h"
#include "kernel/process/open_call.h"
#include "kernel/process/pid_table.h"
#include "kernel/process/user_thread.h"

namespace process {

// How long to wait, from now on: 0 not at all, kForever without end.
struct Patience {
  static constexpr uint64_t kForever = ~uint64_t{0};

  uint64_t nanoseconds;
};

// All of these are the running thread's. Errors that all have: kTimedOut (kAgain, with no
// patience), kInterrupted by signals.

// Errors: kNoProcess (no native thread has that number), kOwnerDied (it ended before there was
// room), kFault and kInvalid (pages that the sender cannot read or not whole; more than 1
// MiB), kOutOfMemory.
[[nodiscard]] posix::Result<> SendEvent(UserThread& thread, Pid to, ipc::Event event,
                                        Patience patience);

// Sends, and waits for the reply. Errors: as above; kOwnerDied also when the receiver ends without
// a reply. After kTimedOut or kInterrupted a reply that still comes is refused.
[[nodiscard]] posix::Result<ipc::Event> CallThread(UserThread& thread, Pid to, ipc::Event event,
                                                   Patience patience);

// The next event's address in the thread's queue, where it stays until the next call of this.
// Error: kNotSupported (no native thread).
[[nodiscard]] posix::Result<mm::VirtAddr> ReceiveEvent(UserThread& thread, Patience patience);

// Answers `event.call` of thread `to`. Errors: kNoProcess (it does not wait for this thread's reply
// to that call), and those of pages; kNotSupported (pages for a caller that is not native).
[[nodiscard]] posix::Result<> ReplyTo(UserThread& thread, Pid to, ipc::Event event);

// The thread that was to reply ends. `call` is in no list any more.
void BreakCall(OpenCall& call);
// The caller does not wait any more.
void AbandonCall(OpenCall& call);

}  // namespace process
