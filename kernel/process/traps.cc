#include "kernel/process/traps.h"

#include "kernel/base/check.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/process/absent_pages.h"
#include "kernel/process/current.h"
#include "kernel/process/exit.h"
#include "kernel/process/fault_report.h"
#include "kernel/process/native_thread.h"
#include "kernel/process/return_to_user.h"
#include "kernel/process/shared_blocks.h"
#include "kernel/process/signals.h"
#include "kernel/process/system.h"
#include "kernel/process/system_process.h"

namespace process {
namespace {

using posix::Signal;
using posix::SignalCode;

posix::SignalInformation FaultInformation(Signal signal, SignalCode code, mm::VirtAddr va) {
  posix::SignalInformation information{};
  information.signal = static_cast<int32_t>(posix::NumberOf(signal));
  information.code = static_cast<int32_t>(code);
  information.fault = {.address = static_cast<uintptr_t>(va.value)};
  return information;
}

struct FaultMeaning {
  Signal signal;
  SignalCode code;
};

FaultMeaning MeaningOf(const mm::FaultInfo& fault, mm::FaultOutcome outcome) {
  constexpr FaultMeaning kNothingThere = {Signal::kSegmentationFault, SignalCode::kMapError};
  if (fault.cause == mm::FaultCause::kAlignment) return {Signal::kBus, SignalCode::kAlignment};
  if (fault.cause == mm::FaultCause::kOther) return kNothingThere;
  switch (outcome) {
    case mm::FaultOutcome::kBeyondObject:
      return {Signal::kBus, SignalCode::kNoAddress};
    case mm::FaultOutcome::kNotPermitted:
      return {Signal::kSegmentationFault, SignalCode::kAccessError};
    default:
      return kNothingThere;
  }
}

// Where the process has nothing, others may have a block of shared memory.
mm::FaultOutcome ResolveWithBlock(Process& process, const mm::FaultInfo& fault) {
  const posix::Result<> attached = AttachBlock(process, fault.va);
  if (attached) return process.space->HandleFault(fault);
  return attached.error() == posix::Errno::kOutOfMemory ? mm::FaultOutcome::kOutOfMemory
                                                        : mm::FaultOutcome::kNotMapped;
}

// Apart from OnUserFault(), which saves no registers for it.
[[gnu::noinline]] void EndOrSignal(mm::FaultOutcome outcome, mm::FaultInfo fault,
                                   arch::UserRegisters& registers) {
  UserThread& thread = kernel::CurrentThread();
  Process& process = thread.process();
  if (outcome == mm::FaultOutcome::kNotMapped) outcome = ResolveWithBlock(process, fault);
  if (outcome == mm::FaultOutcome::kNotLoaded) outcome = LoadPageAt(process, fault.va);
  if (outcome == mm::FaultOutcome::kResolved) return;
  if (outcome == mm::FaultOutcome::kOutOfMemory) {
    ReportOutOfMemory(thread, fault, registers);
    EndProcess(process, ExitStatus::Killed(Signal::kKill));
    return;
  }
  const FaultMeaning meaning = MeaningOf(fault, outcome);
  if (WouldForceEnd(thread, meaning.signal)) ReportFault(thread, meaning.signal, fault, registers);
  Force(thread, meaning.signal, FaultInformation(meaning.signal, meaning.code, fault.va));
}

// Whether it is in what the thread has for itself, beside what its process has.
bool IsInOwnMemory(const UserThread& thread, mm::VirtAddr va) {
  return thread.native != nullptr && thread.native->memory().Covers(va);
}

void OnUserFault(mm::FaultInfo fault, arch::UserRegisters& registers) {
  UserThread& thread = kernel::CurrentThread();
  Process& process = thread.process();
  ++process.usage.minor_faults;
  mm::FaultOutcome outcome;
  if (IsInOwnMemory(thread, fault.va)) [[unlikely]] {
    outcome = thread.native->memory().HandleFault(fault);
    if (outcome != mm::FaultOutcome::kResolved) EndOrSignal(outcome, fault, registers);
    return;
  }
  // Inlined: a call, and registers saved twice, are a tenth of what a fault takes.
  [[clang::always_inline]] outcome = process.space->HandleFault(fault);
  if (outcome != mm::FaultOutcome::kResolved) [[unlikely]]
    EndOrSignal(outcome, fault, registers);
}

FaultMeaning MeaningOf(kernel::UserException exception) {
  switch (exception) {
    case kernel::UserException::kIllegalInstruction:
      return {Signal::kIllegal, SignalCode::kIllegalOpcode};
    case kernel::UserException::kPrivileged:
      return {Signal::kSegmentationFault, SignalCode::kKernel};
    case kernel::UserException::kDivide:
      return {Signal::kFloatingPoint, SignalCode::kIntegerDivide};
    case kernel::UserException::kBreakpoint:
    case kernel::UserException::kSingleStep:
      return {Signal::kTrap, SignalCode::kBreakpoint};
    case kernel::UserException::kAlignment:
      return {Signal::kBus, SignalCode::kAlignment};
    case kernel::UserException::kFloatingPoint:
      return {Signal::kFloatingPoint, SignalCode::kInvalidOperation};
    case kernel::UserException::kBus:
      return {Signal::kBus, SignalCode::kNoAddress};
  }
  return {Signal::kIllegal, SignalCode::kIllegalOpcode};
}

// Of an access to an address that is none, x86_64 says no more than that an instruction is bad.
bool IsOfMemory(Signal signal) {
  return signal == Signal::kSegmentationFault || signal == Signal::kBus;
}

void OnUserException(kernel::UserException exception, mm::VirtAddr pc,
                     arch::UserRegisters& registers) {
  UserThread& thread = kernel::CurrentThread();
  const auto [signal, code] = MeaningOf(exception);
  if (IsOfMemory(signal) && WouldForceEnd(thread, signal)) {
    ReportException(thread, signal, registers);
  }
  Force(thread, signal, FaultInformation(signal, code, pc));
}

bool ResolveUserCopyFault(const mm::FaultInfo& fault) {
  UserThread& thread = kernel::CurrentThread();
  Process& process = thread.process();
  ++process.usage.minor_faults;
  if (IsInOwnMemory(thread, fault.va)) [[unlikely]] {
    return thread.native->memory().HandleFault(fault) == mm::FaultOutcome::kResolved;
  }
  if (!process.space) return false;
  mm::FaultOutcome outcome = process.space->HandleFault(fault);
  if (outcome == mm::FaultOutcome::kNotMapped) outcome = ResolveWithBlock(process, fault);
  if (outcome == mm::FaultOutcome::kNotLoaded) [[unlikely]]
    NoteAbsentPage(thread, fault.va);
  return outcome == mm::FaultOutcome::kResolved;
}

// Only the system process opens lines, and its end closes them.
void OnInterrupt(uint32_t line) {
  SystemProcess* const system = TheSystem().system_process();
  CHECK(system != nullptr);
  system->OnInterrupt(line);
}

void OnTimer(uint32_t ticks) {
  System& system = TheSystem();
  system.scheduler().OnTimer(ticks);
  if (SystemProcess* const process = system.system_process()) process->OnTimer();
}

}  // namespace

kernel::TrapHandlers HandlersWith(intptr_t (*on_system_call)(arch::UserRegisters&)) {
  return {
      .on_system_call = on_system_call,
      .on_user_fault = OnUserFault,
      .on_user_exception = OnUserException,
      .on_return_to_user = OnReturnToUser,
      .resolve_user_copy_fault = ResolveUserCopyFault,
      .on_timer = OnTimer,
      .on_interrupt = OnInterrupt,
  };
}

}  // namespace process
