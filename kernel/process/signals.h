// Sending signals, and what is pending.
#pragma once

#include <optional>

#include "kernel/posix/errno.h"
#include "kernel/posix/signal.h"
#include "kernel/process/process.h"
#include "kernel/process/user_thread.h"

namespace process {

// What is known of a signal that the process `sender` sends; `code` is that of kill, tgkill or
// sigqueue.
[[nodiscard]] posix::SignalInformation InformationOf(posix::Signal signal, posix::SignalCode code,
                                                     const Process& sender, uintptr_t value = 0);
// Of one that the kernel sends by itself.
[[nodiscard]] posix::SignalInformation InformationOf(posix::Signal signal);

// To whichever thread of the process takes it. Nothing happens where the process ignores it or is
// ending. Never blocks; works from the tick, too. Error: kAgain (the signal queues up, `code` is
// negative, and too many are pending).
posix::Result<> SendToProcess(Process& process, posix::Signal signal,
                              const posix::SignalInformation& information);
posix::Result<> SendToThread(UserThread& thread, posix::Signal signal,
                             const posix::SignalInformation& information);

// What became of a timer's signal.
enum class TimerSignal : uint8_t {
  kQueued,       // the queue has `entry`, which comes back by ProcessTimer::OnTaken()
  kIsPending,    // another one of the same number is pending, and such signals do not queue up
  kHasNoEffect,  // it is ignored
};
// To the thread, or to the process if that is null. Works from the tick.
[[nodiscard]] TimerSignal SendOfTimer(Process& process, UserThread* thread, posix::Signal signal,
                                      QueuedSignal& entry);

// For what the thread that runs has done: a signal that it cannot block or ignore. Where there is
// no handler, it ends the process.
void Force(UserThread& thread, posix::Signal signal, const posix::SignalInformation& information);

// Whether Force() would end the process.
[[nodiscard]] bool WouldForceEnd(const UserThread& thread, posix::Signal signal);

// Of a thread: its own signals and its process's.
[[nodiscard]] inline posix::SignalSet PendingOf(UserThread& thread) {
  return thread.signals.queue.pending() | thread.process().signals.pending();
}

// What a pending signal brought; the signal is no longer pending. Of `among`, the first; nothing if
// none of them is pending.
struct TakenSignal {
  posix::Signal signal;
  posix::SignalInformation information;
};
[[nodiscard]] std::optional<TakenSignal> Take(UserThread& thread, posix::SignalSet among);

// Another mask for the thread that runs; what cannot be blocked stays unblocked.
void SetBlocked(UserThread& thread, posix::SignalSet blocked);

// sigaction. An ignored signal is no longer pending.
void SetAction(Process& process, posix::Signal signal, const posix::SignalAction& action);

// Whether the thread has to look at its signals: one is pending that it does not block, or its
// process is stopped.
void UpdateSignalState(UserThread& thread);

// One thread will not take what is pending for the process: whoever else can is told.
void PassOnSignals(Process& process);

// Forgets all that is pending.
void DiscardSignals(SignalQueue& queue);

}  // namespace process
