#include "kernel/ipc/message_queues.h"

#include <memory>
#include <new>

#include "kernel/posix/ipc.h"

namespace ipc {

using posix::Errno;

// Keeps a queue that may be removed while the thread blocks.
class MessageQueues::Hold {
 public:
  Hold(MessageQueues& queues, Queue& queue) : queues_(queues), queue_(queue) { ++queue.holders_; }
  ~Hold() {
    if (--queue_.holders_ > 0 || !queue_.is_removed_) return;
    std::destroy_at(&queue_);
    queues_.heap_.Free(&queue_);
  }
  Hold(const Hold&) = delete;
  Hold& operator=(const Hold&) = delete;

  // Until the other side has done something. Blocks.
  posix::Result<> Wait(sched::WaitQueue& waiters) {
    if (waiters.Wait() == sched::WaitResult::kInterrupted) {
      return std::unexpected(Errno::kInterrupted);
    }
    if (queue_.is_removed_) return std::unexpected(Errno::kIdentifierRemoved);
    return {};
  }

 private:
  MessageQueues& queues_;
  Queue& queue_;
};

posix::Result<int32_t> MessageQueues::Get(int32_t key, int flags, uint64_t seconds) {
  if (const auto found = table_.ScanForKey(key)) {
    const bool is_new = (flags & posix::ipc::kCreate) != 0 && (flags & posix::ipc::kExclusive) != 0;
    if (is_new) return std::unexpected(Errno::kExists);
    return *found;
  }
  if (key != posix::ipc::kPrivate && (flags & posix::ipc::kCreate) == 0) {
    return std::unexpected(Errno::kNoEntry);
  }
  const auto memory = heap_.Allocate(sizeof(Queue));
  if (!memory) return std::unexpected(Errno::kOutOfMemory);
  auto* const queue = new (*memory) Queue(heap_);
  const auto id = table_.Add(key, queue);
  if (!id) {
    std::destroy_at(queue);
    heap_.Free(queue);
    return std::unexpected(Errno::kNoSpace);
  }
  queue->mode = static_cast<uint32_t>(flags & posix::ipc::kModeMask);
  queue->changed_seconds = seconds;
  return *id;
}

posix::Result<MessageQueues::Queue*> MessageQueues::Find(int32_t id) const {
  Queue* const queue = table_.Find(id);
  if (queue == nullptr) return std::unexpected(Errno::kInvalid);
  return queue;
}

posix::Result<> MessageQueues::Send(Queue& queue, Message* message, Waiting waiting,
                                    const Doer& doer) {
  const size_t bytes = message->bytes().size();
  Hold hold(*this, queue);
  while (!queue.messages_.HasRoom(bytes)) {
    const posix::Result<> waited =
        waiting == Waiting::kAllowed ? hold.Wait(queue.writable_) : std::unexpected(Errno::kAgain);
    if (!waited) {
      queue.messages_.Drop(message);
      return waited;
    }
  }
  queue.messages_.Send(message);
  queue.sent_seconds = doer.seconds;
  queue.last_sender = doer.pid;
  queue.readable_.WakeAll();
  return {};
}

posix::Result<Message*> MessageQueues::Await(Queue& queue, const MessageChoice& choice,
                                             Waiting waiting) {
  Hold hold(*this, queue);
  while (true) {
    if (Message* const message = queue.messages_.Scan(choice)) return message;
    if (waiting == Waiting::kForbidden) return std::unexpected(Errno::kNoMessage);
    TRY(hold.Wait(queue.readable_));
  }
}

void MessageQueues::Finish(Queue& queue, Message* message, const Doer& doer) {
  queue.messages_.Take(message);
  queue.messages_.Drop(message);
  queue.received_seconds = doer.seconds;
  queue.last_receiver = doer.pid;
  queue.writable_.WakeAll();
}

void MessageQueues::SetLimit(Queue& queue, size_t bytes) {
  queue.messages_.SetLimit(bytes);
  queue.writable_.WakeAll();
}

void MessageQueues::Remove(int32_t id) {
  Queue& queue = *table_.Find(id);
  table_.Remove(id);
  queue.is_removed_ = true;
  queue.readable_.WakeAll();
  queue.writable_.WakeAll();
  // Frees it, unless somebody blocks in it.
  const Hold hold(*this, queue);
}

}  // namespace ipc
