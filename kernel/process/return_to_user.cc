#include "kernel/process/return_to_user.h"

#include <cstdint>
#include <span>
#include <utility>

#include "kernel/process/absent_pages.h"
#include "kernel/process/current.h"
#include "kernel/process/exit.h"
#include "kernel/process/fault_report.h"
#include "kernel/process/job_control.h"
#include "kernel/process/native_messages.h"
#include "kernel/process/signals.h"
#include "kernel/process/system.h"
#include "kernel/space/user_pointer.h"

namespace process {
namespace {

using posix::ActionFlag;
using posix::Signal;
using posix::SignalSet;

bool EndedWith(const arch::UserRegisters& registers, posix::Errno error) {
  return arch::Result(registers) == posix::ReturnValueOf(error);
}

// Before a handler runs: what the interrupted call will return, or that it is issued again.
void SettleCall(UserThread& thread, arch::UserRegisters& registers, bool may_restart) {
  thread.kept_deadline.reset();
  AbandonCall(thread.open_call);
  if (!arch::IsSystemCall(registers)) return;
  if (EndedWith(registers, posix::Errno::kRestart) && may_restart) {
    arch::RestartSystemCall(registers);
  } else if (EndedWith(registers, posix::Errno::kRestart) ||
             EndedWith(registers, posix::Errno::kRestartUnlessHandled)) {
    arch::SetResult(registers, posix::ReturnValueOf(posix::Errno::kInterrupted));
  }
}

// When no handler ran.
void RestartCall(arch::UserRegisters& registers) {
  if (!arch::IsSystemCall(registers)) return;
  if (EndedWith(registers, posix::Errno::kRestart) ||
      EndedWith(registers, posix::Errno::kRestartUnlessHandled)) {
    arch::RestartSystemCall(registers);
  }
}

// As sigaltstack() tells it.
uint32_t FlagsOf(const posix::SignalStack& stack, uintptr_t stack_pointer) {
  if (stack.size == 0) return posix::SignalStack::kDisable;
  const bool is_on = stack_pointer > stack.base && stack_pointer - stack.base <= stack.size;
  return is_on ? posix::SignalStack::kOnStack : 0;
}

// Sets up the handler's start.
void Handle(UserThread& thread, arch::UserRegisters& registers, const TakenSignal& taken,
            const posix::SignalAction& action) {
  SettleCall(thread, registers, action.Has(ActionFlag::kRestart));
  const posix::SignalStack& alternate = thread.signals.alternate;
  const auto stack_pointer = static_cast<uintptr_t>(arch::StackPointer(registers).value);
  const uint32_t flags = FlagsOf(alternate, stack_pointer);
  const bool changes_stack = action.Has(ActionFlag::kOnStack) && flags == 0;
  const bool is_fault = posix::kSynchronous.Has(taken.signal) && taken.information.code > 0;
  const SignalSet blocked = thread.signals.blocked;
  const arch::SignalDelivery delivery = {
      .signal = posix::NumberOf(taken.signal),
      .kind = action.Has(ActionFlag::kInformation) ? arch::SignalFrameKind::kWithInfo
                                                   : arch::SignalFrameKind::kPlain,
      .handler = {action.handler},
      .restorer = {action.restorer},
      .info = std::as_bytes(std::span<const posix::SignalInformation, 1>(&taken.information, 1)),
      .blocked = thread.signals.blocked_before.value_or(blocked).bits(),
      .fault_va = {is_fault ? taken.information.fault.address : 0},
      .stack_pointer = {changes_stack ? alternate.base + alternate.size : stack_pointer},
      .alternate_stack = {{alternate.base}, alternate.size},
      .alternate_stack_flags = flags,
  };
  if (!arch::PushSignalFrame(registers, thread.state(), delivery)) {
    ReportBrokenStack(thread, registers);
    EndProcess(thread.process(), ExitStatus::Killed(Signal::kSegmentationFault));
    return;
  }
  thread.signals.blocked_before.reset();
  SignalSet blocked_now = blocked | action.mask();
  if (!action.Has(ActionFlag::kNoDefer)) blocked_now.Add(taken.signal);
  SetBlocked(thread, blocked_now);
  if (action.Has(ActionFlag::kResetHandler)) thread.process().actions->Set(taken.signal, {});
}

void ActByDefault(Process& process, Signal signal) {
  switch (posix::DefaultActionOf(signal)) {
    case posix::DefaultAction::kIgnore:
    case posix::DefaultAction::kContinue:
      return;
    case posix::DefaultAction::kStop:
      // Nobody could continue an orphan, but SIGSTOP is meant.
      if (signal == Signal::kStop || !IsOrphaned(*process.group)) Stop(process, signal);
      return;
    case posix::DefaultAction::kTerminate:
      EndProcess(process, ExitStatus::Killed(signal));
      return;
  }
}

enum class Handled : uint8_t { kNo, kYes };

Handled Deliver(UserThread& thread, arch::UserRegisters& registers, const TakenSignal& taken) {
  Process& process = thread.process();
  ++process.usage.signals;
  const posix::SignalAction action = (*process.actions)[taken.signal];
  if (action.handler == posix::kIgnoreHandler) return Handled::kNo;
  if (action.handler == posix::kDefaultHandler) {
    ActByDefault(process, taken.signal);
    return Handled::kNo;
  }
  Handle(thread, registers, taken, action);
  return Handled::kYes;
}

// What a thread does first of all.
void Begin(UserThread& thread) {
  const UserThread::Beginning beginning = std::exchange(thread.beginning, {});
  if (beginning.write_id_at != 0) {
    // Whoever passed a wrong address finds nothing there; that is all.
    static_cast<void>(kernel::UserPointer<int32_t>(beginning.write_id_at).Write(thread.id()));
  }
  if (beginning.run != nullptr) beginning.run(thread);
}

}  // namespace

void OnReturnToUser(arch::UserRegisters& registers) {
  UserThread& thread = kernel::CurrentThread();
  sched::Scheduler& scheduler = TheSystem().scheduler();
  scheduler.Preempt();
  if (!sched::Scheduler::IsInterrupted(thread, sched::Interruption::kBySignals)) return;
  Begin(thread);
  if (thread.absent_page) LoadAbsentPage(thread, registers);
  Handled handled = Handled::kNo;
  while (true) {
    if (sched::Scheduler::IsDying(thread)) LeaveForGood(thread);
    if (thread.process().stop_state == StopState::kStopped) {
      WaitWhileStopped(thread);
      continue;
    }
    const auto taken = Take(thread, Without(SignalSet(~uint64_t{0}), thread.signals.blocked));
    if (!taken) break;
    if (Deliver(thread, registers, *taken) == Handled::kYes) handled = Handled::kYes;
  }
  if (handled == Handled::kNo) {
    RestartCall(registers);
    if (const auto before = std::exchange(thread.signals.blocked_before, std::nullopt)) {
      thread.signals.blocked = *before;
    }
  }
  UpdateSignalState(thread);
}

void ReturnFromHandler(UserThread& thread, arch::UserRegisters& registers,
                       arch::SignalFrameKind kind) {
  uint64_t blocked = 0;
  if (!arch::PopSignalFrame(registers, thread.state(), kind, blocked)) {
    ReportBrokenStack(thread, registers);
    EndProcess(thread.process(), ExitStatus::Killed(Signal::kSegmentationFault));
    return;
  }
  SetBlocked(thread, SignalSet(blocked));
}

}  // namespace process
