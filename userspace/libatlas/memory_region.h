// Where a heap's memory comes from: a stretch of addresses that it grows over, upwards, and maybe
// another one above.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/frames/frame_table.h"

namespace libatlas {

// What a free of a block in a page has to know, in a sixth of the descriptor's memory: the heap's
// free blocks are all over the place, and the notes of all their pages fit in a processor's cache.
using PageNote = std::atomic<uint16_t>;

class MemoryRegion {
 public:
  // The first byte; a multiple of mm::kMaxSlabBytes.
  [[nodiscard]] virtual std::byte* base() const = 0;

  // One for each page that the region may ever have, all of them zero when the heap starts.
  [[nodiscard]] virtual std::span<mm::FrameDescriptor> descriptors() const = 0;

  // As many, and zero as well.
  [[nodiscard]] virtual std::span<PageNote> notes() const = 0;

  // From now on the region's first `bytes` bytes are there, and no others: whole pages. Those that
  // are new are zero. Error: kOutOfMemory, never when it gets smaller.
  [[nodiscard]] virtual base::Result<> Resize(size_t bytes) = 0;

  // When the region cannot grow: it goes on above, where there is room for at least `bytes` bytes
  // of whole pages. Returns how many there are from base() to there, which is its size now,
  // although what lies between is not its own; it never gets smaller than that again. Error:
  // kOutOfMemory.
  [[nodiscard]] virtual base::Result<size_t> Skip(size_t /*bytes*/) {
    return std::unexpected(base::Error::kOutOfMemory);
  }

  // The system may have the memory of these whole pages. They are zero when they are used again.
  virtual void Forget(void* first, size_t bytes) = 0;

 protected:
  MemoryRegion() = default;
  ~MemoryRegion() = default;
  MemoryRegion(const MemoryRegion&) = default;
  MemoryRegion& operator=(const MemoryRegion&) = default;
};

}  // namespace libatlas
