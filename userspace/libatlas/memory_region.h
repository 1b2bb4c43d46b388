// Where a heap's memory comes from: a stretch of addresses that it grows over, upwards.
#pragma once

#include <cstddef>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/frame_table.h"

namespace libatlas {

class MemoryRegion {
 public:
  // The first byte; a multiple of mm::kMaxSlabBytes.
  [[nodiscard]] virtual std::byte* base() const = 0;

  // One for each page that the region may ever have, all of them zero when the heap starts.
  [[nodiscard]] virtual std::span<mm::FrameDescriptor> descriptors() const = 0;

  // From now on the region's first `bytes` bytes are there, and no others: whole pages. Those that
  // are new are zero. Error: kOutOfMemory, never when it gets smaller.
  [[nodiscard]] virtual base::Result<> Resize(size_t bytes) = 0;

  // The system may have the memory of these whole pages. They are zero when they are used again.
  virtual void Forget(void* first, size_t bytes) = 0;

 protected:
  MemoryRegion() = default;
  ~MemoryRegion() = default;
  MemoryRegion(const MemoryRegion&) = default;
  MemoryRegion& operator=(const MemoryRegion&) = default;
};

}  // namespace libatlas
