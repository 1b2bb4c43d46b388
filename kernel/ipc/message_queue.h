// A queue of messages with types, as System V's msgsnd and msgrcv have it. Nothing here waits: who
// finds the queue full, or nothing in it for him, waits outside and tries again.
//
// Belongs to whoever is in the kernel: not locked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/heap/kernel_heap.h"

namespace ipc {

// A message of a queue's own memory. Its bytes follow it.
class Message {
 public:
  [[nodiscard]] int64_t type() const { return type_; }
  [[nodiscard]] std::span<std::byte> bytes() {
    return {reinterpret_cast<std::byte*>(this + 1), size_bytes_};
  }

 private:
  friend class MessageQueue;

  Message* next_ = nullptr;
  int64_t type_ = 0;
  size_t size_bytes_ = 0;
};

// Which message somebody wants.
struct MessageChoice {
  enum class Kind : uint8_t {
    kFirst,       // whatever its type
    kOfType,      // the first of `type`
    kOfAnother,   // the first of any type but that
    kLowestUpTo,  // the first of the lowest type that is not above `type`
  };

  Kind kind = Kind::kFirst;
  int64_t type = 0;
};

class MessageQueue {
 public:
  // Linux's MSGMAX and MSGMNB: the bytes of one message, and of all in a queue.
  static constexpr size_t kMostMessageBytes = 8192;
  static constexpr size_t kMostQueueBytes = 16384;

  explicit MessageQueue(mm::KernelHeap& heap) : heap_(heap) {}
  MessageQueue(const MessageQueue&) = delete;
  MessageQueue& operator=(const MessageQueue&) = delete;
  // Messages that nobody took are lost.
  ~MessageQueue();

  // A message to be filled and then sent or dropped. Errors: kInvalidArgument (a type below 1, or
  // more bytes than kMostMessageBytes), kOutOfMemory.
  [[nodiscard]] base::Result<Message*> Make(int64_t type, size_t bytes);
  void Drop(Message* message);

  // Whether a message of that many bytes may be sent now. An empty message needs room, too: there
  // may be as many messages as bytes.
  [[nodiscard]] bool HasRoom(size_t bytes) const {
    return bytes <= limit_bytes_ - used_bytes_ && count_ < limit_bytes_;
  }
  // Appends it. CHECKed: HasRoom().
  void Send(Message* message);

  // The message itself, which stays in the queue; null if there is none. O(messages).
  [[nodiscard]] Message* Scan(const MessageChoice& choice) const;
  // Takes a message that Scan() found out of the queue, to be dropped by the caller. O(messages).
  void Take(Message* message);

  [[nodiscard]] size_t count() const { return count_; }
  [[nodiscard]] size_t used_bytes() const { return used_bytes_; }
  [[nodiscard]] size_t limit_bytes() const { return limit_bytes_; }
  // What is in the queue already stays, even if it is more.
  void SetLimit(size_t bytes) { limit_bytes_ = bytes < used_bytes_ ? used_bytes_ : bytes; }

  // The counts are those of the list. O(messages). Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  mm::KernelHeap& heap_;
  Message* first_ = nullptr;
  Message* last_ = nullptr;
  size_t count_ = 0;
  size_t used_bytes_ = 0;
  size_t limit_bytes_ = kMostQueueBytes;
};

}  // namespace ipc
