#include "kernel/posix/file_status.h"

#include <concepts>
#include <cstring>
#include <limits>
#include <utility>

namespace posix {
namespace {

constexpr uint32_t kBlockBytes = 4096;  // what st_blksize proposes
constexpr uint32_t kSectorBytes = 512;  // what st_blocks counts

// arch/x86/include/uapi/asm/stat.h
struct StatX86_64 {
  uint64_t st_dev;
  uint64_t st_ino;
  uint64_t st_nlink;
  uint32_t st_mode;
  uint32_t st_uid;
  uint32_t st_gid;
  uint32_t padding;
  uint64_t st_rdev;
  int64_t st_size;
  int64_t st_blksize;
  int64_t st_blocks;
  uint64_t st_atime_seconds;
  uint64_t st_atime_nanoseconds;
  uint64_t st_mtime_seconds;
  uint64_t st_mtime_nanoseconds;
  uint64_t st_ctime_seconds;
  uint64_t st_ctime_nanoseconds;
  int64_t unused[3];
};
static_assert(sizeof(StatX86_64) == 144);
static_assert(offsetof(StatX86_64, st_rdev) == 40 && offsetof(StatX86_64, st_atime_seconds) == 72);

// arch/arm/include/uapi/asm/stat.h, struct stat
struct StatArm {
  uint32_t st_dev;
  uint32_t st_ino;
  uint16_t st_mode;
  uint16_t st_nlink;
  uint16_t st_uid;
  uint16_t st_gid;
  uint32_t st_rdev;
  uint32_t st_size;
  uint32_t st_blksize;
  uint32_t st_blocks;
  uint32_t st_atime_seconds;
  uint32_t st_atime_nanoseconds;
  uint32_t st_mtime_seconds;
  uint32_t st_mtime_nanoseconds;
  uint32_t st_ctime_seconds;
  uint32_t st_ctime_nanoseconds;
  uint32_t unused[2];
};
static_assert(sizeof(StatArm) == 64);

// The same header, struct stat64, as the EABI aligns it.
struct Stat64Arm {
  uint64_t st_dev;
  uint32_t padding0;
  uint32_t short_st_ino;
  uint32_t st_mode;
  uint32_t st_nlink;
  uint32_t st_uid;
  uint32_t st_gid;
  uint64_t st_rdev;
  uint32_t padding3;
  uint32_t padding4;
  int64_t st_size;
  uint32_t st_blksize;
  uint32_t padding5;
  uint64_t st_blocks;
  uint32_t st_atime_seconds;
  uint32_t st_atime_nanoseconds;
  uint32_t st_mtime_seconds;
  uint32_t st_mtime_nanoseconds;
  uint32_t st_ctime_seconds;
  uint32_t st_ctime_nanoseconds;
  uint64_t st_ino;
};
static_assert(sizeof(Stat64Arm) == 104);
static_assert(offsetof(Stat64Arm, st_size) == 48 && offsetof(Stat64Arm, st_blocks) == 64);

// include/uapi/linux/stat.h
struct StatxTime {
  int64_t seconds;
  uint32_t nanoseconds;
  int32_t reserved;
};
struct Statx {
  uint32_t stx_mask;
  uint32_t stx_blksize;
  uint64_t stx_attributes;
  uint32_t stx_nlink;
  uint32_t stx_uid;
  uint32_t stx_gid;
  uint16_t stx_mode;
  uint16_t spare0;
  uint64_t stx_ino;
  uint64_t stx_size;
  uint64_t stx_blocks;
  uint64_t stx_attributes_mask;
  StatxTime stx_atime;
  StatxTime stx_btime;
  StatxTime stx_ctime;
  StatxTime stx_mtime;
  uint32_t stx_rdev_major;
  uint32_t stx_rdev_minor;
  uint32_t stx_dev_major;
  uint32_t stx_dev_minor;
  uint64_t spare[14];
};
static_assert(sizeof(Statx) == 256 && sizeof(Statx) == kLargestStat);
static_assert(offsetof(Statx, stx_atime) == 64 && offsetof(Statx, stx_rdev_major) == 128);
constexpr uint32_t kStatxBasicStats = 0x7ff;  // STATX_BASIC_STATS

// Puts numbers into fields that may be narrower, and remembers when one did not fit.
class Narrower {
 public:
  template <std::integral To, std::integral From>
  void Put(To& to, From from) {
    fits_ = fits_ && std::in_range<To>(from);
    to = static_cast<To>(from);
  }
  // A field in which programs expect truth only as far as it goes.
  template <std::integral To, std::integral From>
  static void Clip(To& to, From from) {
    to = std::in_range<To>(from) ? static_cast<To>(from) : std::numeric_limits<To>::max();
  }
  [[nodiscard]] bool fits() const { return fits_; }

