#include "kernel/init/user_trial.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <limits>

#include "arch/ops/cpu.h"
#include "arch/ops/trial_programs.h"
#include "kernel/init/holdings.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/init/reports.h"
#include "kernel/init/user_trial_copies.h"
#include "kernel/init/user_trial_run.h"
#include "kernel/init/user_trial_space.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/fault_info.h"

namespace kernel {
namespace {

using arch::TrialProgram;
using mm::AccessKind;
using Kind = TrialEnd::Kind;

// What no program may touch.
constinit uint32_t kernel_word = 0;

bool IsDone(const TrialEnd& end) { return end.kind == Kind::kDone && end.status == 0; }

bool IsFault(const TrialEnd& end, AccessKind access, mm::VirtAddr va) {
  return end.kind == Kind::kFault && end.fault.access == access && end.fault.va == va &&
         end.fault.privilege == mm::Privilege::kUser;
}

bool IsException(const TrialEnd& end, UserException exception) {
  return end.kind == Kind::kException && end.exception == exception;
}

bool IsForbidden(const TrialEnd& end) {
  return IsException(end, UserException::kPrivileged) ||
         IsException(end, UserException::kIllegalInstruction);
}

class Trial {
 public:
  Trial(base::Sink& sink, TrialRun& run, const TrialSpace& space)
      : sink_(sink), run_(run), space_(space) {}

  void Calls() {
    const TrialEnd end = run_.Run(TrialProgram::kRegisters);
    Report("a system call keeps all registers but its result", end, IsDone(end));
    run_.RestartSum(3);
    const TrialEnd restarted = run_.Run(TrialProgram::kRegisters);
    Report("a system call that is restarted", restarted, IsDone(restarted));
  }

  void Faults() {
    Store("a store to a page that is not there", space_.AddressOf(TrialPage::kMissing));
    Store("a store to its code", space_.AddressOf(TrialPage::kCode));
    Store("a store to the kernel", mm::AddressOf(&kernel_word));
    Jump("a jump to its stack", space_.AddressOf(TrialPage::kStack));
    Jump("a jump to the kernel", mm::AddressOf(&kernel_word));
    const mm::VirtAddr kernel_va = mm::AddressOf(&kernel_word);
    const TrialEnd in_kernel = run_.RunAt(kernel_va);
    Report("a start in the kernel", in_kernel, IsFault(in_kernel, AccessKind::kExecute, kernel_va));
    // Not canonical on a 64-bit machine, and nothing is there on a 32-bit one.
    const TrialEnd nowhere =
        run_.RunAt(mm::VirtAddr{std::numeric_limits<uintptr_t>::max() / 2 - 3});
    Report("a start where nothing can be", nowhere,
           nowhere.kind == Kind::kFault || IsException(nowhere, UserException::kPrivileged));
  }

  void Exceptions() {
    const TrialEnd illegal = run_.Run(TrialProgram::kIllegal);
    const mm::VirtAddr first_pc =
        arch::InstructionPointer(arch::StartRegisters(run_.EntryOf(TrialProgram::kIllegal), {}));
    Report("an undefined instruction", illegal,
           IsException(illegal, UserException::kIllegalInstruction) && illegal.pc == first_pc);
    const TrialEnd divide = run_.Run(TrialProgram::kDivide);
    Report("a division by zero", divide,
           arch::kTrialDivideFaults ? IsException(divide, UserException::kDivide) : IsDone(divide));
    const TrialEnd breakpoint = run_.Run(TrialProgram::kBreakpoint);
    Report("a breakpoint", breakpoint, IsException(breakpoint, UserException::kBreakpoint));
    const TrialEnd step = run_.Run(TrialProgram::kStep);
    Report("a trap behind a system call", step,
           arch::kTrialSteps ? IsException(step, UserException::kSingleStep) : IsDone(step));
    Privileged();
  }

  void Threads() {
    constexpr uintptr_t kRounds = 100;
    const auto floats = run_.RunBoth(TrialProgram::kFloat, kRounds, TrialProgram::kFloat, kRounds);
    Report("floating point of two threads", floats[IsDone(floats[0]) ? 1 : 0],
           IsDone(floats[0]) && IsDone(floats[1]));
    // Below the words of the stack, where nobody writes otherwise.
    const auto word =
        static_cast<uintptr_t>((space_.AddressOf(TrialPage::kOtherStack) + 1024).value);
    const auto ticks = run_.RunBoth(TrialProgram::kWaitForWord, word, TrialProgram::kSetWord, word);
    Report("a thread that waits for another, and a tick", ticks[IsDone(ticks[0]) ? 1 : 0],
           IsDone(ticks[0]) && IsDone(ticks[1]));
  }

