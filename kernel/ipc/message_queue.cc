#include "kernel/ipc/message_queue.h"

#include <new>

#include "kernel/base/check.h"

namespace ipc {

MessageQueue::~MessageQueue() {
  while (first_ != nullptr) {
    Message* const message = first_;
    first_ = message->next_;
    Drop(message);
  }
}

base::Result<Message*> MessageQueue::Make(int64_t type, size_t bytes) {
  if (type < 1 || bytes > kMostMessageBytes) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  auto* const message = new (TRY(heap_.Allocate(sizeof(Message) + bytes))) Message;
  message->type_ = type;
  message->size_bytes_ = bytes;
  return message;
}

void MessageQueue::Drop(Message* message) { heap_.Free(message); }

void MessageQueue::Send(Message* message) {
  CHECK(HasRoom(message->size_bytes_));
  message->next_ = nullptr;
  (first_ == nullptr ? first_ : last_->next_) = message;
  last_ = message;
  ++count_;
  used_bytes_ += message->size_bytes_;
}

Message* MessageQueue::Scan(const MessageChoice& choice) const {
  using Kind = MessageChoice::Kind;
  Message* lowest = nullptr;
  for (Message* one = first_; one != nullptr; one = one->next_) {
    switch (choice.kind) {
      case Kind::kFirst:
        return one;
      case Kind::kOfType:
        if (one->type_ == choice.type) return one;
        break;
      case Kind::kOfAnother:
        if (one->type_ != choice.type) return one;
        break;
      case Kind::kLowestUpTo:
        if (one->type_ > choice.type) break;
        if (lowest == nullptr || one->type_ < lowest->type_) lowest = one;
        break;
    }
  }
  return lowest;
}

void MessageQueue::Take(Message* message) {
  Message* before = nullptr;
  for (Message* one = first_; one != message; one = one->next_) {
    CHECK(one != nullptr);
    before = one;
  }
  (before == nullptr ? first_ : before->next_) = message->next_;
  if (last_ == message) last_ = before;
  --count_;
  used_bytes_ -= message->size_bytes_;
}

base::Result<> MessageQueue::CheckInvariants() const {
  size_t count = 0;
  size_t bytes = 0;
  const Message* last = nullptr;
  for (const Message* one = first_; one != nullptr; one = one->next_) {
    if (one->type_ < 1 || one->size_bytes_ > kMostMessageBytes || count == count_) {
      return std::unexpected(base::Error::kCorrupt);
    }
    ++count;
    bytes += one->size_bytes_;
    last = one;
  }
  const bool is_right = count == count_ && bytes == used_bytes_ && bytes <= limit_bytes_ &&
                        (first_ == nullptr || last == last_);
  if (!is_right) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace ipc
