// A file as somebody has opened it: position, access, status flags. POSIX calls it the open file
// description; descriptors of any number of tables share it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>

#include "kernel/fs/buffer.h"
#include "kernel/fs/inode.h"
#include "kernel/fs/object.h"
#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"

namespace sched {
class WaitQueue;
}

namespace fs {

class FileTable;

// The user's side of an ioctl's argument, which is a number or points to a structure.
class IoctlArgument {
 public:
  [[nodiscard]] uintptr_t value() const { return value_; }
  // Error: kFault.
  [[nodiscard]] virtual posix::Result<> Read(std::span<std::byte> structure) = 0;
  [[nodiscard]] virtual posix::Result<> Write(std::span<const std::byte> structure) = 0;

 protected:
  explicit IoctlArgument(uintptr_t value) : value_(value) {}
  ~IoctlArgument() = default;

 private:
  uintptr_t value_;
};

// Whether a call may block until it can do something.
enum class Blocking : uint8_t { kYes, kNo };

class OpenFile : public Object {
 public:
  // `flags` of posix::open_flag.
  OpenFile(Memory& memory, Ref<Inode> inode, uint32_t flags)
      : Object(memory), inode_(std::move(inode)), flags_(flags) {}

  // What was opened; of a pipe, too.
  [[nodiscard]] Inode& inode() const { return *inode_; }
  [[nodiscard]] uint32_t flags() const { return flags_; }
  // fcntl(F_SETFL): append, non-blocking, direct and async change, nothing else.
  void SetStatusFlags(uint32_t flags);

  [[nodiscard]] bool IsReadable() const {
    return (flags_ & (posix::open_flag::kAccessMode | posix::open_flag::kPath)) !=
               posix::open_flag::kWriteOnly &&
           (flags_ & posix::open_flag::kPath) == 0;
  }
  [[nodiscard]] bool IsWritable() const {
    return (flags_ & posix::open_flag::kAccessMode) != posix::open_flag::kReadOnly &&
           (flags_ & posix::open_flag::kPath) == 0;
  }
  [[nodiscard]] Blocking blocking() const {
    return (flags_ & posix::open_flag::kNonBlock) != 0 ? Blocking::kNo : Blocking::kYes;
  }

  // From the position on, which they move. The caller has looked at IsReadable() or IsWritable().
  // Pipes, terminals and devices may block: errors kAgain instead where blocking() is kNo, and
  // kRestart when a signal came before anything was moved.
  virtual posix::Result<size_t> Read(Destination& destination);
  virtual posix::Result<size_t> Write(Source& source);
  // Regular files do not grow beyond source.MostFileBytes() (kFileTooLarge).
  // pread and pwrite. Error: kIllegalSeek.
  virtual posix::Result<size_t> ReadAt(uint64_t offset, Destination& destination);
  virtual posix::Result<size_t> WriteAt(uint64_t offset, Source& source);
  // lseek. Errors: kIllegalSeek, kInvalid, kOverflow.
  virtual posix::Result<uint64_t> Seek(int64_t offset, posix::Whence whence);
  // getdents, from the position on, which it moves.
  posix::Result<> List(DirectoryVisitor visitor);
  // Error: kNotTerminal.
  virtual posix::Result<uintptr_t> Ioctl(uint32_t request, IoctlArgument& argument);

  // Of posix::poll_event, what is true now.
  [[nodiscard]] virtual uint16_t ReadyEvents() {
    return posix::poll_event::kIn | posix::poll_event::kOut | posix::poll_event::kReadNormal |
           posix::poll_event::kWriteNormal;
  }
  // Woken when ReadyEvents() may have changed; null when it never does.
  [[nodiscard]] virtual sched::WaitQueue* ready_queue() { return nullptr; }

  // Whether a write that finds nobody to read also raises SIGPIPE.
  [[nodiscard]] virtual bool IsPipe() const { return false; }
  // Whether it is a QueueFile.
  [[nodiscard]] virtual bool IsMessageQueue() const { return false; }

  // One of the table's descriptors for the file is closed; there may be others.
  virtual void OnDescriptorClosed(const FileTable&) {}

 protected:
  // Its flock() goes with it.
  ~OpenFile() override;

  [[nodiscard]] uint64_t position() const { return position_; }
  void SetPosition(uint64_t position) { position_ = position; }

 private:
  posix::Result<size_t> WriteFrom(uint64_t offset, Source& source);

  Ref<Inode> inode_;
  uint64_t position_ = 0;
  uint32_t flags_;
};

}  // namespace fs
