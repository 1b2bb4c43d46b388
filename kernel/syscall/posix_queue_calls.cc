#include "kernel/syscall/posix_queue_calls.h"

#include <optional>
#include <utility>

#include "arch/ops/abi.h"
#include "kernel/fs/queue_file.h"
#include "kernel/ipc/posix_queue.h"
#include "kernel/process/current.h"
#include "kernel/process/signals.h"
#include "kernel/syscall/file_access.h"
#include "kernel/syscall/real_time.h"

namespace syscall {
namespace {

using fs::OpenFile;
using fs::QueueFile;
using fs::QueueNames;
using fs::Ref;
using ipc::PosixQueue;
using ipc::Waiting;
using posix::Errno;
namespace open_flag = posix::open_flag;

constexpr auto kInvalid = std::unexpected(Errno::kInvalid);

QueueNames& Queues() { return TheServices().queue_names; }

// The file stays while a call blocks in its queue.
struct HeldQueue {
  Ref<OpenFile> file;
  PosixQueue& queue;

  [[nodiscard]] Waiting waiting() const {
    return file->blocking() == fs::Blocking::kYes ? Waiting::kAllowed : Waiting::kForbidden;
  }
};

posix::Result<HeldQueue> QueueOf(int descriptor) {
  Ref<OpenFile> file = TRY(FileOf(descriptor));
  QueueFile* const queue_file = QueueFile::From(*file);
  if (queue_file == nullptr) return std::unexpected(Errno::kBadDescriptor);
  return HeldQueue{std::move(file), queue_file->queue()};
}

// Without a time, for ever.
template <class Time>
posix::Result<sched::Deadline> DeadlineAt(kernel::UserPointer<Time> time) {
  if (time.IsNull()) [[likely]]
    return sched::Deadline::Never();
  const auto nanoseconds = posix::NanosecondsOf(TRY(time.Read()));
  if (!nanoseconds) return kInvalid;
  return AtRealTime(*nanoseconds);
}

// A program's words are signed and may be of 64 bits: what is too large is beyond every limit.
posix::Result<ipc::QueueShape> ShapeOf(const posix::ipc::QueueAttributes<uintptr_t>& attributes) {
  const bool fits = attributes.most_messages <= QueueNames::kMostMessages &&
                    attributes.message_bytes <= QueueNames::kMostMessageBytes;
  if (!fits) return kInvalid;
  return ipc::QueueShape{.messages = static_cast<uint32_t>(attributes.most_messages),
                         .message_bytes = static_cast<uint32_t>(attributes.message_bytes)};
}

posix::ipc::QueueAttributes<uintptr_t> AttributesOf(const HeldQueue& held) {
  const ipc::PriorityQueue& messages = held.queue.messages();
  return {.flags = held.file->flags() & open_flag::kNonBlock,
          .most_messages = messages.shape().messages,
          .message_bytes = messages.shape().message_bytes,
          .messages = messages.count()};
}

// Where the process is still the one that asked, and still has its descriptors.
void Tell(const ipc::Notice& notice) {
  const auto signal = posix::SignalOf(notice.signal);
  process::Process* const target = process::TheSystem().pids().Find(notice.process).process;
  if (!signal || target == nullptr || target->files.get() != notice.owner) return;
  // If too many are pending, nobody is told: the message does not depend on it.
  static_cast<void>(
      process::SendToProcess(*target, *signal,
                             process::InformationOf(*signal, posix::SignalCode::kMessage,
                                                    kernel::CurrentProcess(), notice.value)));
}

template <class Time>
posix::CallResult Send(int descriptor, uintptr_t message, size_t bytes, uint32_t priority,
                       kernel::UserPointer<Time> time) {
  const sched::Deadline deadline = TRY(DeadlineAt(time));
  if (priority >= posix::ipc::kPriorities) return kInvalid;
  const HeldQueue held = TRY(QueueOf(descriptor));
  if (!held.file->IsWritable()) return std::unexpected(Errno::kBadDescriptor);
  ipc::PriorityQueue& messages = held.queue.messages();
  if (bytes > messages.shape().message_bytes) return std::unexpected(Errno::kMessageTooLong);
  TRY(held.queue.AwaitRoom(held.waiting(), deadline));
  if (const auto read = kernel::ReadUser(messages.room().first(bytes), mm::VirtAddr{message});
      !read) {
    held.queue.LeaveRoom();
    return read;
  }
  if (const auto notice = held.queue.Send(static_cast<uint32_t>(bytes), priority)) Tell(*notice);
  return 0;
}

posix::Result<> HandOver(const ipc::PriorityQueue::Message& message, mm::VirtAddr to,
                         kernel::UserPointer<uint32_t> priority) {
  if (!priority.IsNull()) TRY(priority.Write(message.priority));
  return kernel::WriteUser(to, message.bytes);
}

template <class Time>
posix::CallResult Receive(int descriptor, uintptr_t message, size_t bytes,
                          kernel::UserPointer<uint32_t> priority, kernel::UserPointer<Time> time) {
  const sched::Deadline deadline = TRY(DeadlineAt(time));
  const HeldQueue held = TRY(QueueOf(descriptor));
  if (!held.file->IsReadable()) return std::unexpected(Errno::kBadDescriptor);
  ipc::PriorityQueue& messages = held.queue.messages();
  if (bytes < messages.shape().message_bytes) return std::unexpected(Errno::kMessageTooLong);
  TRY(held.queue.AwaitMessage(held.waiting(), deadline));
  const ipc::PriorityQueue::Message first = messages.front();
  if (const auto handed_over = HandOver(first, mm::VirtAddr{message}, priority); !handed_over) {
    held.queue.LeaveMessage();
    return handed_over;
  }
  held.queue.Finish();
  return static_cast<intptr_t>(first.bytes.size());
}

}  // namespace

posix::CallResult MqOpen(uintptr_t name, uint32_t flags, uint32_t mode,
                         UserQueueAttributes attributes) {
  const uint32_t decoded = posix::DecodeOpenFlags(arch::kAbi, flags);
  if ((decoded & open_flag::kAccessMode) == open_flag::kAccessMode) return kInvalid;
  // Looked at by every call, though only a new queue has them.
  std::optional<posix::ipc::QueueAttributes<uintptr_t>> given;
  if (!attributes.IsNull()) given = TRY(attributes.Read());
  UserPath path;
  TRY(path.Read(name));
  const process::Process& caller = kernel::CurrentProcess();
  QueueNames::NewQueue wanted = {
      .permissions = mode & posix::kPermissionMask & ~Place().umask(),
      .most_bytes = caller.limits[posix::Resource::kMessageQueueBytes].soft};
  const bool makes = (decoded & open_flag::kCreate) != 0;
  if (makes && given) wanted.shape = TRY(ShapeOf(*given));
  Ref<OpenFile> file = TRY(Queues().Open(path.text(), decoded, wanted));
  return Files().Add(std::move(file), fs::CloseOnExec::kYes);
}

posix::CallResult MqUnlink(uintptr_t name) {
  UserPath path;
  TRY(path.Read(name));
  return Queues().Unlink(path.text());
}

posix::CallResult MqTimedsend(int descriptor, uintptr_t message, size_t bytes, uint32_t priority,
                              UserMessageTime time) {
  return Send(descriptor, message, bytes, priority, time);
}
posix::CallResult MqTimedsendTime64(int descriptor, uintptr_t message, size_t bytes,
                                    uint32_t priority, UserLongMessageTime time) {
  return Send(descriptor, message, bytes, priority, time);
}

posix::CallResult MqTimedreceive(int descriptor, uintptr_t message, size_t bytes,
                                 kernel::UserPointer<uint32_t> priority, UserMessageTime time) {
  return Receive(descriptor, message, bytes, priority, time);
}
posix::CallResult MqTimedreceiveTime64(int descriptor, uintptr_t message, size_t bytes,
                                       kernel::UserPointer<uint32_t> priority,
                                       UserLongMessageTime time) {
  return Receive(descriptor, message, bytes, priority, time);
}

posix::CallResult MqNotify(int descriptor, kernel::UserPointer<posix::SignalEvent> event) {
  ipc::Notice notice = {.owner = &Files(), .process = kernel::CurrentProcess().id()};
  if (!event.IsNull()) {
    const posix::SignalEvent wanted = TRY(event.Read());
    switch (wanted.kind) {
      case posix::EventKind::kNone:
        break;
      case posix::EventKind::kSignal:
        if (wanted.signal > posix::kSignalCount) return kInvalid;
        notice.signal = wanted.signal;
        notice.value = wanted.value;
        break;
      case posix::EventKind::kThread:
        return std::unexpected(Errno::kBadDescriptor);
      default:
        return kInvalid;
    }
  }
  PosixQueue& queue = TRY(QueueOf(descriptor)).queue;
  if (event.IsNull()) {
    queue.DropNotice(notice.owner);
  } else {
    TRY(queue.SetNotice(notice));
  }
  return 0;
}

posix::CallResult MqGetsetattr(int descriptor, UserQueueAttributes wanted,
                               UserQueueAttributes before) {
  std::optional<posix::ipc::QueueAttributes<uintptr_t>> given;
  if (!wanted.IsNull()) {
    given = TRY(wanted.Read());
    if ((given->flags & ~uintptr_t{open_flag::kNonBlock}) != 0) return kInvalid;
  }
  const HeldQueue held = TRY(QueueOf(descriptor));
  const auto old = AttributesOf(held);
  if (given) {
    held.file->SetStatusFlags((held.file->flags() & ~open_flag::kNonBlock) |
                              static_cast<uint32_t>(given->flags));
  }
  if (!before.IsNull()) TRY(before.Write(old));
  return 0;
}

}  // namespace syscall
