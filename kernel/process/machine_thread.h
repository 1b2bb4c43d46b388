// A thread with a state of the machine: a program's, or the idle thread on the boot stack.
#pragma once

#include "arch/ops/thread_state.h"
#include "kernel/sched/thread.h"

namespace process {

class MachineThread : public sched::Thread {
 public:
  [[nodiscard]] arch::ThreadState& state() { return state_; }

 protected:
  // For a state that arch::PrepareThread() sets: it is long, and not written twice.
  MachineThread() {}  // NOLINT(modernize-use-equals-default): that would zero the state
  // For the thread that runs already.
  explicit MachineThread(const arch::ThreadState& state) : state_(state) {}
  ~MachineThread() = default;

 private:
  arch::ThreadState state_;
};

// Every thread of a kernel is one.
[[nodiscard]] inline MachineThread& MachineThreadOf(sched::Thread& thread) {
  return static_cast<MachineThread&>(thread);
}

}  // namespace process
