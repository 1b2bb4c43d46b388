#include "kernel/ipc/posix_queue.h"

#include <utility>

namespace ipc {

using posix::Errno;

// A message wakes one who waits: whoever was woken has to take it, even if his time is over or a
// signal has come meanwhile, or to leave it to the next.
posix::Result<> PosixQueue::Await(sched::WaitQueue& waiters, Hindrance hindrance, Waiting waiting,
                                  sched::Deadline deadline) {
  sched::WaitResult last = sched::WaitResult::kWoken;
  while ((messages_.*hindrance)()) {
    if (waiting == Waiting::kForbidden) return std::unexpected(Errno::kAgain);
    if (last == sched::WaitResult::kTimedOut) return std::unexpected(Errno::kTimedOut);
    if (last == sched::WaitResult::kInterrupted) return std::unexpected(Errno::kRestart);
    last = waiters.Wait(deadline);
  }
  return {};
}

std::optional<Notice> PosixQueue::Send(uint32_t bytes, uint32_t priority) {
  const bool was_empty = messages_.IsEmpty();
  messages_.Push(bytes, priority);
  if (was_empty) changed_.WakeAll();
  if (!readable_.IsEmpty()) {
    readable_.WakeOne();
    return std::nullopt;
  }
  return was_empty ? std::exchange(notice_, std::nullopt) : std::nullopt;
}

void PosixQueue::Finish() {
  const bool was_full = messages_.IsFull();
  messages_.Pop();
  if (was_full) changed_.WakeAll();
  writable_.WakeOne();
}

posix::Result<> PosixQueue::SetNotice(const Notice& notice) {
  if (notice_) return std::unexpected(Errno::kBusy);
  notice_ = notice;
  return {};
}

void PosixQueue::DropNotice(const void* owner) {
  if (notice_ && notice_->owner == owner) notice_.reset();
}

}  // namespace ipc
