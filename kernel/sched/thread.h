// What the scheduler knows of a thread. A process's threads are process::UserThread.
#pragma once

#include <cstdint>

#include "kernel/base/intrusive_list.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/timer_queue.h"

namespace sched {

enum class ThreadState : uint8_t {
  kNew,       // not yet started
  kReady,     // in the run queue
  kRunning,   // on the processor
  kBlocked,   // until a wake, its deadline or an interruption
  kFinished,  // its stack may still be in use: whoever runs next buries it
};

// How often a thread gave the processor away: as it waited for something, or to let others run.
struct SwitchCounts {
  uint64_t voluntary = 0;
  uint64_t involuntary = 0;
};

class Thread : public base::ListHook<Thread>, private Timer {
 public:
  Thread() = default;

  [[nodiscard]] ThreadState state() const { return state_; }

  // Clock ticks that this thread had the processor at.
  [[nodiscard]] uint64_t ticks() const { return ticks_; }
  [[nodiscard]] const SwitchCounts& switches() const { return switches_; }

  // Gives the processor from `previous`, which runs, to this one: address space, registers, stack.
  // Returns when somebody gives it back to `previous`.
  virtual void SwitchFrom(Thread& previous) = 0;

  // It has finished and nobody is on its stack any more: stack and thread are given back.
  virtual void Bury() = 0;

 protected:
  ~Thread() = default;

 private:
  friend class Scheduler;

  void OnExpired() final;  // its deadline, while it blocks

  class Scheduler* scheduler_ = nullptr;
  ThreadState state_ = ThreadState::kNew;
  WaitResult wait_result_ = WaitResult::kWoken;
  Interruption ended_by_ = Interruption::kBySignals;  // what ends its present wait
  bool has_signal_ = false;
  bool is_dying_ = false;
  uint32_t ticks_left_ = 0;   // of its slice
  uint32_t favour_left_ = 0;  // ticks that it may run past its turn
  uint64_t ticks_ = 0;
  SwitchCounts switches_;
};

}  // namespace sched
