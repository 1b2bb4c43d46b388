#include "kernel/syscall/status_calls.h"

#include <optional>
#include <span>

#include "arch/ops/abi.h"
#include "kernel/mm/facts/address.h"
#include "kernel/posix/file_status.h"
#include "kernel/posix/file_system_status.h"
#include "kernel/syscall/file_access.h"

namespace syscall {

using fs::Inode;
using fs::Ref;
using posix::Errno;
using posix::FileSystemLayout;
using posix::StatLayout;

namespace {

constexpr bool kIsArm = arch::kAbi == posix::Abi::kArm;
constexpr StatLayout kStatLayout = kIsArm ? StatLayout::kArm : StatLayout::kX86_64;

// --- stat
// -----------------------------------------------------------------------------------------

posix::CallResult TellStatus(const Inode& inode, StatLayout layout, uintptr_t to) {
  std::array<std::byte, posix::kLargestStat> buffer;
  const size_t bytes = TRY(posix::EncodeStatus(inode.Status(), layout, buffer));
  return kernel::WriteUser({to}, std::span(buffer).first(bytes));
}

posix::CallResult TellStatusAt(int directory, uintptr_t path, uintptr_t to, uint32_t flags,
                               StatLayout layout) {
  constexpr uint32_t kKnown = posix::kAtSymlinkNoFollow | posix::kAtNoAutomount |
                              posix::kAtEmptyPath | posix::kAtStatxSyncMask;
  if ((flags & ~kKnown) != 0) return std::unexpected(Errno::kInvalid);
  PlaceAt place;
  TRY(place.Read(directory, path));
  return TellStatus(*TRY(place.Find(flags)), layout, to);
}

posix::CallResult TellStatusOf(int descriptor, uintptr_t to, StatLayout layout) {
  return TellStatus(TRY(FileOf(descriptor))->inode(), layout, to);
}

}  // namespace

posix::CallResult Stat(uintptr_t path, uintptr_t status) {
  return TellStatusAt(posix::kAtWorkingDirectory, path, status, 0, kStatLayout);
}
posix::CallResult Lstat(uintptr_t path, uintptr_t status) {
  return TellStatusAt(posix::kAtWorkingDirectory, path, status, posix::kAtSymlinkNoFollow,
                      kStatLayout);
}
posix::CallResult Fstat(int descriptor, uintptr_t status) {
  return TellStatusOf(descriptor, status, kStatLayout);
}
posix::CallResult Newfstatat(int directory, uintptr_t path, uintptr_t status, uint32_t flags) {
  return TellStatusAt(directory, path, status, flags, kStatLayout);
}
posix::CallResult Stat64(uintptr_t path, uintptr_t status) {
  return TellStatusAt(posix::kAtWorkingDirectory, path, status, 0, StatLayout::kArm64);
}
posix::CallResult Lstat64(uintptr_t path, uintptr_t status) {
  return TellStatusAt(posix::kAtWorkingDirectory, path, status, posix::kAtSymlinkNoFollow,
                      StatLayout::kArm64);
}
posix::CallResult Fstat64(int descriptor, uintptr_t status) {
  return TellStatusOf(descriptor, status, StatLayout::kArm64);
}
posix::CallResult Fstatat64(int directory, uintptr_t path, uintptr_t status, uint32_t flags) {
  return TellStatusAt(directory, path, status, flags, StatLayout::kArm64);
}
posix::CallResult Statx(int directory, uintptr_t path, uint32_t flags, uint32_t mask,
                        uintptr_t status) {
  constexpr uint32_t kReserved = uint32_t{1} << 31;  // STATX__RESERVED
  const bool is_torn = (flags & posix::kAtStatxSyncMask) == posix::kAtStatxSyncMask;
  if ((mask & kReserved) != 0 || is_torn) return std::unexpected(Errno::kInvalid);
  return TellStatusAt(directory, path, status, flags, StatLayout::kStatx);
}

// --- statfs
// ---------------------------------------------------------------------------------------

namespace {

// The file systems here are tmpfs, but for /proc, whose device number differs from the root's.
posix::CallResult TellFileSystem(const Inode& inode, FileSystemLayout layout, uintptr_t to) {
  const auto device = inode.Status().containing_device;
  const bool is_tmpfs = device == Names().root().Status().containing_device;
  const fs::TmpFileSystem& files = TheServices().files;
  posix::FileSystemStatus status = {.magic = is_tmpfs ? posix::kTmpfsMagic : posix::kProcMagic};
  if (is_tmpfs) {
    const mm::PageCount all = files.most_pages();
    const mm::PageCount used = files.pages();
    status.blocks = all.value;
    status.free_blocks = used < all ? (all - used).value : 0;
  }
  std::array<std::byte, posix::kLargestFileSystemStatus> buffer;
  const size_t bytes = TRY(posix::EncodeFileSystemStatus(status, layout, buffer));
  return kernel::WriteUser({to}, std::span(buffer).first(bytes));
}

constexpr FileSystemLayout kFileSystemLayout =
    kIsArm ? FileSystemLayout::kWords32 : FileSystemLayout::kWords64;

posix::CallResult TellFileSystemAt(uintptr_t path, FileSystemLayout layout, uintptr_t to) {
  PlaceAt place;
  TRY(place.Read(posix::kAtWorkingDirectory, path));
  return TellFileSystem(*TRY(place.Find(0)), layout, to);
}

// The size that the caller gives: with or without the padding that its compiler adds.
bool IsSizeOfStatfs64(size_t bytes) {
  constexpr size_t kPacked = 84;
  constexpr size_t kPadded = 88;
  return bytes == kPacked || bytes == kPadded;
}

}  // namespace

posix::CallResult Statfs(uintptr_t path, uintptr_t status) {
  return TellFileSystemAt(path, kFileSystemLayout, status);
}
posix::CallResult Fstatfs(int descriptor, uintptr_t status) {
  return TellFileSystem(TRY(FileOf(descriptor))->inode(), kFileSystemLayout, status);
}
posix::CallResult Statfs64(uintptr_t path, size_t bytes, uintptr_t status) {
  if (!IsSizeOfStatfs64(bytes)) return std::unexpected(Errno::kInvalid);
  return TellFileSystemAt(path, FileSystemLayout::kPacked64, status);
}
posix::CallResult Fstatfs64(int descriptor, size_t bytes, uintptr_t status) {
  if (!IsSizeOfStatfs64(bytes)) return std::unexpected(Errno::kInvalid);
  return TellFileSystem(TRY(FileOf(descriptor))->inode(), FileSystemLayout::kPacked64, status);
}

// --- access
// ---------------------------------------------------------------------------------------

posix::CallResult Access(uintptr_t path, uint32_t mode) {
  return Faccessat2(posix::kAtWorkingDirectory, path, mode, 0);
}
posix::CallResult Faccessat(int directory, uintptr_t path, uint32_t mode) {
  return Faccessat2(directory, path, mode, 0);
}
posix::CallResult Faccessat2(int directory, uintptr_t path, uint32_t mode, uint32_t flags) {
  constexpr uint32_t kModes = posix::kAccessRead | posix::kAccessWrite | posix::kAccessExecute;
  constexpr uint32_t kFlags =
      posix::kAtSymlinkNoFollow | posix::kAtEmptyPath | posix::kAtEffectiveAccess;
  constexpr uint32_t kAnyExecute = 0111;
  if ((mode & ~kModes) != 0 || (flags & ~kFlags) != 0) return std::unexpected(Errno::kInvalid);
  PlaceAt place;
  TRY(place.Read(directory, path));
  const Ref<Inode> inode = TRY(place.Find(flags));
  const bool executes = (mode & posix::kAccessExecute) != 0 && !inode->IsDirectory();
  if (executes && (inode->permissions() & kAnyExecute) == 0) {
    return std::unexpected(Errno::kAccess);
  }
  return 0;
}

// --- chmod, chown, umask
// --------------------------------------------------------------------------

posix::CallResult Chmod(uintptr_t path, uint32_t mode) {
  return Fchmodat(posix::kAtWorkingDirectory, path, mode);
}
posix::CallResult Fchmod(int descriptor, uint32_t mode) {
  return TRY(FileToUse(descriptor))->inode().SetPermissions(mode);
}
posix::CallResult Fchmodat(int directory, uintptr_t path, uint32_t mode) {
  PlaceAt place;
  TRY(place.Read(directory, path));
  return TRY(place.Find(0))->SetPermissions(mode);
}

namespace {

// -1 leaves a number as it is.
std::optional<uint32_t> Changed(uint32_t number) {
  if (number == ~uint32_t{0}) return std::nullopt;
  return number;
}

}  // namespace

posix::CallResult Chown(uintptr_t path, uint32_t user, uint32_t group) {
  return Fchownat(posix::kAtWorkingDirectory, path, user, group, 0);
}
posix::CallResult Lchown(uintptr_t path, uint32_t user, uint32_t group) {
  return Fchownat(posix::kAtWorkingDirectory, path, user, group, posix::kAtSymlinkNoFollow);
}
posix::CallResult Fchown(int descriptor, uint32_t user, uint32_t group) {
  return TRY(FileToUse(descriptor))->inode().SetOwner(Changed(user), Changed(group));
}
posix::CallResult Fchownat(int directory, uintptr_t path, uint32_t user, uint32_t group,
                           uint32_t flags) {
  constexpr uint32_t kFlags = posix::kAtSymlinkNoFollow | posix::kAtEmptyPath;
  if ((flags & ~kFlags) != 0) return std::unexpected(Errno::kInvalid);
  PlaceAt place;
  TRY(place.Read(directory, path));
  return TRY(place.Find(flags))->SetOwner(Changed(user), Changed(group));
}

posix::CallResult Umask(uint32_t umask) {
  const uint32_t before = Place().umask();
  Place().SetUmask(umask);
  return static_cast<intptr_t>(before);
}

// --- Times
// ----------------------------------------------------------------------------------------

namespace {

// Nanoseconds that are none: UTIME_NOW and UTIME_OMIT.
constexpr int64_t kNow = (int64_t{1} << 30) - 1;
constexpr int64_t kOmit = (int64_t{1} << 30) - 2;

using Times = std::array<posix::TimeSpec, 2>;

// Error: kInvalid. Nothing leaves the file's time as it is.
posix::Result<std::optional<posix::TimeSpec>> NewTime(const posix::TimeSpec& time) {
  if (time.nanoseconds == kOmit) return std::optional<posix::TimeSpec>();
  if (time.nanoseconds == kNow) return std::optional(TheServices().environment.Now());
  constexpr auto kSecond = static_cast<int64_t>(posix::kNanosecondsPerSecond);
  if (time.nanoseconds < 0 || time.nanoseconds >= kSecond) {
    return std::unexpected(Errno::kInvalid);
  }
  return std::optional(time);
}

posix::CallResult SetTimes(Inode& inode, const Times& times) {
  const auto accessed = TRY(NewTime(times[0]));
  const auto modified = TRY(NewTime(times[1]));
  if (!accessed && !modified) return 0;
  return inode.SetTimes(accessed, modified);
}

// Without a path, of what the descriptor has open, where it is one.
posix::CallResult SetTimesAt(int directory, uintptr_t path, const Times& times, uint32_t flags) {
  constexpr uint32_t kFlags = posix::kAtSymlinkNoFollow | posix::kAtEmptyPath;
  if ((flags & ~kFlags) != 0) return std::unexpected(Errno::kInvalid);
  const bool is_of_descriptor = path == 0 && directory != posix::kAtWorkingDirectory;
  if (is_of_descriptor) return SetTimes(TRY(FileToUse(directory))->inode(), times);
  PlaceAt place;
  TRY(place.Read(directory, path));
  return SetTimes(*TRY(place.Find(flags)), times);
}

// A null pointer means now, twice.
template <class Time>
posix::Result<Times> ReadTimes(kernel::UserPointer<std::array<Time, 2>> pointer) {
  if (pointer.IsNull()) return Times{{{0, kNow}, {0, kNow}}};
  const std::array<Time, 2> times = TRY(pointer.Read());
  return Times{
      {{times[0].seconds, times[0].nanoseconds}, {times[1].seconds, times[1].nanoseconds}}};
}

posix::Result<Times> ReadTimeValues(
    kernel::UserPointer<std::array<posix::MicrosecondTime, 2>> pointer) {
  if (pointer.IsNull()) return Times{{{0, kNow}, {0, kNow}}};
  Times times;
  const std::array<posix::MicrosecondTime, 2> values = TRY(pointer.Read());
  for (size_t i = 0; i < times.size(); ++i) {
    constexpr auto kSecond = static_cast<intptr_t>(posix::kMicrosecondsPerSecond);
    constexpr auto kMicrosecond = static_cast<intptr_t>(posix::kNanosecondsPerMicrosecond);
    const intptr_t microseconds = values[i].microseconds;
    if (microseconds < 0 || microseconds >= kSecond) return std::unexpected(Errno::kInvalid);
    times[i] = {values[i].seconds, microseconds * kMicrosecond};
  }
  return times;
}

}  // namespace

posix::CallResult Utimensat(int directory, uintptr_t path,
                            kernel::UserPointer<std::array<posix::WordTime, 2>> times,
                            uint32_t flags) {
  return SetTimesAt(directory, path, TRY(ReadTimes(times)), flags);
}
posix::CallResult UtimensatTime64(int directory, uintptr_t path,
                                  kernel::UserPointer<std::array<posix::LongTime, 2>> times,
                                  uint32_t flags) {
  return SetTimesAt(directory, path, TRY(ReadTimes(times)), flags);
}
posix::CallResult Utimes(uintptr_t path,
                         kernel::UserPointer<std::array<posix::MicrosecondTime, 2>> times) {
  return Futimesat(posix::kAtWorkingDirectory, path, times);
}
posix::CallResult Futimesat(int directory, uintptr_t path,
                            kernel::UserPointer<std::array<posix::MicrosecondTime, 2>> times) {
  return SetTimesAt(directory, path, TRY(ReadTimeValues(times)), 0);
}

}  // namespace syscall
