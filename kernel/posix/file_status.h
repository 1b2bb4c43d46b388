// What stat() knows of a file, and the structures in which each interface shows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/posix/errno.h"
#include "kernel/posix/file.h"

namespace posix {

// Independent of any interface.
struct FileStatus {
  uint64_t inode = 0;
  FileType type = FileType::kRegular;
  uint32_t permissions = 0;
  uint32_t links = 1;
  uint32_t user = 0;
  uint32_t group = 0;
  DeviceNumber containing_device{};  // st_dev
  DeviceNumber device{};             // st_rdev
  uint64_t size_bytes = 0;
  uint64_t allocated_bytes = 0;
  TimeSpec accessed{};
  TimeSpec modified{};
  TimeSpec changed{};

  [[nodiscard]] constexpr uint32_t Mode() const {
    return static_cast<uint32_t>(type) | permissions;
  }
};

// The structure that a call of the stat family fills.
enum class StatLayout : uint8_t {
  kX86_64,  // struct stat
  kArm,     // struct stat of stat, lstat, fstat: 32-bit sizes
  kArm64,   // struct stat64 of stat64, lstat64, fstat64, fstatat64
  kStatx,   // struct statx, the same everywhere
};

inline constexpr size_t kLargestStat = 256;

// Writes the structure into `buffer`, which has room for kLargestStat bytes, and returns how many
// of them it has. Error: kOverflow, when a number has no room in it.
[[nodiscard]] Result<size_t> EncodeStatus(const FileStatus& status, StatLayout layout,
                                          std::span<std::byte, kLargestStat> buffer);

}  // namespace posix
