// What statfs() knows of a file system, and the structures in which each interface shows it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/posix/errno.h"

namespace posix {

struct FileSystemStatus {
  uint32_t magic = 0;  // f_type: which file system it is
  uint32_t block_bytes = 4096;
  uint64_t blocks = 0;
  uint64_t free_blocks = 0;
};

inline constexpr uint32_t kTmpfsMagic = 0x0102'1994;
inline constexpr uint32_t kProcMagic = 0x9fa0;

// The structure that a call fills.
enum class FileSystemLayout : uint8_t {
  kWords64,   // struct statfs of 64-bit machines
  kWords32,   // struct statfs of 32-bit machines
  kPacked64,  // struct statfs64 of ARM
};

inline constexpr size_t kLargestFileSystemStatus = 120;

// Writes the structure into `buffer` and returns how many bytes it has. Error: kOverflow.
[[nodiscard]] Result<size_t> EncodeFileSystemStatus(
    const FileSystemStatus& status, FileSystemLayout layout,
    std::span<std::byte, kLargestFileSystemStatus> buffer);

}  // namespace posix
