// Errors of the system interface, with Linux's numbers (asm-generic/errno-base.h and errno.h),
// which both architectures share.
#pragma once

#include <concepts>
#include <cstdint>
#include <expected>
#include <utility>

#include "kernel/base/result.h"

namespace posix {

enum class [[nodiscard]] Errno : uint16_t {
  kNotPermitted = 1,           // EPERM
  kNoEntry = 2,                // ENOENT
  kNoProcess = 3,              // ESRCH
  kInterrupted = 4,            // EINTR
  kInputOutput = 5,            // EIO
  kNoDevice = 6,               // ENXIO
  kArgumentsTooLong = 7,       // E2BIG
  kNotExecutable = 8,          // ENOEXEC
  kBadDescriptor = 9,          // EBADF
  kNoChild = 10,               // ECHILD
  kAgain = 11,                 // EAGAIN, EWOULDBLOCK
  kOutOfMemory = 12,           // ENOMEM
  kAccess = 13,                // EACCES
  kFault = 14,                 // EFAULT
  kBlockDeviceRequired = 15,   // ENOTBLK
  kBusy = 16,                  // EBUSY
  kExists = 17,                // EEXIST
  kCrossDevice = 18,           // EXDEV
  kNotSuchDevice = 19,         // ENODEV
  kNotDirectory = 20,          // ENOTDIR
  kIsDirectory = 21,           // EISDIR
  kInvalid = 22,               // EINVAL
  kTooManyFilesInSystem = 23,  // ENFILE
  kTooManyFiles = 24,          // EMFILE
  kNotTerminal = 25,           // ENOTTY
  kTextBusy = 26,              // ETXTBSY
  kFileTooLarge = 27,          // EFBIG
  kNoSpace = 28,               // ENOSPC
  kIllegalSeek = 29,           // ESPIPE
  kReadOnly = 30,              // EROFS
  kTooManyLinks = 31,          // EMLINK
  kBrokenPipe = 32,            // EPIPE
  kDomain = 33,                // EDOM
  kRange = 34,                 // ERANGE
  kDeadlock = 35,              // EDEADLK
  kNameTooLong = 36,           // ENAMETOOLONG
  kNoLocks = 37,               // ENOLCK
  kNotImplemented = 38,        // ENOSYS
  kNotEmpty = 39,              // ENOTEMPTY
  kTooManySymlinks = 40,       // ELOOP
  kNoMessage = 42,             // ENOMSG
  kIdentifierRemoved = 43,     // EIDRM
  kTimer = 62,                 // ETIME
  kProtocol = 71,              // EPROTO
  kBadMessage = 74,            // EBADMSG
  kOverflow = 75,              // EOVERFLOW
  kBadLibrary = 80,            // ELIBBAD
  kIllegalSequence = 84,       // EILSEQ
  kNotSocket = 88,             // ENOTSOCK
  kMessageTooLong = 90,        // EMSGSIZE
  kNotSupported = 95,          // EOPNOTSUPP, ENOTSUP
  kAddressFamily = 97,         // EAFNOSUPPORT
  kTimedOut = 110,             // ETIMEDOUT
  kOwnerDied = 130,            // EOWNERDEAD
  kNotRecoverable = 131,       // ENOTRECOVERABLE
  // Not seen by programs: the call ends here and is issued again after the signal's handler, if the
  // handler's action says so, else it returns kInterrupted. (Linux: ERESTARTSYS.)
  kRestart = 512,
  // The same for calls that no action lets be issued again after a handler. (Linux:
  // ERESTARTNOHAND.)
  kRestartUnlessHandled = 514,
};

// Functions that return one are [[nodiscard]].
template <class T = void>
using Result = std::expected<T, Errno>;

// What a failing call returns in its register.
[[nodiscard]] constexpr intptr_t ReturnValueOf(Errno error) {
  return -static_cast<intptr_t>(error);
}

// What a system call leaves in its result register: a value or an error in one word, as Linux has
// it. Unlike a Result it fits into a register of the kernel, too: what a call's function returns
// needs no more than to be handed on.
class [[nodiscard]] CallResult {
 public:
  template <std::integral T>
  constexpr CallResult(T value) : word_(static_cast<intptr_t>(value)) {}
  constexpr CallResult(const std::unexpected<Errno>& error) : word_(ReturnValueOf(error.error())) {}
  template <std::integral T>
  constexpr CallResult(const Result<T>& result)
      : word_(result ? static_cast<intptr_t>(*result) : ReturnValueOf(result.error())) {}
  constexpr CallResult(const Result<>& result)
      : word_(result ? 0 : ReturnValueOf(result.error())) {}

  [[nodiscard]] constexpr intptr_t word() const { return word_; }

  // As of a Result. No value is among the negated numbers of errors.
  [[nodiscard]] constexpr bool has_value() const {
    return static_cast<uintptr_t>(word_) < static_cast<uintptr_t>(-kMostErrors);
  }
  [[nodiscard]] constexpr explicit operator bool() const { return has_value(); }
  [[nodiscard]] constexpr intptr_t operator*() const { return word_; }
  [[nodiscard]] constexpr Errno error() const { return static_cast<Errno>(-word_); }

 private:
  static constexpr intptr_t kMostErrors = 4095;  // Linux's MAX_ERRNO

  intptr_t word_;
};

// What the memory manager's errors mean to programs where no call says otherwise.
[[nodiscard]] constexpr Errno ErrnoOf(base::Error error) {
  switch (error) {
    case base::Error::kOutOfMemory:
      return Errno::kOutOfMemory;
    case base::Error::kInvalidArgument:
    case base::Error::kNotAligned:
      return Errno::kInvalid;
    case base::Error::kOutOfRange:
      return Errno::kFault;
    case base::Error::kNotFound:
      return Errno::kNoEntry;
    case base::Error::kAlreadyExists:
      return Errno::kExists;
    case base::Error::kOverlap:
      return Errno::kRange;
    case base::Error::kUnsupported:
      return Errno::kNotSupported;
    case base::Error::kCorrupt:
      return Errno::kInputOutput;
    case base::Error::kNotPermitted:
      return Errno::kNotPermitted;
  }
  return Errno::kInputOutput;
}

// A result of the memory manager as one of the system interface.
template <class T>
[[nodiscard]] constexpr Result<T> ToPosix(base::Result<T>&& result) {
  return std::move(result).transform_error(ErrnoOf);
}

}  // namespace posix
