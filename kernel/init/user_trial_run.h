// Runs user_trial.cc's programs, one or two at once, with trap handlers of its own.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <random>

#include "arch/ops/thread_state.h"
#include "arch/ops/trial_programs.h"
#include "arch/ops/user_mode.h"
#include "kernel/base/print.h"
#include "kernel/base/result.h"
#include "kernel/init/system.h"
#include "kernel/init/user_trial_space.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/mm/facts/range.h"
#include "kernel/sched/traps.h"

namespace kernel {

// How a program ended.
struct TrialEnd {
  enum class Kind : uint8_t {
    kDone,   // it said so
    kFault,  // a page fault
    kException,
    kRefused,  // its signal frame could not be made or was not accepted
    kEndless,  // it was ended, having got lost with a forged frame
  };

  Kind kind = Kind::kDone;
  uintptr_t status = 0;  // of kDone
  mm::FaultInfo fault = {};
  UserException exception = {};
  mm::VirtAddr pc = {};  // of kException
};

void PrintEnd(base::Sink& sink, const TrialEnd& end);

// What becomes of a signal frame before it is taken back.
enum class FrameFate : uint8_t {
  kKept,
  kZeroed,
  kFilled,     // with ones
  kScrambled,  // a few words, differently each time
};

// One at a time, with interrupts off.
class TrialRun {
 public:
  // Two kernel stacks. Error: kOutOfMemory.
  [[nodiscard]] static base::Result<> Start(TrialRun& run);

  TrialRun(const System& system, TrialSpace& space);
  TrialRun(const TrialRun&) = delete;
  TrialRun& operator=(const TrialRun&) = delete;
  ~TrialRun();

  // With `word` as its word 0.
  TrialEnd Run(arch::TrialProgram program, uintptr_t word = 0);
  // Not a program: user mode begins at `entry`.
  TrialEnd RunAt(mm::VirtAddr entry);
  // At once; the first begins.
  std::array<TrialEnd, 2> RunBoth(arch::TrialProgram first, uintptr_t first_word,
                                  arch::TrialProgram second, uintptr_t second_word);

  // As StartRegisters() takes it.
  mm::VirtAddr EntryOf(arch::TrialProgram program) const {
    return space_.AddressOf(TrialPage::kCode) + arch::TrialOffset(program);
  }

  // The same for all runs that follow.
  void SetFrameFate(FrameFate fate) { fate_ = fate; }
  void SetFrameKind(arch::SignalFrameKind kind) { frame_kind_ = kind; }
  // The next kSum is restarted so often before it keeps its result.
  void RestartSum(unsigned times) { restarts_ = times; }
  // Whenever a program calls kSum.
  void CallAtSum(void (*function)()) { at_sum_ = function; }
  // User copies add the missing page when they fault there, from now on.
  void AddMissingPage() { adds_missing_page_ = true; }

 private:
  struct Thread {
    arch::ThreadState state{};
    mm::VirtRange stack{};
    bool is_alive = false;
    TrialEnd end{};
  };

  static void DoCall(arch::UserRegisters& registers);
  static intptr_t OnSystemCall(arch::UserRegisters& registers);
  static void OnUserFault(mm::FaultInfo fault, arch::UserRegisters& registers);
  static void OnUserException(UserException exception, mm::VirtAddr pc,
                              arch::UserRegisters& registers);
  static void OnReturnToUser(arch::UserRegisters& registers);
  static bool ResolveUserCopyFault(const mm::FaultInfo& fault);
  static void OnTimer(uint32_t ticks);

  Thread& current() { return threads_[current_]; }
  void Prepare(size_t index, mm::VirtAddr entry, uintptr_t word);
  void RunPrepared();
  void Yield();
  void End(const TrialEnd& end);
  void Sum(arch::UserRegisters& registers);
  void Raise(arch::UserRegisters& registers);
  void Forge(mm::VirtAddr frame_va);
  void Scramble(mm::VirtAddr frame_va);
  void ReturnFromSignal(arch::UserRegisters& registers);

  const System& system_;
  TrialSpace& space_;
  TrapHandlers handlers_before_;
  arch::ThreadState monitor_{};
  std::array<Thread, 2> threads_;
  size_t current_ = 0;
  FrameFate fate_ = FrameFate::kKept;
  std::minstd_rand random_;
  unsigned ticks_ = 0;  // since the start of the run
  arch::SignalFrameKind frame_kind_ = arch::SignalFrameKind::kWithInfo;
  unsigned restarts_ = 0;
  void (*at_sum_)() = nullptr;
  bool adds_missing_page_ = false;
};

}  // namespace kernel