  void Signals() {
    const TrialEnd kept = run_.Run(TrialProgram::kSignal);
    Report("a signal's handler, and back", kept, IsDone(kept));
    run_.SetFrameKind(arch::SignalFrameKind::kPlain);
    const TrialEnd plain = run_.Run(TrialProgram::kSignal);
    Report("a handler that asks for no siginfo", plain, IsDone(plain));
    run_.SetFrameKind(arch::SignalFrameKind::kWithInfo);
    for (const FrameFate fate : {FrameFate::kZeroed, FrameFate::kFilled}) {
      run_.SetFrameFate(fate);
      const TrialEnd forged = run_.Run(TrialProgram::kSignal);
      Report(fate == FrameFate::kZeroed ? "a frame of zeros" : "a frame of ones", forged,
             forged.kind != Kind::kDone);
    }
    // However they end: the kernel goes on, and so does the next program.
    constexpr unsigned kFrames = 300;
    run_.SetFrameFate(FrameFate::kScrambled);
    for (unsigned i = 0; i < kFrames; ++i) run_.Run(TrialProgram::kSignal);
    run_.SetFrameFate(FrameFate::kKept);
    const TrialEnd after = run_.Run(TrialProgram::kSignal);
    Report("a signal after scrambled frames", after, IsDone(after));
  }

  void Copies() {
    for (const CopyTrial& copy : CopyTrials()) {
      base::Print(sink_, "user: {}: {}\n", copy.what, copy.works(space_, run_) ? "ok" : "WRONG");
    }
  }

  // The loop's own instructions taken off, if a cycle is one.
  void Cost() {
    constexpr uintptr_t kCalls = 1000;
    const uint64_t few = CyclesOf(kCalls);
    const uint64_t many = CyclesOf(2 * kCalls);
    // On a busy host many may take less time than few.
    const uint64_t cycles = many > few ? (many - few) / kCalls : 0;
    base::Print(sink_, "user: {} cycles for a system call that does nothing\n",
                cycles - std::min<uint64_t>(cycles, arch::kTrialLoopInstructions));
  }

 private:
  void Report(std::string_view what, const TrialEnd& end, bool is_good) {
    base::Print(sink_, "user: {}: {}", what, is_good ? "ok" : "WRONG, ");
    if (!is_good) PrintEnd(sink_, end);
    sink_.Write("\n");
  }

  void Store(std::string_view what, mm::VirtAddr va) {
    const TrialEnd end = run_.Run(TrialProgram::kStore, static_cast<uintptr_t>(va.value));
    Report(what, end, IsFault(end, AccessKind::kWrite, va));
  }

  void Jump(std::string_view what, mm::VirtAddr va) {
    const TrialEnd end = run_.Run(TrialProgram::kJump, static_cast<uintptr_t>(va.value));
    Report(what, end, IsFault(end, AccessKind::kExecute, va));
  }

  void Privileged() {
    for (unsigned kind = 0; kind < arch::kTrialPrivilegedKinds; ++kind) {
      const TrialEnd end = run_.Run(TrialProgram::kPrivileged, kind);
      if (IsForbidden(end)) continue;
      base::Print(sink_, "user: privileged instruction {}: ", kind);
      return Report("WRONG", end, false);
    }
    Report("what only the kernel may do", {}, true);
  }

  uint64_t CyclesOf(uintptr_t calls) {
    const uint64_t before = arch::ReadCycles();
    run_.Run(TrialProgram::kNullCalls, calls);
    return arch::ReadCycles() - before;
  }

  base::Sink& sink_;
  TrialRun& run_;
  const TrialSpace& space_;
};

base::Result<> Try(base::Sink& sink, const System& system) {
  TrialSpace space = TRY(TrialSpace::Create(system));
  TrialRun run(system, space);
  TRY(TrialRun::Start(run));
  Trial trial(sink, run, space);
  trial.Calls();
  trial.Faults();
  trial.Exceptions();
  trial.Threads();
  trial.Signals();
  trial.Cost();
  trial.Copies();
  return {};
}

}  // namespace

void TryUserMode(base::Sink& sink, const System& system) {
  const arch::InterruptsOff interrupts_off;
  if (const auto shared = system.space.ShareEntries(system.layout); !shared) {
    return base::Print(sink, "user: the root's entries cannot be shared: {}\n",
                       base::ErrorName(shared.error()));
  }
  system.areas.areas().Purge();
  const Holdings before = HoldingsOf(system);
  if (const auto result = Try(sink, system); !result) {
    base::Print(sink, "user: {}\n", base::ErrorName(result.error()));
  }
  system.areas.areas().Purge();
  base::Print(sink, "user: ended, {}, layout {}\n",
              HoldingsOf(system) == before ? "nothing kept" : "PAGES KEPT",
              LiveTablesMatch(system) ? "ok" : "DIFFERS");
}

base::Result<> CallOnThreadStack(const System& system, void (*function)()) {
  const arch::InterruptsOff interrupts_off;
  TRY(system.space.ShareEntries(system.layout));
  TrialSpace space = TRY(TrialSpace::Create(system));
  TrialRun run(system, space);
  TRY(TrialRun::Start(run));
  run.CallAtSum(function);
  run.Run(TrialProgram::kRegisters);
  return {};
}

}  // namespace kernel
