// System V's message queues: by key and number, with threads that wait for room or for a message.
//
// Belongs to whoever is in the kernel: not locked. What may block says so.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/ipc/id_table.h"
#include "kernel/ipc/message_queue.h"
#include "kernel/ipc/waiting.h"
#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/posix/errno.h"
#include "kernel/sched/wait_queue.h"

namespace ipc {

// Who does something, and when, for the queue's status.
struct Doer {
  int32_t pid;
  uint64_t seconds;  // of the real-time clock
};

class MessageQueues {
 public:
  // Queues at once. Linux allows more; each takes up to 24 KiB of kernel memory here.
  static constexpr size_t kMostQueues = 256;

  // A queue while it exists. Whoever blocks in it holds it: it may be removed meanwhile.
  class Queue {
   public:
    MessageQueue& messages() { return messages_; }
    [[nodiscard]] const MessageQueue& messages() const { return messages_; }

    uint32_t mode = 0;
    uint64_t sent_seconds = 0;
    uint64_t received_seconds = 0;
    uint64_t changed_seconds = 0;
    int32_t last_sender = 0;
    int32_t last_receiver = 0;

   private:
    friend class MessageQueues;
    explicit Queue(mm::KernelHeap& heap) : messages_(heap) {}

    MessageQueue messages_;
    sched::WaitQueue readable_;
    sched::WaitQueue writable_;
    uint32_t holders_ = 0;
    bool is_removed_ = false;
  };

  explicit MessageQueues(mm::KernelHeap& heap) : heap_(heap) {}
  MessageQueues(const MessageQueues&) = delete;
  MessageQueues& operator=(const MessageQueues&) = delete;

  // The number of the queue with this key, made if `flags` (posix/ipc.h) say so. Errors: kNoEntry,
  // kExists, kNoSpace (kMostQueues), kOutOfMemory.
  [[nodiscard]] posix::Result<int32_t> Get(int32_t key, int flags, uint64_t seconds);

  // Error: kInvalid, there is no such queue.
  [[nodiscard]] posix::Result<Queue*> Find(int32_t id) const;
  [[nodiscard]] int32_t KeyOf(int32_t id) const { return table_.KeyOf(id); }

  // Takes `message`, which Make() gave, into the queue, or drops it on an error: kAgain (no room,
  // and no waiting), kIdentifierRemoved, kInterrupted. Blocks if it may.
  [[nodiscard]] posix::Result<> Send(Queue& queue, Message* message, Waiting waiting,
                                     const Doer& doer);

  // Waits for a message of that choice, which stays in the queue until Finish(). Errors: kNoMessage
  // (no waiting), kIdentifierRemoved, kInterrupted. Blocks if it may.
  [[nodiscard]] posix::Result<Message*> Await(Queue& queue, const MessageChoice& choice,
                                              Waiting waiting);
  // The message has been received: it goes, and there is room.
  void Finish(Queue& queue, Message* message, const Doer& doer);

  // Another limit, and wakes who may have room now.
  void SetLimit(Queue& queue, size_t bytes);

  // The queue and what is in it go; who waits gets kIdentifierRemoved. Of a number that exists.
  void Remove(int32_t id);

 private:
  class Hold;

  mm::KernelHeap& heap_;
  IdTable<Queue, kMostQueues> table_;
};

}  // namespace ipc
