#include "kernel/sched/wait_queue.h"

namespace sched {

void Watch::Attach(WaitQueue& queue) {
  thread_ = &Current();
  queue.watches_.PushBack(*this);
}

WaitResult WaitQueue::Wait(Deadline deadline, Interruption interruption) {
  const Watch watch(*this);
  return Block(deadline, interruption);
}

void WaitQueue::WakeAll() {
  while (!IsEmpty()) WakeOne();
}

void WaitQueue::WakeOne() {
  if (Watch* const watch = watches_.PopFront()) Wake(*watch->thread_);
}

}  // namespace sched
