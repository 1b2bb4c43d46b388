// Who runs on the processor: round robin among threads that are ready, with slices counted in clock
// ticks, and an idle thread, which is the one that booted. User mode is preempted; the kernel is
// not: a thread in the kernel runs until it blocks, yields, exits or returns to user mode. So
// nothing here has a lock. Interrupts are off, except while the idle thread sleeps.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "kernel/base/function_ref.h"
#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/thread.h"
#include "kernel/sched/timer_queue.h"

namespace sched {

// Why a thread on its way to user mode has something to do in the kernel first; bits of a word that
// the architecture looks at before each return.
enum class ReturnWork : uint32_t {
  kReschedule = 1,    // its slice is over
  kInterruption = 2,  // a signal is there, or the thread is to end
};

[[nodiscard]] constexpr uint32_t BitOf(ReturnWork work) { return static_cast<uint32_t>(work); }

class Scheduler {
 public:
  // 20 ms: what a person does not notice, and far more than a switch costs.
  static constexpr unsigned kSliceTicks = 2;

  // The monotonic clock, in nanoseconds; and what makes OnTimer() be called at a moment of it at
  // the latest.
  struct Clock {
    uint64_t (*now)();
    void (*interrupt_by)(uint64_t nanoseconds);
  };

  // `work` takes the bits of ReturnWork for the thread that runs. `idle` runs now, and whenever
  // nobody else can.
  Scheduler(Thread& idle, const Clock& clock, std::atomic<uint32_t>& work);
  Scheduler(const Scheduler&) = delete;
  Scheduler& operator=(const Scheduler&) = delete;

  [[nodiscard]] Thread& current() const { return *current_; }
  // Its ticks() are those at which nobody else had the processor.
  [[nodiscard]] const Thread& idle() const { return idle_; }
  [[nodiscard]] uint64_t Now() const { return clock_.now(); }
  // Those that wait for the processor.
  [[nodiscard]] size_t ready_count() const { return ready_count_; }
  [[nodiscard]] uint64_t switches() const { return switches_; }

  // A new thread becomes ready; it begins with its SwitchFrom().
  void Start(Thread& thread);

  // The timer expires when OnTimer() is called next from its deadline on, which will be soon.
  // CHECKed: it is not set.
  void SetTimer(Timer& timer, Deadline deadline) {
    timers_.Set(timer, deadline);
    // What is due before that has seen to an interrupt.
    if (timers_.earliest() == deadline) clock_.interrupt_by(deadline.nanoseconds);
  }
  // Nothing if it is not set.
  void CancelTimer(Timer& timer) { timers_.Cancel(timer); }

  // See block.h.
  WaitResult Block(Deadline deadline, Interruption interruption);
  void Wake(Thread& thread) { EndWait(thread, WaitResult::kWoken); }

  // A thread that is ready, for an interrupt woke it, runs next, and whoever runs now goes on with
  // the rest of his slice behind it. Not when it had more than a slice in this way since it last
  // stood in line: then it waits for its turn, so that interrupts without end leave others half of
  // the processor. Nothing for a thread that is not ready.
  void Favour(Thread& thread);

  // The others run, each for at most its slice, before the current thread goes on.
  void Yield();

  // Ends the current thread. Bury() follows.
  [[noreturn]] void Exit();

  // Whether a signal is there for the thread, or it is to end. Ends its wait, if that is to be.
  void SetSignal(Thread& thread, bool has_signal);
  void SetDying(Thread& thread);
  [[nodiscard]] static bool IsDying(const Thread& thread) { return thread.is_dying_; }
  // Whether Block(…, interruption) would end at once.
  [[nodiscard]] static bool IsInterrupted(const Thread& thread, Interruption interruption) {
    return thread.is_dying_ || (interruption == Interruption::kBySignals && thread.has_signal_);
  }

  // On the interrupted thread, when `ticks` of the clock have passed since the last call, and
  // between two ticks when a timer is due.
  void OnTimer(uint32_t ticks);

  // For the way back to user mode: yields if the slice is over.
  void Preempt();

  // What the idle thread does: lets others run until `is_over`, which it asks whenever nobody is
  // ready. `sleep` waits for an interrupt, with interrupts on meanwhile and off again afterwards.
  void RunIdle(base::FunctionRef<bool()> is_over, base::FunctionRef<void()> sleep);

  // Buries threads that have finished.
  void BuryFinished();

  // Error: kCorrupt. O(threads that are ready).
  [[nodiscard]] base::Result<> CheckInvariants();

 private:
  friend class Thread;

  void EndWait(Thread& thread, WaitResult result);
  void MakeReady(Thread& thread);
  // Keeps its slice.
  void MakeFirst(Thread& thread);
  // To the first that is ready, or the idle thread.
  void SwitchAway();
  // Of the bits that are set, `kept` stay.
  void UpdateWork(uint32_t kept);

  Thread& idle_;
  Clock clock_;
  std::atomic<uint32_t>& work_;
  Thread* current_;
  base::List<Thread> ready_;
  base::List<Thread> finished_;
  TimerQueue timers_;
  Thread* favoured_ = nullptr;  // the first in line, past its turn
  size_t ready_count_ = 0;
  uint64_t switches_ = 0;
};

}  // namespace sched
