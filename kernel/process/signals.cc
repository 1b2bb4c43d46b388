#include "kernel/process/signals.h"

#include "kernel/process/exit.h"
#include "kernel/process/job_control.h"
#include "kernel/process/process_timers.h"
#include "kernel/process/system.h"

namespace process {
namespace {

using posix::Signal;
using posix::SignalSet;

// Whom a signal is for.
enum class Scope : uint8_t { kThread, kProcess };

void DiscardFrom(SignalQueue& queue, SignalSet signals) {
  if ((queue.pending() & signals).IsEmpty()) return;
  queue.Discard(signals, [](QueuedSignal& entry) {
    if (entry.timer != nullptr) return entry.timer->OnTaken();
    TheSystem().FreeQueuedSignal(entry);
  });
}

void DiscardEverywhere(Process& process, SignalSet signals) {
  DiscardFrom(process.signals, signals);
  for (UserThread& thread : process.threads) DiscardFrom(thread.signals.queue, signals);
}

// Init does what it asked for and nothing else: without it there is no system.
bool IsProtected(const Process& process, Signal signal) {
  return &process == TheSystem().init() &&
         (*process.actions)[signal].handler == posix::kDefaultHandler;
}

// A blocked signal stays, whatever its action is: that may change before it is unblocked.
bool HasNoEffect(const Process& process, const UserThread& thread, Signal signal) {
  if (thread.signals.blocked.Has(signal) || thread.signals.awaited.Has(signal)) return false;
  return process.actions->Ignores(signal) || IsProtected(process, signal);
}

bool Takes(const UserThread& thread, Signal signal) {
  return !thread.signals.blocked.Has(signal) || thread.signals.awaited.Has(signal);
}

// The one that runs if it can, for then nobody has to be woken; else the first that can.
UserThread* TakerOf(Process& process, Signal signal) {
  sched::Thread& current = TheSystem().scheduler().current();
  UserThread* taker = nullptr;
  for (UserThread& thread : process.threads) {
    if (!Takes(thread, signal)) continue;
    if (&thread == &current) return &thread;
    if (taker == nullptr) taker = &thread;
  }
  return taker;
}

void Notify(UserThread& thread) { TheSystem().scheduler().SetSignal(thread, true); }

// What stops and what continues a process cancel each other, even before they are delivered.
void PrepareJobControl(Process& process, Signal signal) {
  if (posix::kStopping.Has(signal)) {
    DiscardEverywhere(process, SignalSet::Of(Signal::kContinue));
  } else if (signal == Signal::kContinue) {
    DiscardEverywhere(process, posix::kStopping);
    Continue(process);
  }
}

SignalQueue& QueueFor(UserThread& thread, Scope scope) {
  return scope == Scope::kThread ? thread.signals.queue : thread.process().signals;
}

// What there is to do besides queueing it, and whether that is left to do.
TimerSignal Prepare(Process& process, UserThread& thread, Scope scope, Signal signal) {
  if (process.life != LifeState::kAlive) return TimerSignal::kHasNoEffect;
  PrepareJobControl(process, signal);
  if (HasNoEffect(process, thread, signal)) return TimerSignal::kHasNoEffect;
  if (signal == Signal::kKill) {
    EndProcess(process, ExitStatus::Killed(signal));
    return TimerSignal::kHasNoEffect;
  }
  return QueueFor(thread, scope).Wants(signal) ? TimerSignal::kQueued : TimerSignal::kIsPending;
}

void Enqueue(Process& process, UserThread& thread, Scope scope, Signal signal,
             QueuedSignal* entry) {
  QueueFor(thread, scope).Add(signal, entry);
  if (scope == Scope::kThread) {
    if (Takes(thread, signal)) Notify(thread);
  } else if (UserThread* const taker = TakerOf(process, signal)) {
    Notify(*taker);
  }
}

posix::Result<> Send(Process& process, UserThread& thread, Scope scope, Signal signal,
                     const posix::SignalInformation& information) {
  if (Prepare(process, thread, scope, signal) != TimerSignal::kQueued) return {};
  QueuedSignal* const entry = TheSystem().MakeQueuedSignal();
  if (entry != nullptr) {
    entry->information = information;
  } else if (posix::IsRealTime(signal) && information.code < 0) {
    return std::unexpected(posix::Errno::kAgain);
  }
  Enqueue(process, thread, scope, signal, entry);
  return {};
}

}  // namespace

posix::SignalInformation InformationOf(Signal signal, posix::SignalCode code, const Process& sender,
                                       uintptr_t value) {
  posix::SignalInformation information{};
  information.signal = static_cast<int32_t>(posix::NumberOf(signal));
  information.code = static_cast<int32_t>(code);
  information.process = {.process = sender.id(), .user = sender.credentials.user, .value = value};
  return information;
}

posix::SignalInformation InformationOf(Signal signal) {
  posix::SignalInformation information{};
  information.signal = static_cast<int32_t>(posix::NumberOf(signal));
  information.code = static_cast<int32_t>(posix::SignalCode::kKernel);
  return information;
}

posix::Result<> SendToProcess(Process& process, Signal signal,
                              const posix::SignalInformation& information) {
  UserThread* const first = process.threads.first();
  if (first == nullptr) return {};  // a zombie
  UserThread* const taker = TakerOf(process, signal);
  return Send(process, taker != nullptr ? *taker : *first, Scope::kProcess, signal, information);
}

posix::Result<> SendToThread(UserThread& thread, Signal signal,
                             const posix::SignalInformation& information) {
  return Send(thread.process(), thread, Scope::kThread, signal, information);
}

TimerSignal SendOfTimer(Process& process, UserThread* thread, Signal signal, QueuedSignal& entry) {
  const Scope scope = thread != nullptr ? Scope::kThread : Scope::kProcess;
  if (thread == nullptr) thread = TakerOf(process, signal);
  if (thread == nullptr) thread = process.threads.first();
  if (thread == nullptr) return TimerSignal::kHasNoEffect;
  const TimerSignal result = Prepare(process, *thread, scope, signal);
  if (result == TimerSignal::kQueued) Enqueue(process, *thread, scope, signal, &entry);
  return result;
}

bool WouldForceEnd(const UserThread& thread, Signal signal) {
  const uintptr_t handler = (*thread.process().actions)[signal].handler;
  return thread.signals.blocked.Has(signal) || handler == posix::kDefaultHandler ||
         handler == posix::kIgnoreHandler;
}

void Force(UserThread& thread, Signal signal, const posix::SignalInformation& information) {
  Process& process = thread.process();
  if (WouldForceEnd(thread, signal)) {
    EndProcess(process, ExitStatus::Killed(signal));
    return;
  }
  // Nothing of it may be lost: the instruction would fault again and again. At most one is pending.
  DiscardFrom(thread.signals.queue, SignalSet::Of(signal));
  static_cast<void>(SendToThread(thread, signal, information));
}

std::optional<TakenSignal> Take(UserThread& thread, SignalSet among) {
  const auto signal = SignalQueue::NextOf(PendingOf(thread) & among);
  if (!signal) return std::nullopt;
  SignalQueue& own = thread.signals.queue;
  SignalQueue& queue = own.pending().Has(*signal) ? own : thread.process().signals;
  TakenSignal taken = {.signal = *signal, .information = {}};
  if (QueuedSignal* const entry = queue.Take(*signal)) {
    if (entry->timer != nullptr) entry->timer->OnTaken();
    taken.information = entry->information;
    if (entry->timer == nullptr) TheSystem().FreeQueuedSignal(*entry);
  } else {
    taken.information.signal = static_cast<int32_t>(posix::NumberOf(*signal));
  }
  return taken;
}

void UpdateSignalState(UserThread& thread) {
  const SignalSet open = Without(PendingOf(thread), thread.signals.blocked);
  const bool is_stopped = thread.process().stop_state == StopState::kStopped;
  TheSystem().scheduler().SetSignal(thread, !open.IsEmpty() || is_stopped);
}

void SetBlocked(UserThread& thread, SignalSet blocked) {
  thread.signals.blocked = Without(blocked, posix::kUnblockable);
  const SignalSet open = Without(PendingOf(thread), thread.signals.blocked);
  if (!open.IsEmpty()) Notify(thread);
  // Some that this thread was told of may have been blocked now.
  PassOnSignals(thread.process());
}

void PassOnSignals(Process& process) {
  const SignalSet pending = process.signals.pending();
  if (pending.IsEmpty() || process.thread_count <= 1) return;
  for (UserThread& thread : process.threads) {
    if (!Without(pending, thread.signals.blocked).IsEmpty()) Notify(thread);
  }
}

void SetAction(Process& process, Signal signal, const posix::SignalAction& action) {
  process.actions->Set(signal, action);
  if (process.actions->Ignores(signal)) DiscardEverywhere(process, SignalSet::Of(signal));
}

void DiscardSignals(SignalQueue& queue) { DiscardFrom(queue, queue.pending()); }

}  // namespace process
