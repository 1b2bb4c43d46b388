// Messages by priority, and those of one priority in the order in which they came, as POSIX's
// mq_send and mq_receive have it. All memory is there from the start, so that a message that finds
// room is never refused. Nothing here waits.
//
// Belongs to whoever is in the kernel: not locked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"

namespace ipc {

// What a queue has room for.
struct QueueShape {
  uint32_t messages;       // at least 1
  uint32_t message_bytes;  // of the largest; at least 1
};

class PriorityQueue {
 public:
  // The bytes that a queue of that shape lies in, aligned as for a pointer.
  [[nodiscard]] static uint64_t BytesFor(const QueueShape& shape) {
    return uint64_t{shape.messages} * (sizeof(Entry) + shape.message_bytes);
  }

  // `memory` has BytesFor(shape) bytes and outlives the queue.
  PriorityQueue(std::byte* memory, const QueueShape& shape);
  PriorityQueue(const PriorityQueue&) = delete;
  PriorityQueue& operator=(const PriorityQueue&) = delete;

  [[nodiscard]] const QueueShape& shape() const { return shape_; }
  [[nodiscard]] uint32_t count() const { return count_; }
  [[nodiscard]] bool IsEmpty() const { return count_ == 0; }
  [[nodiscard]] bool IsFull() const { return count_ == shape_.messages; }

  // Where the next message's bytes go, before Push(). CHECKed: it is not full.
  [[nodiscard]] std::span<std::byte> room();
  // The first `bytes` of room() are a message. O(log n).
  void Push(uint32_t bytes, uint32_t priority);

  // The first of the highest priority. Its bytes stay until the next Push(). CHECKed: there is one.
  struct Message {
    std::span<const std::byte> bytes;
    uint32_t priority;
  };
  [[nodiscard]] Message front() const;
  // Takes it out. O(log n).
  void Pop();

  // Error: kCorrupt. O(n^2).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  // A message, or a free place for one. The first count_ are a heap, with the message that is next
  // at the root.
  struct Entry {
    uint64_t sequence;  // one that came later has a larger one
    uint32_t priority;
    uint32_t slot;
    uint32_t bytes;
  };

  static bool IsAfter(const Entry& left, const Entry& right) {
    if (left.priority != right.priority) return left.priority < right.priority;
    return left.sequence > right.sequence;
  }
  [[nodiscard]] std::byte* SlotOf(const Entry& entry) const {
    return slots_ + size_t{entry.slot} * shape_.message_bytes;
  }

  QueueShape shape_;
  Entry* entries_;
  std::byte* slots_;
  uint32_t count_ = 0;
  uint64_t next_sequence_ = 0;
};

}  // namespace ipc
