// Numbers of the file calls that both architectures share (Linux's include/uapi/asm-generic/fcntl.h
// and stat.h), and what differs between them, chosen by an Abi value.
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>

namespace posix {

// Whose numbers and structures a program speaks.
enum class Abi : uint8_t { kX86_64, kArm };

// --- Modes --------------------------------------------------------------------------------------

inline constexpr uint32_t kTypeMask = 0170000;  // S_IFMT
inline constexpr uint32_t kPermissionMask = 07777;

enum class FileType : uint32_t {
  kFifo = 0010000,
  kCharacterDevice = 0020000,
  kDirectory = 0040000,
  kBlockDevice = 0060000,
  kRegular = 0100000,
  kSymlink = 0120000,
  kSocket = 0140000,
};

// A directory entry's type (DT_*) is the mode's type bits.
[[nodiscard]] constexpr uint8_t DirectoryEntryType(FileType type) {
  return static_cast<uint8_t>(static_cast<uint32_t>(type) >> 12);
}

// A device's numbers as stat shows them: Linux's new encoding, 12 and 20 bits.
struct DeviceNumber {
  uint32_t major = 0;
  uint32_t minor = 0;
  friend constexpr bool operator==(const DeviceNumber&, const DeviceNumber&) = default;

  [[nodiscard]] constexpr uint32_t Encoded() const {
    return (minor & 0xff) | (major << 8) | ((minor & ~uint32_t{0xff}) << 12);
  }
  [[nodiscard]] static constexpr DeviceNumber Decode(uint32_t encoded) {
    return {(encoded >> 8) & 0xfff, (encoded & 0xff) | ((encoded >> 12) & 0xfff00)};
  }
};

// --- Limits -------------------------------------------------------------------------------------

inline constexpr size_t kNameMax = 255;       // NAME_MAX
inline constexpr size_t kPathMax = 4096;      // PATH_MAX, the terminating zero included
inline constexpr unsigned kMaxSymlinks = 40;  // followed in one walk
inline constexpr size_t kPipeBuf = 4096;      // PIPE_BUF
inline constexpr size_t kIoVectorMax = 1024;  // IOV_MAX
// The longest transfer of one call: MAX_RW_COUNT, so that its result is positive in 32 bits.
inline constexpr size_t kTransferMax = 0x7fff'f000;

// --- open ---------------------------------------------------------------------------------------

// The kernel's own numbers: those of the generic and x86_64 headers. DecodeOpenFlags() makes them.
namespace open_flag {
inline constexpr uint32_t kAccessMode = 03;
inline constexpr uint32_t kReadOnly = 00;
inline constexpr uint32_t kWriteOnly = 01;
inline constexpr uint32_t kReadWrite = 02;
inline constexpr uint32_t kCreate = 0100;
inline constexpr uint32_t kExclusive = 0200;
inline constexpr uint32_t kNoControllingTerminal = 0400;
inline constexpr uint32_t kTruncate = 01000;
inline constexpr uint32_t kAppend = 02000;
inline constexpr uint32_t kNonBlock = 04000;
inline constexpr uint32_t kDirect = 040000;
inline constexpr uint32_t kLargeFile = 0100000;
inline constexpr uint32_t kDirectory = 0200000;
inline constexpr uint32_t kNoFollow = 0400000;
inline constexpr uint32_t kCloseOnExec = 02000000;
inline constexpr uint32_t kPath = 010000000;
}  // namespace open_flag

namespace internal {
struct FlagPair {
  uint32_t generic;
  uint32_t arm;
};
// arch/arm/include/uapi/asm/fcntl.h moves four flags.
inline constexpr std::array<FlagPair, 4> kArmFlags = {{{open_flag::kDirectory, 040000},
                                                       {open_flag::kNoFollow, 0100000},
                                                       {open_flag::kDirect, 0200000},
                                                       {open_flag::kLargeFile, 0400000}}};
}  // namespace internal

// A program's flags as the kernel's own.
[[nodiscard]] constexpr uint32_t DecodeOpenFlags(Abi abi, uint32_t flags) {
  if (abi == Abi::kX86_64) return flags;
  uint32_t decoded = flags;
  for (const internal::FlagPair& pair : internal::kArmFlags) decoded &= ~pair.arm;
  for (const internal::FlagPair& pair : internal::kArmFlags) {
    if ((flags & pair.arm) != 0) decoded |= pair.generic;
  }
  return decoded;
}
// The kernel's own flags as a program's.
[[nodiscard]] constexpr uint32_t EncodeOpenFlags(Abi abi, uint32_t flags) {
  if (abi == Abi::kX86_64) return flags;
  uint32_t encoded = flags;
  for (const internal::FlagPair& pair : internal::kArmFlags) encoded &= ~pair.generic;
  for (const internal::FlagPair& pair : internal::kArmFlags) {
    if ((flags & pair.generic) != 0) encoded |= pair.arm;
  }
  return encoded;
}

// --- at-calls, lseek, fcntl, access
// ---------------------------------------------------------------

inline constexpr int kAtWorkingDirectory = -100;  // AT_FDCWD
inline constexpr uint32_t kAtSymlinkNoFollow = 0x100;
inline constexpr uint32_t kAtRemoveDirectory = 0x200;
inline constexpr uint32_t kAtEffectiveAccess = 0x200;
inline constexpr uint32_t kAtSymlinkFollow = 0x400;
inline constexpr uint32_t kAtNoAutomount = 0x800;
inline constexpr uint32_t kAtEmptyPath = 0x1000;
inline constexpr uint32_t kAtStatxSyncMask = 0x6000;

enum class Whence : uint32_t { kSet, kCurrent, kEnd, kData, kHole };

enum class FcntlCommand : uint32_t {
  kDuplicate = 0,
  kGetDescriptorFlags = 1,
  kSetDescriptorFlags = 2,
  kGetStatusFlags = 3,
  kSetStatusFlags = 4,
  kGetLock = 5,
  kSetLock = 6,
  kSetLockWait = 7,
  kSetOwner = 8,
  kGetOwner = 9,
  kGetLock64 = 12,
  kSetLock64 = 13,
  kSetLockWait64 = 14,
  kDuplicateCloseOnExec = 1030,
  kSetPipeSize = 1031,
  kGetPipeSize = 1032,
  kAddSeals = 1033,
  kGetSeals = 1034,
};
inline constexpr uint32_t kDescriptorCloseOnExec = 1;  // FD_CLOEXEC

inline constexpr uint32_t kAccessExecute = 1;  // X_OK
inline constexpr uint32_t kAccessWrite = 2;
inline constexpr uint32_t kAccessRead = 4;

inline constexpr uint32_t kRenameNoReplace = 1;
inline constexpr uint32_t kRenameExchange = 2;

// --- Locks --------------------------------------------------------------------------------------

enum class LockType : int16_t { kShared = 0, kExclusive = 1, kNone = 2 };

// struct flock, and struct flock64 with 64-bit words.
template <class Word>
struct UserLock {
  LockType type;
  int16_t whence;
  Word start;
  Word length;
  int32_t process;
};
static_assert(sizeof(UserLock<int64_t>) == 32 && sizeof(UserLock<int32_t>) == 16);

// What flock() is to do.
inline constexpr uint32_t kLockShared = 1;
inline constexpr uint32_t kLockExclusive = 2;
inline constexpr uint32_t kLockWithoutWaiting = 4;
inline constexpr uint32_t kUnlock = 8;

// --- poll ---------------------------------------------------------------------------------------

namespace poll_event {
inline constexpr uint16_t kIn = 0x001;
inline constexpr uint16_t kPriority = 0x002;
inline constexpr uint16_t kOut = 0x004;
inline constexpr uint16_t kError = 0x008;
inline constexpr uint16_t kHangUp = 0x010;
inline constexpr uint16_t kInvalid = 0x020;
inline constexpr uint16_t kReadNormal = 0x040;
inline constexpr uint16_t kWriteNormal = 0x100;
}  // namespace poll_event

struct PollDescriptor {
  int32_t descriptor;
  uint16_t events;
  uint16_t returned_events;
};
static_assert(sizeof(PollDescriptor) == 8);

// A moment, or a span of time, as files and waits know it.
struct TimeSpec {
  int64_t seconds = 0;
  int64_t nanoseconds = 0;
  friend constexpr auto operator<=>(const TimeSpec&, const TimeSpec&) = default;
};

}  // namespace posix
