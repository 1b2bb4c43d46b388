#include "kernel/syscall/message_calls.h"

#include <algorithm>
#include <limits>
#include <span>

#include "kernel/ipc/message_queues.h"
#include "kernel/process/current.h"
#include "kernel/syscall/services.h"

namespace syscall {
namespace {

using ipc::Message;
using ipc::MessageChoice;
using ipc::MessageQueues;
using ipc::Waiting;
using posix::Errno;

MessageQueues& Queues() { return TheServices().message_queues; }

ipc::Doer Myself() {
  return {.pid = kernel::CurrentProcess().id(),
          .seconds = static_cast<uint64_t>(TheServices().environment.Now().seconds)};
}

Waiting WaitingOf(int flags) {
  return (flags & posix::ipc::kNoWait) != 0 ? Waiting::kForbidden : Waiting::kAllowed;
}

MessageChoice ChoiceOf(intptr_t type, int flags) {
  using Kind = MessageChoice::Kind;
  if (type == 0) return {Kind::kFirst, 0};
  if (type > 0)
    return {(flags & posix::ipc::kExcept) != 0 ? Kind::kOfAnother : Kind::kOfType, type};
  // The most negative number has no positive.
  constexpr intptr_t kLowest = std::numeric_limits<intptr_t>::min();
  return {Kind::kLowestUpTo, type == kLowest ? std::numeric_limits<intptr_t>::max() : -type};
}

mm::VirtAddr BytesOf(UserMessage message) { return message.At(1).va(); }

posix::ipc::QueueStatus<uintptr_t> StatusOf(int32_t id, const MessageQueues::Queue& queue) {
  using Moment = posix::ipc::Moment<uintptr_t>;
  return {.permissions = {.key = Queues().KeyOf(id), .mode = queue.mode},
          .sent = Moment::At(queue.sent_seconds),
          .received = Moment::At(queue.received_seconds),
          .changed = Moment::At(queue.changed_seconds),
          .used_bytes = queue.messages().used_bytes(),
          .messages = queue.messages().count(),
          .limit_bytes = queue.messages().limit_bytes(),
          .last_sender = queue.last_sender,
          .last_receiver = queue.last_receiver};
}

posix::CallResult SetStatus(MessageQueues::Queue& queue, UserQueueStatus status) {
  const auto wanted = TRY(status.Read());
  if (wanted.limit_bytes == 0) return std::unexpected(Errno::kInvalid);
  // Linux lets the privileged go beyond its limit; kernel memory is not given away here.
  Queues().SetLimit(queue,
                    std::min<size_t>(wanted.limit_bytes, ipc::MessageQueue::kMostQueueBytes));
  queue.mode = wanted.permissions.mode & posix::ipc::kModeMask;
  queue.changed_seconds = Myself().seconds;
  return 0;
}

}  // namespace

posix::CallResult Msgget(int32_t key, int flags) {
  return TRY(Queues().Get(key, flags, Myself().seconds));
}

posix::CallResult Msgsnd(int32_t id, UserMessage message, size_t bytes, int flags) {
  MessageQueues::Queue& queue = *TRY(Queues().Find(id));
  const intptr_t type = TRY(message.Read());
  const auto made = queue.messages().Make(type, bytes);
  if (!made) return std::unexpected(posix::ErrnoOf(made.error()));
  if (const auto read = kernel::ReadUser((*made)->bytes(), BytesOf(message)); !read) {
    queue.messages().Drop(*made);
    return std::unexpected(read.error());
  }
  TRY(Queues().Send(queue, *made, WaitingOf(flags), Myself()));
  return 0;
}

posix::CallResult Msgrcv(int32_t id, UserMessage message, size_t bytes, intptr_t type, int flags) {
  if ((flags & posix::ipc::kCopy) != 0) return std::unexpected(Errno::kNotImplemented);
  if (bytes > static_cast<size_t>(std::numeric_limits<intptr_t>::max())) {
    return std::unexpected(Errno::kInvalid);
  }
  MessageQueues::Queue& queue = *TRY(Queues().Find(id));
  Message* const found = TRY(Queues().Await(queue, ChoiceOf(type, flags), WaitingOf(flags)));
  std::span<const std::byte> content = found->bytes();
  if (content.size() > bytes) {
    if ((flags & posix::ipc::kNoError) == 0) return std::unexpected(Errno::kArgumentsTooLong);
    content = content.first(bytes);
  }
  // A message that cannot be handed over stays.
  TRY(message.Write(static_cast<intptr_t>(found->type())));
  TRY(kernel::WriteUser(BytesOf(message), content));
  Queues().Finish(queue, found, Myself());
  return static_cast<intptr_t>(content.size());
}

posix::CallResult Msgctl(int32_t id, int command, UserQueueStatus status) {
  MessageQueues::Queue& queue = *TRY(Queues().Find(id));
  switch (command & ~posix::ipc::kNewStructures) {
    case posix::ipc::kRemove:
      Queues().Remove(id);
      return 0;
    case posix::ipc::kSet:
      return SetStatus(queue, status);
    case posix::ipc::kStatus:
      TRY(status.Write(StatusOf(id, queue)));
      return 0;
    default:
      return std::unexpected(Errno::kInvalid);
  }
}

}  // namespace syscall