 private:
  bool fits_ = true;
};

// What the three stat structures have in common, by the same names.
template <class Stat>
Result<size_t> Encode(const FileStatus& status, std::span<std::byte> buffer) {
  Stat stat{};
  Narrower narrow;
  narrow.Put(stat.st_dev, status.containing_device.Encoded());
  narrow.Put(stat.st_ino, status.inode);
  narrow.Put(stat.st_mode, status.Mode());
  narrow.Put(stat.st_nlink, status.links);
  Narrower::Clip(stat.st_uid, status.user);
  Narrower::Clip(stat.st_gid, status.group);
  narrow.Put(stat.st_rdev, status.device.Encoded());
  narrow.Put(stat.st_size, status.size_bytes);
  narrow.Put(stat.st_blksize, kBlockBytes);
  narrow.Put(stat.st_blocks, status.allocated_bytes / kSectorBytes);
  Narrower::Clip(stat.st_atime_seconds, status.accessed.seconds);
  narrow.Put(stat.st_atime_nanoseconds, status.accessed.nanoseconds);
  Narrower::Clip(stat.st_mtime_seconds, status.modified.seconds);
  narrow.Put(stat.st_mtime_nanoseconds, status.modified.nanoseconds);
  Narrower::Clip(stat.st_ctime_seconds, status.changed.seconds);
  narrow.Put(stat.st_ctime_nanoseconds, status.changed.nanoseconds);
  if constexpr (requires { stat.short_st_ino; }) {
    stat.short_st_ino = static_cast<uint32_t>(status.inode);
  }
  // A size of 2 GiB and more does not fit a structure whose programs hold sizes in 32 bits, signed.
  if (sizeof(stat.st_size) == sizeof(uint32_t) && !std::in_range<int32_t>(status.size_bytes)) {
    return std::unexpected(Errno::kOverflow);
  }
  if (!narrow.fits()) return std::unexpected(Errno::kOverflow);
  std::memcpy(buffer.data(), &stat, sizeof(stat));
  return sizeof(stat);
}

StatxTime TimeOf(const TimeSpec& time) {
  return {time.seconds, static_cast<uint32_t>(time.nanoseconds), 0};
}

Result<size_t> EncodeStatx(const FileStatus& status, std::span<std::byte> buffer) {
  Statx statx{};
  statx.stx_mask = kStatxBasicStats;
  statx.stx_blksize = kBlockBytes;
  statx.stx_nlink = status.links;
  statx.stx_uid = status.user;
  statx.stx_gid = status.group;
  statx.stx_mode = static_cast<uint16_t>(status.Mode());
  statx.stx_ino = status.inode;
  statx.stx_size = status.size_bytes;
  statx.stx_blocks = status.allocated_bytes / kSectorBytes;
  statx.stx_atime = TimeOf(status.accessed);
  statx.stx_ctime = TimeOf(status.changed);
  statx.stx_mtime = TimeOf(status.modified);
  statx.stx_rdev_major = status.device.major;
  statx.stx_rdev_minor = status.device.minor;
  statx.stx_dev_major = status.containing_device.major;
  statx.stx_dev_minor = status.containing_device.minor;
  std::memcpy(buffer.data(), &statx, sizeof(statx));
  return sizeof(statx);
}

}  // namespace

Result<size_t> EncodeStatus(const FileStatus& status, StatLayout layout,
                            std::span<std::byte, kLargestStat> buffer) {
  switch (layout) {
    case StatLayout::kX86_64:
      return Encode<StatX86_64>(status, buffer);
    case StatLayout::kArm:
      return Encode<StatArm>(status, buffer);
    case StatLayout::kArm64:
      return Encode<Stat64Arm>(status, buffer);
    case StatLayout::kStatx:
      return EncodeStatx(status, buffer);
  }
  return std::unexpected(Errno::kInvalid);
}

}  // namespace posix
