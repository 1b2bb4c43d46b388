#include "kernel/process/job_control.h"

#include "kernel/process/signals.h"
#include "kernel/process/system.h"

namespace process {

using posix::Signal;

namespace {

// That the child has stopped or goes on, which wait() tells in any case.
void TellOfJob(Process& child, posix::SignalCode code, uint32_t status) {
  if (child.parent == nullptr) return;
  const posix::SignalAction& action = (*child.parent->actions)[Signal::kChild];
  if (action.Has(posix::ActionFlag::kNoChildStop)) {
    child.parent->child_changed.WakeAll();
  } else {
    TellParent(child, code, status);
  }
}

}  // namespace

void TellParent(Process& child, posix::SignalCode code, uint32_t status) {
  if (child.parent == nullptr) return;
  Process& parent = *child.parent;
  if (const auto signal = posix::SignalOf(child.exit_signal)) {
    static_cast<void>(SendToProcess(parent, *signal, InformationOf(*signal, code, child, status)));
  }
  parent.child_changed.WakeAll();
}

void Stop(Process& process, Signal signal) {
  if (process.stop_state == StopState::kStopped) return;
  process.stop_state = StopState::kStopped;
  process.stop_signal = signal;
  process.has_untold_stop = true;
  process.has_untold_continue = false;
  for (UserThread& thread : process.threads) UpdateSignalState(thread);
  TellOfJob(process, posix::SignalCode::kStopped, posix::NumberOf(signal));
}

void Continue(Process& process) {
  if (process.stop_state != StopState::kStopped) return;
  process.stop_state = StopState::kRunning;
  process.has_untold_stop = false;
  process.has_untold_continue = true;
  process.continued.WakeAll();
  TellOfJob(process, posix::SignalCode::kContinued, posix::NumberOf(Signal::kContinue));
}

void WaitWhileStopped(UserThread& thread) {
  Process& process = thread.process();
  while (process.stop_state == StopState::kStopped) {
    const auto result =
        process.continued.Wait(sched::Deadline::Never(), sched::Interruption::kByDeath);
    if (result == sched::WaitResult::kInterrupted) return;
  }
}

bool ConnectsToGroupOf(const Process& parent, const Process& child) {
  return parent.group != nullptr && parent.group != child.group &&
         &parent.group->session() == &child.group->session() && &parent != TheSystem().init();
}

bool IsOrphaned(ProcessGroup& group, const Process* leaving) {
  bool is_orphaned = true;
  group.members().ForEach([&](const Process& member) {
    const Process* const parent = member.parent;
    if (&member == leaving || member.life == LifeState::kZombie || parent == nullptr ||
        parent == leaving) {
      return;
    }
    if (ConnectsToGroupOf(*parent, member)) is_orphaned = false;
  });
  return is_orphaned;
}

void HangUpIfStopped(ProcessGroup& group) {
  bool has_stopped = false;
  group.members().ForEach([&](const Process& member) {
    has_stopped |= member.stop_state == StopState::kStopped && member.life == LifeState::kAlive;
  });
  if (!has_stopped) return;
  group.members().ForEach([](Process& member) {
    static_cast<void>(SendToProcess(member, Signal::kHangUp, InformationOf(Signal::kHangUp)));
    static_cast<void>(SendToProcess(member, Signal::kContinue, InformationOf(Signal::kContinue)));
  });
}

}  // namespace process
