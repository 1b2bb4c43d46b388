// Memory that a device reads and writes beside the processor.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace drivers {

// `bytes` are one piece for the device, which knows it by another address. Whatever a device can
// write it can write at any time: read it once, and judge what was read.
struct DmaMemory {
  std::span<std::byte> bytes;
  uint64_t device_address = 0;

  // A part of it. Wrong ones are the caller's bug.
  DmaMemory Part(size_t offset, size_t size_bytes) const {
    return {bytes.subspan(offset, size_bytes), device_address + offset};
  }
};

}  // namespace drivers
