#include "kernel/syscall/signal_calls.h"

#include <optional>

#include "kernel/process/current.h"
#include "kernel/process/return_to_user.h"
#include "kernel/process/signals.h"
#include "kernel/process/system.h"
#include "kernel/sched/block.h"

namespace syscall {
namespace {

using posix::Errno;
using posix::Signal;
using posix::SignalCode;
using posix::SignalSet;
using process::Process;
using process::UserThread;

constexpr auto kInvalid = std::unexpected(Errno::kInvalid);
constexpr auto kNoProcess = std::unexpected(Errno::kNoProcess);

// sigprocmask's `how`, asm-generic/signal-defs.h.
constexpr int kBlock = 0;
constexpr int kUnblock = 1;
constexpr int kSetMask = 2;

// MINSIGSTKSZ: what a handler needs at least.
constexpr uintptr_t kSmallestStackBytes = 2048;

posix::Result<> CheckSetBytes(size_t bytes) {
  if (bytes != sizeof(uint64_t)) return kInvalid;
  return {};
}

// 0 only asks whether somebody is there.
posix::Result<std::optional<Signal>> SignalOrNone(uint32_t number) {
  if (number == 0) return std::nullopt;
  const auto signal = posix::SignalOf(number);
  if (!signal) return kInvalid;
  return signal;
}

posix::Result<> SendTo(Process& process, std::optional<Signal> signal) {
  if (!signal) return {};
  return SendToProcess(
      process, *signal,
      process::InformationOf(*signal, SignalCode::kUser, kernel::CurrentProcess()));
}

posix::CallResult KillGroup(process::Pid id, std::optional<Signal> signal) {
  process::ProcessGroup* const group = process::TheSystem().pids().Find(id).group;
  if (group == nullptr) return kNoProcess;
  group->members().ForEach([&](Process& member) { static_cast<void>(SendTo(member, signal)); });
  return 0;
}

posix::CallResult KillAll(std::optional<Signal> signal) {
  process::PidTable& pids = process::TheSystem().pids();
  bool found_any = false;
  for (process::Pid pid = pids.ScanForProcess(process::kInitPid); pid != 0;
       pid = pids.ScanForProcess(pid)) {
    Process& process = *pids.Find(pid).process;
    if (&process == &kernel::CurrentProcess()) continue;
    found_any = true;
    static_cast<void>(SendTo(process, signal));
  }
  if (!found_any) return kNoProcess;
  return 0;
}

// `process`: the one that the thread has to be of, or nothing.
posix::CallResult KillThread(std::optional<process::Pid> process, int id, uint32_t number) {
  if (id <= 0 || (process && *process <= 0)) return kInvalid;
  const auto signal = TRY(SignalOrNone(number));
  UserThread* const thread = process::TheSystem().pids().Find(id).thread;
  if (thread == nullptr || (process && thread->process().id() != *process)) return kNoProcess;
  if (!signal) return 0;
  TRY(SendToThread(
      *thread, *signal,
      process::InformationOf(*signal, SignalCode::kThreadKill, kernel::CurrentProcess())));
  return 0;
}

posix::CallResult SleepUntilHandled() {
  while (sched::Block(sched::Deadline::Never(), sched::Interruption::kBySignals) !=
         sched::WaitResult::kInterrupted) {
    continue;
  }
  return std::unexpected(Errno::kRestartUnlessHandled);
}

template <class Word>
posix::CallResult WaitForSignal(UserSignalSet set, UserSignalInformation information,
                                kernel::UserPointer<posix::TimeOf<Word>> time, size_t set_bytes) {
  TRY(CheckSetBytes(set_bytes));
  const SignalSet wanted = Without(SignalSet(TRY(set.Read())), posix::kUnblockable);
  sched::Deadline deadline = sched::Deadline::Never();
  if (!time.IsNull()) {
    const auto nanoseconds = posix::NanosecondsOf(TRY(time.Read()));
    if (!nanoseconds) return kInvalid;
    deadline = sched::Deadline::After(process::TheSystem().scheduler().Now(), *nanoseconds);
  }
  UserThread& thread = kernel::CurrentThread();
  auto taken = Take(thread, wanted);
  if (!taken) {
    // While it waits, such a signal is noticed although it is blocked.
    thread.signals.awaited = wanted;
    const sched::WaitResult result = sched::Block(deadline, sched::Interruption::kBySignals);
    thread.signals.awaited = SignalSet();
    taken = Take(thread, wanted);
    UpdateSignalState(thread);
    if (!taken) {
      return std::unexpected(result == sched::WaitResult::kTimedOut ? Errno::kAgain
                                                                    : Errno::kInterrupted);
    }
  }
  if (!information.IsNull()) {
    TRY(kernel::WriteUser(information.va(), std::as_bytes(std::span(&taken->information, 1))));
  }
  return static_cast<intptr_t>(posix::NumberOf(taken->signal));
}

bool IsOn(const posix::SignalStack& stack, uintptr_t stack_pointer) {
  return stack.size != 0 && stack_pointer > stack.base && stack_pointer - stack.base <= stack.size;
}

}  // namespace

posix::CallResult Kill(int process, uint32_t number) {
  const auto signal = TRY(SignalOrNone(number));
  if (process == 0) return KillGroup(kernel::CurrentProcess().group->id(), signal);
  if (process == -1) return KillAll(signal);
  if (process == INT32_MIN) return kNoProcess;
  if (process < 0) return KillGroup(-process, signal);
  Process* const target = process::TheSystem().pids().Find(process).process;
  if (target == nullptr) return kNoProcess;
  TRY(SendTo(*target, signal));
  return 0;
}

posix::CallResult Tkill(int thread, uint32_t signal) {
  return KillThread(std::nullopt, thread, signal);
}
posix::CallResult Tgkill(int process, int thread, uint32_t signal) {
  return KillThread(process, thread, signal);
}

posix::CallResult RtSigqueueinfo(int id, uint32_t number, UserSignalInformation information) {
  posix::SignalInformation given = TRY(information.Read());
  const auto signal = TRY(SignalOrNone(number));
  Process* const target = process::TheSystem().pids().Find(id).process;
  if (target == nullptr) return kNoProcess;
  // Only the kernel says that it was the kernel, or that kill() was called.
  const bool is_forged =
      given.code >= 0 || given.code == static_cast<int32_t>(SignalCode::kThreadKill);
  if (is_forged && target != &kernel::CurrentProcess()) {
    return std::unexpected(Errno::kNotPermitted);
  }
  if (!signal) return 0;
  given.signal = static_cast<int32_t>(number);
  TRY(SendToProcess(*target, *signal, given));
  return 0;
}

posix::CallResult RtSigaction(uint32_t number, UserSignalAction action, UserSignalAction before,
                              size_t set_bytes) {
  TRY(CheckSetBytes(set_bytes));
  const auto signal = posix::SignalOf(number);
  if (!signal) return kInvalid;
  Process& process = kernel::CurrentProcess();
  const posix::SignalAction old = (*process.actions)[*signal];
  if (!action.IsNull()) {
    const posix::SignalAction wanted = TRY(action.Read());
    if (posix::kUnblockable.Has(*signal)) return kInvalid;
    SetAction(process, *signal, wanted);
  }
  if (!before.IsNull()) TRY(before.Write(old));
  return 0;
}

posix::CallResult RtSigprocmask(int how, UserSignalSet set, UserSignalSet before,
                                size_t set_bytes) {
  TRY(CheckSetBytes(set_bytes));
  UserThread& thread = kernel::CurrentThread();
  const SignalSet old = thread.signals.blocked;
  if (!set.IsNull()) {
    const SignalSet given(TRY(set.Read()));
    switch (how) {
      case kBlock:
        SetBlocked(thread, old | given);
        break;
      case kUnblock:
        SetBlocked(thread, Without(old, given));
        break;
      case kSetMask:
        SetBlocked(thread, given);
        break;
      default:
        return kInvalid;
    }
  }
  if (!before.IsNull()) TRY(before.Write(old.bits()));
  return 0;
}

posix::CallResult RtSigpending(UserSignalSet set, size_t set_bytes) {
  if (set_bytes > sizeof(uint64_t)) return kInvalid;
  UserThread& thread = kernel::CurrentThread();
  const uint64_t pending = (PendingOf(thread) & thread.signals.blocked).bits();
  TRY(kernel::WriteUser(set.va(), std::as_bytes(std::span(&pending, 1)).first(set_bytes)));
  return 0;
}

posix::CallResult RtSigsuspend(UserSignalSet set, size_t set_bytes) {
  TRY(CheckSetBytes(set_bytes));
  const SignalSet wanted(TRY(set.Read()));
  UserThread& thread = kernel::CurrentThread();
  // Issued again after a stop, it still comes back to the first mask.
  if (!thread.signals.blocked_before) thread.signals.blocked_before = thread.signals.blocked;
  SetBlocked(thread, wanted);
  return SleepUntilHandled();
}

posix::CallResult RtSigtimedwait(UserSignalSet set, UserSignalInformation information,
                                 UserTime time, size_t set_bytes) {
  return WaitForSignal<intptr_t>(set, information, time, set_bytes);
}
posix::CallResult RtSigtimedwaitTime64(UserSignalSet set, UserSignalInformation information,
                                       UserLongTime time, size_t set_bytes) {
  return WaitForSignal<int64_t>(set, information, time, set_bytes);
}

posix::CallResult Pause() { return SleepUntilHandled(); }

posix::CallResult Sigaltstack(UserSignalStack stack, UserSignalStack before,
                              arch::UserRegisters& registers) {
  posix::SignalStack& current = kernel::CurrentThread().signals.alternate;
  const bool is_on = IsOn(current, static_cast<uintptr_t>(arch::StackPointer(registers).value));
  posix::SignalStack old = current;
  old.flags =
      old.size == 0 ? posix::SignalStack::kDisable : (is_on ? posix::SignalStack::kOnStack : 0);
  if (!stack.IsNull()) {
    posix::SignalStack wanted = TRY(stack.Read());
    const auto flags = static_cast<uint32_t>(wanted.flags);
    if (is_on) return std::unexpected(Errno::kNotPermitted);
    if (flags == posix::SignalStack::kDisable) {
      wanted = {};
    } else if (flags != 0 && flags != posix::SignalStack::kOnStack) {
      return kInvalid;
    } else if (wanted.size < kSmallestStackBytes) {
      return std::unexpected(Errno::kOutOfMemory);
    }
    current = wanted;
  }
  if (!before.IsNull()) TRY(before.Write(old));
  return 0;
}

posix::CallResult Sigreturn(arch::UserRegisters& registers) {
  ReturnFromHandler(kernel::CurrentThread(), registers, arch::SignalFrameKind::kPlain);
  return arch::Result(registers);
}
posix::CallResult RtSigreturn(arch::UserRegisters& registers) {
  ReturnFromHandler(kernel::CurrentThread(), registers, arch::SignalFrameKind::kWithInfo);
  return arch::Result(registers);
}

}  // namespace syscall
