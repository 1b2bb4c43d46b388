// Where the kernel heap gets blocks too large for its size classes.
#pragma once

#include <cstddef>

#include "kernel/base/result.h"

namespace mm {

// In a kernel, vmalloc.
class LargeBlocks {
 public:
  // `alignment` is a power of two; a page's comes for free. Contents are arbitrary. Error:
  // kOutOfMemory.
  [[nodiscard]] virtual base::Result<void*> AllocateBlock(size_t bytes, size_t alignment) = 0;

  // What AllocateBlock() gave. Error: kNotFound, when it gave no such block; nothing has changed.
  [[nodiscard]] virtual base::Result<> FreeBlock(void* block) = 0;

  // The bytes that may be used of a block that AllocateBlock() gave. Error: kNotFound.
  [[nodiscard]] virtual base::Result<size_t> BlockBytes(const void* block) const = 0;

 protected:
  LargeBlocks() = default;
  ~LargeBlocks() = default;
  LargeBlocks(const LargeBlocks&) = default;
  LargeBlocks& operator=(const LargeBlocks&) = default;
};

}  // namespace mm
