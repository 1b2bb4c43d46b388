// What is to happen at moments of the monotonic clock, the earliest first: a pairing heap through
// the timers themselves, so that setting one takes no memory. Setting is O(1), taking the earliest
// or cancelling any O(log n) on average.
#pragma once

#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/sched/deadline.h"

namespace sched {

// Something that happens once at its deadline, unless it is cancelled before.
class Timer {
 public:
  Timer() = default;
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  [[nodiscard]] bool IsSet() const { return is_set_; }
  // Only while it is set.
  [[nodiscard]] Deadline deadline() const { return deadline_; }

  // The deadline has passed; the timer is no longer set, and may be set again.
  virtual void OnExpired() = 0;

 protected:
  // CHECKed: it is not set.
  ~Timer() { CHECK(!is_set_); }

 private:
  friend class TimerQueue;

  Deadline deadline_ = Deadline::Never();
  Timer* child_ = nullptr;     // the first of those that are later
  Timer* next_ = nullptr;      // the next child of the same parent
  Timer* previous_ = nullptr;  // the child before it; of a first child, the parent
  bool is_set_ = false;
};

class TimerQueue {
 public:
  TimerQueue() = default;
  TimerQueue(const TimerQueue&) = delete;
  TimerQueue& operator=(const TimerQueue&) = delete;

  // CHECKed: it is not set.
  void Set(Timer& timer, Deadline deadline);
  // Nothing if it is not set.
  void Cancel(Timer& timer);

  [[nodiscard]] bool IsEmpty() const { return root_ == nullptr; }
  // Never, when there is none.
  [[nodiscard]] Deadline earliest() const {
    return root_ == nullptr ? Deadline::Never() : root_->deadline_;
  }

  // Calls OnExpired() of every timer whose deadline is not after `now`, in their order.
  void Expire(uint64_t now);

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static Timer* Meld(Timer* left, Timer* right);
  static Timer* MeldChildren(Timer* first);
  [[nodiscard]] static bool IsSound(const Timer& parent);

  Timer* root_ = nullptr;
};

}  // namespace sched
