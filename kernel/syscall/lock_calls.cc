// Advisory locks: fcntl()'s and flock().
#include <cstring>
#include <limits>
#include <optional>
#include <span>
#include <type_traits>
#include <utility>

#include "kernel/fs/file_locks.h"
#include "kernel/space/user_pointer.h"
#include "kernel/syscall/file_access.h"
#include "kernel/syscall/file_calls.h"
#include "kernel/syscall/record_lock.h"

namespace syscall {

using fs::FileLock;
using fs::OpenFile;
using fs::Ref;
using posix::Errno;
using posix::FcntlCommand;
using posix::LockType;

namespace {

// The bytes that a program means: lengths may be negative, and 0 reaches to the end. Errors:
// kInvalid, kOverflow.
template <class Word>
posix::Result<FileLock> RangeOf(OpenFile& file, const posix::UserLock<Word>& asked) {
  int64_t start = asked.start;
  int64_t base = 0;
  switch (static_cast<posix::Whence>(asked.whence)) {
    case posix::Whence::kSet:
      break;
    case posix::Whence::kCurrent:
      base = static_cast<int64_t>(TRY(file.Seek(0, posix::Whence::kCurrent)));
      break;
    case posix::Whence::kEnd:
      base = static_cast<int64_t>(file.inode().size_bytes());
      break;
    default:
      return std::unexpected(Errno::kInvalid);
  }
  if (__builtin_add_overflow(base, start, &start)) return std::unexpected(Errno::kOverflow);
  int64_t length = asked.length;
  if (length < 0) {
    if (__builtin_add_overflow(start, length, &start)) return std::unexpected(Errno::kInvalid);
    length = -length;
  }
  if (start < 0) return std::unexpected(Errno::kInvalid);
  FileLock lock = {.mode = asked.type == LockType::kExclusive ? FileLock::Mode::kExclusive
                                                              : FileLock::Mode::kShared,
                   .owner = &Files(),
                   .process = kernel::CurrentProcess().id(),
                   .first = static_cast<uint64_t>(start)};
  int64_t last = 0;
  if (length > 0) {
    if (__builtin_add_overflow(start, length - 1, &last)) {
      return std::unexpected(Errno::kOverflow);
    }
    lock.last = static_cast<uint64_t>(last);
  }
  return lock;
}

template <class Word>
posix::CallResult TellConflict(const std::optional<FileLock>& conflict, posix::UserLock<Word> told,
                               uintptr_t to) {
  if (conflict) {
    const bool is_exclusive = conflict->mode == FileLock::Mode::kExclusive;
    const bool reaches_end = conflict->last == FileLock::kEnd;
    told.type = is_exclusive ? LockType::kExclusive : LockType::kShared;
    told.whence = static_cast<int16_t>(posix::Whence::kSet);
    told.process = conflict->process;
    const uint64_t length = reaches_end ? 0 : conflict->last - conflict->first + 1;
    if (!std::in_range<Word>(conflict->first) || !std::in_range<Word>(length)) {
      return std::unexpected(Errno::kOverflow);
    }
    told.start = static_cast<Word>(conflict->first);
    told.length = static_cast<Word>(length);
  } else {
    told.type = LockType::kNone;
  }
  // The program's own structure comes back, its padding included: nothing of the kernel's.
  return kernel::WriteUser({to}, std::as_bytes(std::span(&told, 1)));
}

template <class Word>
posix::CallResult Lock(OpenFile& file, FcntlCommand command, uintptr_t argument) {
  // Zeroed, so that padding that the compiler may not copy is not the kernel's stack.
  posix::UserLock<Word> asked;
  std::memset(&asked, 0, sizeof(asked));
  TRY(kernel::ReadUser(std::as_writable_bytes(std::span(&asked, 1)), {argument}));
  const bool gets = command == FcntlCommand::kGetLock || command == FcntlCommand::kGetLock64;
  const bool waits =
      command == FcntlCommand::kSetLockWait || command == FcntlCommand::kSetLockWait64;
  const FileLock lock = TRY(RangeOf(file, asked));
  switch (asked.type) {
    case LockType::kShared:
      if (!gets && !file.IsReadable()) return std::unexpected(Errno::kBadDescriptor);
      break;
    case LockType::kExclusive:
      if (!gets && !file.IsWritable()) return std::unexpected(Errno::kBadDescriptor);
      break;
    case LockType::kNone: {
      if (gets) return std::unexpected(Errno::kInvalid);
      fs::FileLocks* const locks = file.inode().locks();
      if (locks == nullptr) return 0;
      return locks->Remove(lock);
    }
    default:
      return std::unexpected(Errno::kInvalid);
  }
  const Ref<fs::FileLocks> locks(TRY(file.inode().MakeLocks()));
  if (gets) return TellConflict(locks->ScanForConflict(lock), asked, argument);
  return waits ? locks->WaitToSet(lock) : locks->Set(lock);
}

}  // namespace

posix::CallResult LockRecord(OpenFile& file, FcntlCommand command, uintptr_t argument) {
  switch (command) {
    case FcntlCommand::kGetLock:
    case FcntlCommand::kSetLock:
    case FcntlCommand::kSetLockWait:
      return Lock<std::conditional_t<sizeof(intptr_t) == sizeof(int64_t), int64_t, int32_t>>(
          file, command, argument);
    default:
      return Lock<int64_t>(file, command, argument);
  }
}

posix::CallResult Flock(int descriptor, uint32_t operation) {
  const Ref<OpenFile> file = TRY(FileToUse(descriptor));
  FileLock lock = {.kind = FileLock::Kind::kWhole,
                   .owner = file.get(),
                   .process = kernel::CurrentProcess().id()};
  const bool waits = (operation & posix::kLockWithoutWaiting) == 0;
  switch (operation & ~posix::kLockWithoutWaiting) {
    case posix::kUnlock:
      if (fs::FileLocks* const locks = file->inode().locks()) locks->RemoveAll(file.get());
      return 0;
    case posix::kLockShared:
      break;
    case posix::kLockExclusive:
      lock.mode = FileLock::Mode::kExclusive;
      break;
    default:
      return std::unexpected(Errno::kInvalid);
  }
  const Ref<fs::FileLocks> locks(TRY(file->inode().MakeLocks()));
  return waits ? locks->WaitToSet(lock) : locks->Set(lock);
}

}  // namespace syscall
