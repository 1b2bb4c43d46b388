#include "kernel/sched/scheduler.h"

#include <algorithm>

#include "kernel/base/check.h"

namespace sched {

void Thread::OnExpired() { scheduler_->EndWait(*this, WaitResult::kTimedOut); }

Scheduler::Scheduler(Thread& idle, const Clock& clock, std::atomic<uint32_t>& work)
    : idle_(idle), clock_(clock), work_(work), current_(&idle) {
  idle.scheduler_ = this;
  idle.state_ = ThreadState::kRunning;
}

void Scheduler::Start(Thread& thread) {
  CHECK(thread.state_ == ThreadState::kNew);
  thread.scheduler_ = this;
  thread.favour_left_ = kSliceTicks;
  MakeReady(thread);
}

void Scheduler::MakeReady(Thread& thread) {
  thread.state_ = ThreadState::kReady;
  // The idle thread runs when there is no other; it never stands in line.
  if (&thread == &idle_) return;
  thread.ticks_left_ = 0;
  ready_.PushBack(thread);
  ++ready_count_;
}

void Scheduler::MakeFirst(Thread& thread) {
  thread.state_ = ThreadState::kReady;
  if (&thread == &idle_) return;
  ready_.PushFront(thread);
  ++ready_count_;
}

void Scheduler::Favour(Thread& thread) {
  if (thread.state_ != ThreadState::kReady || thread.favour_left_ == 0) return;
  thread.Unlink();
  ready_.PushFront(thread);
  favoured_ = &thread;
  // The idle thread looks by itself.
  if (current_ != &idle_) work_.fetch_or(BitOf(ReturnWork::kReschedule), std::memory_order_relaxed);
}

WaitResult Scheduler::Block(Deadline deadline, Interruption interruption) {
  Thread& thread = *current_;
  CHECK(&thread != &idle_);  // who would run meanwhile?
  if (IsInterrupted(thread, interruption)) return WaitResult::kInterrupted;
  if (!deadline.IsNever()) {
    if (deadline.nanoseconds <= Now()) {
      Yield();
      return WaitResult::kTimedOut;
    }
    SetTimer(thread, deadline);
  }
  thread.state_ = ThreadState::kBlocked;
  thread.ended_by_ = interruption;
  SwitchAway();
  return thread.wait_result_;
}

void Scheduler::EndWait(Thread& thread, WaitResult result) {
  if (thread.state_ != ThreadState::kBlocked) return;
  timers_.Cancel(thread);
  thread.wait_result_ = result;
  MakeReady(thread);
}

void Scheduler::Yield() {
  if (ready_.IsEmpty()) return;
  MakeReady(*current_);
  SwitchAway();
}

void Scheduler::Exit() {
  CHECK(current_ != &idle_);
  current_->state_ = ThreadState::kFinished;
  finished_.PushBack(*current_);
  SwitchAway();
  CHECK(false);  // nobody switches to what has finished
  __builtin_unreachable();
}

void Scheduler::SwitchAway() {
  Thread& previous = *current_;
  Thread* next = ready_.PopFront();
  if (next != nullptr) {
    --ready_count_;
  } else {
    next = &idle_;
  }
  next->state_ = ThreadState::kRunning;
  if (next->ticks_left_ == 0) next->ticks_left_ = kSliceTicks;
  if (next != favoured_) next->favour_left_ = kSliceTicks;
  favoured_ = nullptr;
  current_ = next;
  UpdateWork(0);  // a slice of its own
  if (next == &previous) return;
  ++switches_;
  SwitchCounts& counts = previous.switches_;
  ++(previous.state_ == ThreadState::kReady ? counts.involuntary : counts.voluntary);
  next->SwitchFrom(previous);
  if (!finished_.IsEmpty()) [[unlikely]]
    BuryFinished();
}

void Scheduler::UpdateWork(uint32_t kept) {
  const bool is_interrupted = IsInterrupted(*current_, Interruption::kBySignals);
  const uint32_t interruption = is_interrupted ? BitOf(ReturnWork::kInterruption) : 0;
  const uint32_t other = work_.load(std::memory_order_relaxed) & kept;
  work_.store(other | interruption, std::memory_order_relaxed);
}

void Scheduler::SetSignal(Thread& thread, bool has_signal) {
  thread.has_signal_ = has_signal;
  if (&thread == current_) return UpdateWork(BitOf(ReturnWork::kReschedule));
  if (has_signal && thread.state_ == ThreadState::kBlocked &&
      thread.ended_by_ == Interruption::kBySignals) {
    EndWait(thread, WaitResult::kInterrupted);
  }
}

void Scheduler::SetDying(Thread& thread) {
  thread.is_dying_ = true;
  if (&thread == current_) return UpdateWork(BitOf(ReturnWork::kReschedule));
  EndWait(thread, WaitResult::kInterrupted);
}

void Scheduler::OnTimer(uint32_t ticks) {
  Thread& thread = *current_;
  thread.ticks_ += ticks;
  if (!timers_.IsEmpty()) {
    timers_.Expire(Now());
    if (!timers_.earliest().IsNever()) clock_.interrupt_by(timers_.earliest().nanoseconds);
  }
  thread.ticks_left_ -= std::min(ticks, thread.ticks_left_);
  thread.favour_left_ -= std::min(ticks, thread.favour_left_);
  if (thread.ticks_left_ == 0 && !ready_.IsEmpty()) {
    work_.fetch_or(BitOf(ReturnWork::kReschedule), std::memory_order_relaxed);
  }
}

void Scheduler::Preempt() {
  constexpr uint32_t kReschedule = BitOf(ReturnWork::kReschedule);
  if ((work_.load(std::memory_order_relaxed) & kReschedule) == 0) return;
  work_.fetch_and(~kReschedule, std::memory_order_relaxed);
  if (favoured_ == nullptr || current_->ticks_left_ == 0) return Yield();
  Thread& favoured = *favoured_;
  CHECK(ready_.PopFront() == &favoured);
  MakeFirst(*current_);
  ready_.PushFront(favoured);
  SwitchAway();
}

void Scheduler::RunIdle(base::FunctionRef<bool()> is_over, base::FunctionRef<void()> sleep) {
  CHECK(current_ == &idle_);
  while (true) {
    BuryFinished();
    if (!ready_.IsEmpty()) {
      Yield();
    } else if (is_over()) {
      return;
    } else {
      sleep();
    }
  }
}

void Scheduler::BuryFinished() {
  while (Thread* const thread = finished_.PopFront()) thread->Bury();
}

base::Result<> Scheduler::CheckInvariants() {
  size_t count = 0;
  bool is_sound = timers_.CheckInvariants().has_value() && current_->scheduler_ == this;
  ready_.ForEach([&](Thread& thread) {
    ++count;
    is_sound = is_sound && thread.state_ == ThreadState::kReady && !thread.IsSet();
  });
  finished_.ForEach([&](const Thread& thread) {
    is_sound = is_sound && thread.state_ == ThreadState::kFinished;
  });
  if (!is_sound || count != ready_count_) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace sched
