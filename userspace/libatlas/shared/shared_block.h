// Blocks of global shared memory as the kernel has them: whole pages. smalloc.h is what programs
// use.
#pragma once

#include <cstddef>
#include <cstdint>

namespace atlas {

struct SharedBlock {
  uint64_t base = 0;
  uint64_t size_bytes = 0;
  int32_t maker = 0;   // the process's number
  uint32_t views = 0;  // areas of processes that show it
};

// Zeroes, which this process has. Its address is a multiple of its size, rounded up to a power of
// two, or of 64 KiB. Null: there is no memory, or no room.
[[nodiscard]] void* MakeSharedBlock(size_t bytes);

// This process has the block no more that begins there. -EINVAL: it did not have it.
long ReleaseSharedBlock(void* base);

// The block that holds the address, whoever has it. -ENOENT: there is none.
[[nodiscard]] long FindSharedBlock(const void* address, SharedBlock& block);

}  // namespace atlas
