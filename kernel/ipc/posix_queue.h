// A message queue of POSIX, with threads that wait for room or for a message, and the one process
// that wants to hear when the queue is no longer empty.
//
// Belongs to whoever is in the kernel: not locked. What may block says so.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/ipc/priority_queue.h"
#include "kernel/ipc/waiting.h"
#include "kernel/posix/errno.h"
#include "kernel/sched/deadline.h"
#include "kernel/sched/wait_queue.h"

namespace ipc {

// That a process is to be told of a message in an empty queue that nobody waits at, once.
struct Notice {
  // Who asked: the notice goes when he closes the queue.
  const void* owner = nullptr;
  int32_t process = 0;
  uint32_t signal = 0;  // 0: nobody is told, but the notice is used up
  uintptr_t value = 0;
};

class PosixQueue {
 public:
  PosixQueue(std::byte* memory, const QueueShape& shape) : messages_(memory, shape) {}

  [[nodiscard]] PriorityQueue& messages() { return messages_; }
  [[nodiscard]] const PriorityQueue& messages() const { return messages_; }

  // Until there is room, or a message. Blocks if it may. Errors: kAgain, kTimedOut, kRestart.
  [[nodiscard]] posix::Result<> AwaitRoom(Waiting waiting, sched::Deadline deadline) {
    return Await(writable_, &PriorityQueue::IsFull, waiting, deadline);
  }
  [[nodiscard]] posix::Result<> AwaitMessage(Waiting waiting, sched::Deadline deadline) {
    return Await(readable_, &PriorityQueue::IsEmpty, waiting, deadline);
  }

  // What is in messages().room() goes into the queue; one who waits for a message may look. The
  // notice, where it is due, is used up.
  [[nodiscard]] std::optional<Notice> Send(uint32_t bytes, uint32_t priority);
  // messages().front() has been received.
  void Finish();
  // Who awaited room, or a message, and cannot use it: the wake goes on to another who waits.
  void LeaveRoom() { writable_.WakeOne(); }
  void LeaveMessage() { readable_.WakeOne(); }

  // Woken when there is room or a message where there was none.
  [[nodiscard]] sched::WaitQueue& changed() { return changed_; }

  // Error: kBusy, there is one.
  [[nodiscard]] posix::Result<> SetNotice(const Notice& notice);
  // Nothing if it is not that owner's.
  void DropNotice(const void* owner);

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const { return messages_.CheckInvariants(); }

 private:
  using Hindrance = bool (PriorityQueue::*)() const;

  posix::Result<> Await(sched::WaitQueue& waiters, Hindrance hindrance, Waiting waiting,
                        sched::Deadline deadline);

  PriorityQueue messages_;
  sched::WaitQueue readable_;
  sched::WaitQueue writable_;
  sched::WaitQueue changed_;
  std::optional<Notice> notice_;
};

}  // namespace ipc
