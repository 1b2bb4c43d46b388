#include "kernel/posix/file_system_status.h"

#include <cstring>
#include <utility>

#include "kernel/posix/file.h"

namespace posix {
namespace {

// include/uapi/asm-generic/statfs.h, with the word of the machine.
template <class Word>
struct WordStatfs {
  Word f_type;
  Word f_bsize;
  Word f_blocks;
  Word f_bfree;
  Word f_bavail;
  Word f_files;
  Word f_ffree;
  uint32_t f_fsid[2];
  Word f_namelen;
  Word f_frsize;
  Word f_flags;
  Word f_spare[4];
};
static_assert(sizeof(WordStatfs<uint64_t>) == 120 && sizeof(WordStatfs<uint32_t>) == 64);

// The same header's statfs64, packed as arch/arm/include/uapi/asm/statfs.h asks: 64-bit numbers at
// multiples of 4.
struct [[gnu::packed]] PackedStatfs {
  uint32_t f_type;
  uint32_t f_bsize;
  uint64_t f_blocks;
  uint64_t f_bfree;
  uint64_t f_bavail;
  uint64_t f_files;
  uint64_t f_ffree;
  uint32_t f_fsid[2];
  uint32_t f_namelen;
  uint32_t f_frsize;
  uint32_t f_flags;
  uint32_t f_spare[4];
};
static_assert(sizeof(PackedStatfs) == 84);

template <class Statfs>
Result<size_t> Encode(const FileSystemStatus& status, std::span<std::byte> buffer) {
  using Count = decltype(Statfs::f_blocks);
  if (!std::in_range<Count>(status.blocks)) return std::unexpected(Errno::kOverflow);
  Statfs statfs{};
  statfs.f_type = status.magic;
  statfs.f_bsize = status.block_bytes;
  statfs.f_blocks = static_cast<Count>(status.blocks);
  statfs.f_bfree = static_cast<Count>(status.free_blocks);
  statfs.f_bavail = static_cast<Count>(status.free_blocks);
  statfs.f_namelen = kNameMax;
  statfs.f_frsize = status.block_bytes;
  std::memcpy(buffer.data(), &statfs, sizeof(statfs));
  return sizeof(statfs);
}

}  // namespace

Result<size_t> EncodeFileSystemStatus(const FileSystemStatus& status, FileSystemLayout layout,
                                      std::span<std::byte, kLargestFileSystemStatus> buffer) {
  switch (layout) {
    case FileSystemLayout::kWords64:
      return Encode<WordStatfs<uint64_t>>(status, buffer);
    case FileSystemLayout::kWords32:
      return Encode<WordStatfs<uint32_t>>(status, buffer);
    case FileSystemLayout::kPacked64:
      return Encode<PackedStatfs>(status, buffer);
  }
  return std::unexpected(Errno::kInvalid);
}

}  // namespace posix
