#include "kernel/process/exit.h"

#include <algorithm>

#include "kernel/base/check.h"
#include "kernel/process/futex.h"
#include "kernel/process/job_control.h"
#include "kernel/process/native_messages.h"
#include "kernel/process/native_threads.h"
#include "kernel/process/signals.h"
#include "kernel/process/start.h"
#include "kernel/process/system.h"
#include "kernel/process/system_process.h"

namespace process {
namespace {

using posix::Signal;

// Whether the parent has said that it will not ask.
bool IsUnwanted(const Process& zombie) {
  if (zombie.parent == nullptr) return true;
  if (zombie.parent->life != LifeState::kAlive) return false;  // whoever comes next will
  const posix::SignalAction& action = (*zombie.parent->actions)[Signal::kChild];
  return zombie.exit_signal == posix::NumberOf(Signal::kChild) &&
         (action.handler == posix::kIgnoreHandler || action.Has(posix::ActionFlag::kNoChildWait));
}

void TellOfEnd(Process& zombie) {
  const bool is_killed = zombie.exit_status.IsKilled();
  TellParent(zombie, is_killed ? posix::SignalCode::kKilled : posix::SignalCode::kExited,
             is_killed ? zombie.exit_status.value & 0x7f : zombie.exit_status.value >> 8);
}

// Its children are init's from now on.
void GiveAwayChildren(Process& process) {
  Process* const init = TheSystem().init();
  process.children.ForEach([&](Process& child) {
    static_cast<base::ListHook<ChildOfProcess>&>(child).Unlink();
    child.parent = init;
    if (init == nullptr) {  // the system is about to stop
      if (child.life == LifeState::kZombie) Release(child);
      return;
    }
    init->children.PushBack(child);
    child.exit_signal = posix::NumberOf(Signal::kChild);
    if (child.group != nullptr && ConnectsToGroupOf(process, child) && IsOrphaned(*child.group)) {
      HangUpIfStopped(*child.group);
    }
    if (child.life != LifeState::kZombie) return;
    if (IsUnwanted(child)) {
      Release(child);
    } else {
      TellOfEnd(child);
    }
  });
}

// Of what it had, only the numbers stay that wait() tells.
void BecomeZombie(Process& process) {
  System& system = TheSystem();
  process.alarm.Set({});
  process.timers.DeleteAll();
  // Of a session's leader: its terminal is free, and who is in the foreground hears of it.
  if (process.group->session().id() == process.id()) {
    system.environment().terminal.EndSession(process.id());
  }
  process.files = {};
  process.place = {};
  process.executable = {};
  process.usage.most_resident_pages =
      std::max(process.usage.most_resident_pages, process.space->counters().physical_pages.value);
  const bool was_system_process = process.system != nullptr;
  const ExitStatus status = process.exit_status;
  EndSystemProcess(process);
  system.Deactivate(*process.space);
  process.space = {};
  ReturnSpaceToParent(process);
  DiscardSignals(process.signals);
  if (process.parent != nullptr && ConnectsToGroupOf(*process.parent, process) &&
      IsOrphaned(*process.group, &process)) {
    HangUpIfStopped(*process.group);
  }
  if (system.init() == &process) system.EndInit(process.exit_status);
  GiveAwayChildren(process);
  process.actions = {};
  process.life = LifeState::kZombie;
  if (IsUnwanted(process)) {
    // Whoever waits for any child looks whether there is one left.
    if (process.parent != nullptr) process.parent->child_changed.WakeAll();
    Release(process);
  } else {
    TellOfEnd(process);
  }
  if (was_system_process) RestartSystemProcess(status);
}

}  // namespace

void EndProcess(Process& process, ExitStatus status) {
  if (process.life != LifeState::kAlive) return;
  process.life = LifeState::kEnding;
  process.exit_status = status;
  for (UserThread& thread : process.threads) TheSystem().scheduler().SetDying(thread);
}

void EndThread(UserThread& thread, unsigned exit_code) {
  Process& process = thread.process();
  // The status of a process whose threads all end by themselves is its first thread's.
  if (process.life == LifeState::kAlive && thread.id() == process.id()) {
    process.exit_status = ExitStatus::Exited(exit_code);
  }
  TheSystem().scheduler().SetDying(thread);
}

posix::Result<> EndOtherThreads(UserThread& thread) {
  System& system = TheSystem();
  Process& process = thread.process();
  for (UserThread& other : process.threads) {
    if (&other != &thread) system.scheduler().SetDying(other);
  }
  while (process.thread_count > 1) {
    const auto result =
        process.thread_ended.Wait(sched::Deadline::Never(), sched::Interruption::kByDeath);
    if (result == sched::WaitResult::kInterrupted) {
      return std::unexpected(posix::Errno::kInterrupted);
    }
  }
  if (thread.id() == process.id()) return {};
  const Pid before = thread.id();
  system.pids().Of(before).thread = nullptr;
  system.pids().DropIfFree(before);
  system.pids().Of(process.id()).thread = &thread;
  thread.SetId(process.id());
  return {};
}

void ReturnSpaceToParent(Process& process) {
  if (process.space_owner_waits == nullptr) return;
  process.space_owner_waits->child_in_our_space = nullptr;
  process.space_owner_waits->space_returned.WakeAll();
  process.space_owner_waits = nullptr;
}

void BidFarewell(UserThread& thread) {
  if (thread.farewell.robust_list != 0) ReleaseRobustLocks(thread);
  const uintptr_t place = thread.farewell.clear_thread_id;
  if (place == 0) return;
  const Process& process = thread.process();
  if (process.thread_count > 1 || process.space->uses() > 1) ClearThreadId(thread, place);
}

void LeaveForGood(UserThread& thread) {
  System& system = TheSystem();
  Process& process = thread.process();
  CHECK(&system.scheduler().current() == &thread);
  BidFarewell(thread);
  AbandonCall(thread.open_call);
  EndNative(thread);
  DiscardSignals(thread.signals.queue);
  process.usage.user_ticks += thread.ticks();
  static_cast<base::ListHook<ThreadOfProcess>&>(thread).Unlink();
  --process.thread_count;
  // The number may go on as that of the process, a group or a session.
  system.pids().Of(thread.id()).thread = nullptr;
  system.pids().DropIfFree(thread.id());
  thread.SetId(0);
  if (process.thread_count > 0) {
    PassOnSignals(process);
    process.thread_ended.WakeAll();
  } else {
    BecomeZombie(process);
  }
  system.scheduler().Exit();
}

void Release(Process& zombie) {
  CHECK(zombie.life == LifeState::kZombie && zombie.threads.IsEmpty());
  auto& family = static_cast<base::ListHook<ChildOfProcess>&>(zombie);
  if (family.IsLinked()) family.Unlink();
  System::Delete()(&zombie);
}

}  // namespace process
