#include "kernel/fs/queue_file.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "kernel/base/check.h"

namespace fs {

using posix::Errno;
namespace open_flag = posix::open_flag;
namespace poll_event = posix::poll_event;

namespace {

constexpr posix::DeviceNumber kQueueDevice = {0, 0x12};

// As Linux has it, where names of queues are those of one directory.
posix::Result<> CheckName(std::string_view name) {
  if (name.empty()) return std::unexpected(Errno::kNoEntry);
  if (name.size() > posix::kNameMax) return std::unexpected(Errno::kNameTooLong);
  if (name == "." || name == ".." || name.contains('/')) return std::unexpected(Errno::kAccess);
  return {};
}

}  // namespace

QueueInode::QueueInode(Memory& memory, Environment& environment, const posix::FileStatus& status,
                       QueueNames& names, std::string_view name, std::byte* storage,
                       const ipc::QueueShape& shape)
    : Inode(memory, environment, status),
      names_(names),
      storage_(storage),
      queue_(storage, shape),
      name_bytes_(name.size()) {
  CHECK(name.size() <= name_.size());
  std::ranges::copy(name, name_.begin());
  ++names_.queues_;
  names_.used_bytes_ += ipc::PriorityQueue::BytesFor(shape);
}

QueueInode::~QueueInode() {
  --names_.queues_;
  names_.used_bytes_ -= ipc::PriorityQueue::BytesFor(queue_.messages().shape());
  memory().Free(storage_);
}

posix::Result<Ref<OpenFile>> QueueInode::Open(uint32_t flags) {
  return TRY(MakeObject<QueueFile>(memory(), Ref<QueueInode>(this), flags));
}

uint16_t QueueFile::ReadyEvents() {
  uint16_t events = 0;
  if (!queue_.messages().IsEmpty()) events |= poll_event::kIn | poll_event::kReadNormal;
  if (!queue_.messages().IsFull()) events |= poll_event::kOut | poll_event::kWriteNormal;
  return events;
}

QueueNames::~QueueNames() {
  while (QueueInode* const queue = named_.first()) DropName(*queue);
  CHECK(queues_ == 0 && used_bytes_ == 0);
}

QueueInode* QueueNames::ScanFor(std::string_view name) {
  for (QueueInode& queue : named_) {
    if (queue.name() == name) return &queue;
  }
  return nullptr;
}

posix::Result<Ref<QueueInode>> QueueNames::Make(std::string_view name, const NewQueue& wanted) {
  const ipc::QueueShape& shape = wanted.shape;
  const bool is_possible = shape.messages >= 1 && shape.messages <= kMostMessages &&
                           shape.message_bytes >= 1 && shape.message_bytes <= kMostMessageBytes;
  if (!is_possible) return std::unexpected(Errno::kInvalid);
  if (queues_ == kMostQueues) return std::unexpected(Errno::kNoSpace);
  const uint64_t bytes = ipc::PriorityQueue::BytesFor(shape);
  if (used_bytes_ > wanted.most_bytes || bytes > wanted.most_bytes - used_bytes_) {
    return std::unexpected(Errno::kTooManyFiles);
  }
  if (bytes > std::numeric_limits<size_t>::max()) return std::unexpected(Errno::kOutOfMemory);
  const base::Result<void*> storage = memory_.Allocate(static_cast<size_t>(bytes));
  if (!storage) return std::unexpected(Errno::kOutOfMemory);
  const posix::TimeSpec now = environment_.Now();
  auto made = MakeObject<QueueInode>(memory_, environment_,
                                     posix::FileStatus{.inode = next_number_,
                                                       .type = posix::FileType::kRegular,
                                                       .permissions = wanted.permissions,
                                                       .containing_device = kQueueDevice,
                                                       .accessed = now,
                                                       .modified = now,
                                                       .changed = now},
                                     *this, name, static_cast<std::byte*>(*storage), shape);
  if (!made) {
    memory_.Free(*storage);
  } else {
    ++next_number_;
  }
  return made;
}

posix::Result<Ref<OpenFile>> QueueNames::Open(std::string_view name, uint32_t flags,
                                              const NewQueue& wanted) {
  TRY(CheckName(name));
  const bool makes = (flags & open_flag::kCreate) != 0;
  constexpr uint32_t kKept = open_flag::kAccessMode | open_flag::kNonBlock;
  if (QueueInode* const found = ScanFor(name)) {
    if (makes && (flags & open_flag::kExclusive) != 0) return std::unexpected(Errno::kExists);
    return found->Open(flags & kKept);
  }
  if (!makes) return std::unexpected(Errno::kNoEntry);
  const Ref<QueueInode> made = TRY(Make(name, wanted));
  Ref<OpenFile> file = TRY(made->Open(flags & kKept));
  made->kept_by_name_ = made;
  named_.PushBack(*made);
  return file;
}

posix::Result<> QueueNames::Unlink(std::string_view name) {
  TRY(CheckName(name));
  QueueInode* const found = ScanFor(name);
  if (found == nullptr) return std::unexpected(Errno::kNoEntry);
  DropName(*found);
  return {};
}

// The queue may end here.
void QueueNames::DropName(QueueInode& queue) {
  static_cast<base::ListHook<QueueInode>&>(queue).Unlink();
  const Ref<QueueInode> last = std::move(queue.kept_by_name_);
}

base::Result<> QueueNames::CheckInvariants() {
  size_t count = 0;
  uint64_t bytes = 0;
  bool is_sound = true;
  for (QueueInode& queue : named_) {
    ++count;
    bytes += ipc::PriorityQueue::BytesFor(queue.queue_.messages().shape());
    is_sound = is_sound && queue.kept_by_name_.get() == &queue && ScanFor(queue.name()) == &queue &&
               queue.queue_.CheckInvariants().has_value();
  }
  if (!is_sound || count > queues_ || bytes > used_bytes_ || queues_ > kMostQueues) {
    return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

}  // namespace fs
