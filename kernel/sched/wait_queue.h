// Threads that wait for something to become true. Nothing in the kernel runs between a look at the
// condition and Wait(), so no wake gets lost:
//
//   while (pipe.IsEmpty()) {
//     if (pipe.readable().Wait() == WaitResult::kInterrupted) return Errno::kInterrupted;
//   }
#pragma once

#include "kernel/base/intrusive_list.h"
#include "kernel/sched/block.h"
#include "kernel/sched/deadline.h"

namespace sched {

class WaitQueue;

// The current thread's place in a queue, for those who wait for several at once (poll): attach one
// to each queue, look at the conditions, then WaitForWatches(). A wake takes the watch out of its
// queue; its end does, too.
class Watch : public base::ListHook<Watch> {
 public:
  Watch() = default;
  explicit Watch(WaitQueue& queue) { Attach(queue); }
  ~Watch() { Detach(); }

  // CHECKed: it is in no queue. Behind whoever waits there already.
  void Attach(WaitQueue& queue);
  void Detach() {
    if (IsLinked()) Unlink();
  }
  // Whether nobody has woken it since Attach().
  [[nodiscard]] bool IsAttached() const { return IsLinked(); }

 private:
  friend class WaitQueue;
  Thread* thread_ = nullptr;
};

class WaitQueue {
 public:
  constexpr WaitQueue() = default;

  // Blocks the current thread. See Block() for what ends it.
  WaitResult Wait(Deadline deadline = Deadline::Never(),
                  Interruption interruption = Interruption::kBySignals);

  // Who waits, becomes runnable and leaves the queue. Never blocks.
  void WakeAll();
  // The one that has waited longest.
  void WakeOne();

  [[nodiscard]] bool IsEmpty() const { return watches_.IsEmpty(); }

 private:
  friend class Watch;
  base::List<Watch> watches_;
};

// Blocks until a queue wakes one of the watches that the current thread has attached.
inline WaitResult WaitForWatches(Deadline deadline) {
  return Block(deadline, Interruption::kBySignals);
}

}  // namespace sched
