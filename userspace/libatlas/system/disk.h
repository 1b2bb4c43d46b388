// The machine's disk, for every program: it asks the system process, which has the driver. Results
// are as in interrupts.h.
#pragma once

#include <cstddef>
#include <cstdint>

namespace atlas {

// What the system process answers; its arguments, and its reply's.
enum class DiskCall : uint32_t {
  kDescribe = 0x20,  // replies: result, bytes
  kRead = 0x21,      // offset, bytes; replies with pages, and a result as the third argument
};

// Of one read, in whole sectors.
inline constexpr size_t kMaxDiskRead = 64 << 10;
inline constexpr size_t kDiskSector = 512;

// How many bytes it has. -ENODEV: there is no disk; else as atlas::Call().
long DescribeDisk(uint64_t& size_bytes);

// Fills `buffer` from `offset` on; for native threads, which can be shown pages. -EINVAL: no whole
// sectors, more than kMaxDiskRead, or not all on the disk; -EIO: the disk's error; -EAGAIN: too
// many are reading, or the thread is no native one; -ENODEV; else as atlas::Call().
long ReadDisk(uint64_t offset, void* buffer, size_t size_bytes);

}  // namespace atlas
