// The descriptors of a process: small numbers for open files. Threads share one table; fork copies
// it.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/fs/object.h"
#include "kernel/fs/open_file.h"
#include "kernel/posix/errno.h"

namespace fs {

enum class CloseOnExec : uint8_t { kNo, kYes };

// No locks, see object.h; nothing blocks. Closing a descriptor that a thread is using is harmless:
// the call holds the file.
class FileTable final : public Object {
 public:
  static constexpr size_t kDefaultLimit = 1024;
  // RLIMIT_NOFILE can be raised up to here.
  static constexpr size_t kMostDescriptors = 65536;

  explicit FileTable(Memory& memory) : Object(memory) {}
  ~FileTable() override;

  // fork: another table with the same files. Error: kOutOfMemory.
  [[nodiscard]] posix::Result<Ref<FileTable>> Copy() const;

  // The file, or null. O(1). Who goes on to something that may block makes a Ref of it.
  [[nodiscard]] OpenFile* Find(int descriptor) const {
    return static_cast<size_t>(descriptor) < capacity_ ? slots_[descriptor].file.get() : nullptr;
  }
  // The same as a result. Error: kBadDescriptor.
  [[nodiscard]] posix::Result<Ref<OpenFile>> Get(int descriptor) const {
    OpenFile* const file = Find(descriptor);
    if (file == nullptr) return std::unexpected(posix::Errno::kBadDescriptor);
    return Ref<OpenFile>(file);
  }

  // Gives the file the lowest free descriptor from `lowest` on. Errors: kTooManyFiles,
  // kOutOfMemory, kInvalid when `lowest` is not below the limit.
  posix::Result<int> Add(Ref<OpenFile> file, CloseOnExec close_on_exec, int lowest = 0);
  // dup2: gives `file` this descriptor, and closes what had it. Errors: kBadDescriptor when it is
  // not below the limit, kOutOfMemory.
  posix::Result<int> Place(Ref<OpenFile> file, int descriptor, CloseOnExec close_on_exec);
  // Error: kBadDescriptor.
  posix::Result<> Close(int descriptor);
  // close_range, exec's part of it below.
  void CloseRange(unsigned first, unsigned last);
  // exec.
  void CloseOnExecFiles();

  // Errors: kBadDescriptor.
  [[nodiscard]] posix::Result<CloseOnExec> close_on_exec(int descriptor) const;
  posix::Result<> SetCloseOnExec(int descriptor, CloseOnExec close_on_exec);

  // The lowest descriptor in use from `from` on; -1 for none. Scans.
  [[nodiscard]] int ScanFor(int from) const;
  [[nodiscard]] size_t open_files() const { return open_files_; }
  [[nodiscard]] size_t capacity() const { return capacity_; }

  // RLIMIT_NOFILE. What is open above it stays open.
  [[nodiscard]] size_t limit() const { return limit_; }
  void SetLimit(size_t limit);

  // Error: kCorrupt. O(capacity).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  struct Slot {
    Ref<OpenFile> file;
    CloseOnExec close_on_exec = CloseOnExec::kNo;
  };
  static constexpr size_t kFirstCapacity = 16;

  [[nodiscard]] posix::Result<> Reserve(size_t capacity);
  // Takes the file out; its last reference goes when the caller drops it.
  Ref<OpenFile> Remove(size_t descriptor);
  // Who closes any descriptor of a file loses all record locks on it (POSIX, fcntl). The file is
  // told, too.
  void TellOfClose(OpenFile& file) const;

  Slot* slots_ = nullptr;
  size_t capacity_ = 0;
  size_t open_files_ = 0;
  size_t first_free_ = 0;  // no descriptor below it is free
  size_t limit_ = kDefaultLimit;
};

}  // namespace fs
