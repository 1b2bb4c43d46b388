// POSIX message queues as files: what mq_open opens and its descriptors lead to. Their names are a
// space of their own, flat, beside the tree of files.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "kernel/base/intrusive_list.h"
#include "kernel/base/result.h"
#include "kernel/fs/environment.h"
#include "kernel/fs/file_table.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/fs/open_file.h"
#include "kernel/ipc/posix_queue.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"
#include "kernel/posix/file_status.h"

namespace fs {

class QueueNames;

// A queue, as long as it has a name or somebody has it open.
class QueueInode final : public Inode, public base::ListHook<QueueInode> {
 public:
  // Owns `storage`, a block of `memory` for a queue of that shape. CHECKed: the name is not longer
  // than posix::kNameMax.
  QueueInode(Memory& memory, Environment& environment, const posix::FileStatus& status,
             QueueNames& names, std::string_view name, std::byte* storage,
             const ipc::QueueShape& shape);

  [[nodiscard]] ipc::PosixQueue& queue() { return queue_; }

  posix::Result<Ref<OpenFile>> Open(uint32_t flags) override;
  [[nodiscard]] bool IsSeekable() const override { return false; }

 private:
  friend class QueueNames;
  ~QueueInode() override;

  [[nodiscard]] std::string_view name() const { return {name_.data(), name_bytes_}; }

  QueueNames& names_;
  std::byte* storage_;
  ipc::PosixQueue queue_;
  Ref<QueueInode> kept_by_name_;
  std::array<char, posix::kNameMax> name_{};
  size_t name_bytes_;
};

// A queue that somebody has opened.
class QueueFile final : public OpenFile {
 public:
  QueueFile(Memory& memory, Ref<QueueInode> inode, uint32_t flags)
      : OpenFile(memory, inode, flags), queue_(inode->queue()) {}

  // Null for files of other kinds.
  [[nodiscard]] static QueueFile* From(OpenFile& file) {
    return file.IsMessageQueue() ? static_cast<QueueFile*>(&file) : nullptr;
  }

  [[nodiscard]] ipc::PosixQueue& queue() const { return queue_; }

  [[nodiscard]] uint16_t ReadyEvents() override;
  [[nodiscard]] sched::WaitQueue* ready_queue() override { return &queue_.changed(); }
  [[nodiscard]] bool IsMessageQueue() const override { return true; }
  // Who asked for a notice has closed the queue.
  void OnDescriptorClosed(const FileTable& table) override { queue_.DropNotice(&table); }

 private:
  ipc::PosixQueue& queue_;
};

// All queues. They take what memory they need when they are made: who makes one says how much all
// of them may have.
class QueueNames {
 public:
  // Linux's limits of the privileged, HARD_MSGMAX and HARD_MSGSIZEMAX.
  static constexpr uint32_t kMostMessages = 65536;
  static constexpr uint32_t kMostMessageBytes = uint32_t{1} << 24;
  // Linux's default for a queue that is made without a word about it.
  static constexpr ipc::QueueShape kDefaultShape = {.messages = 10, .message_bytes = 8192};
  // Those without a name count, too.
  static constexpr size_t kMostQueues = 256;

  // Both outlive it.
  QueueNames(Memory& memory, Environment& environment)
      : memory_(memory), environment_(environment) {}
  QueueNames(const QueueNames&) = delete;
  QueueNames& operator=(const QueueNames&) = delete;
  // CHECKed: nobody has a queue open.
  ~QueueNames();

  // What becomes of a new queue.
  struct NewQueue {
    uint32_t permissions = 0;  // the umask is already off
    ipc::QueueShape shape = kDefaultShape;
    uint64_t most_bytes = 0;  // of all queues together
  };

  // mq_open: `flags` of posix::open_flag say whether the queue is made. Names have no slash.
  // Errors: kNoEntry, kExists, kAccess and kNameTooLong (no name for a queue), kInvalid (a shape
  // beyond the limits), kTooManyFiles (`most_bytes`), kNoSpace (kMostQueues), kOutOfMemory.
  [[nodiscard]] posix::Result<Ref<OpenFile>> Open(std::string_view name, uint32_t flags,
                                                  const NewQueue& wanted);

  // mq_unlink: the name is free; the queue goes with who has it open. Errors: kNoEntry, kAccess,
  // kNameTooLong.
  posix::Result<> Unlink(std::string_view name);

  [[nodiscard]] size_t queues() const { return queues_; }
  [[nodiscard]] uint64_t used_bytes() const { return used_bytes_; }

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants();

 private:
  friend class QueueInode;

  // Null if there is none. O(kMostQueues).
  [[nodiscard]] QueueInode* ScanFor(std::string_view name);
  [[nodiscard]] posix::Result<Ref<QueueInode>> Make(std::string_view name, const NewQueue& wanted);
  void DropName(QueueInode& queue);

  Memory& memory_;
  Environment& environment_;
  base::List<QueueInode> named_;
  size_t queues_ = 0;
  uint64_t used_bytes_ = 0;
  uint64_t next_number_ = 1;
};

}  // namespace fs
