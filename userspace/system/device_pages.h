// Windows of registers as whole pages of them.
#pragma once

#include <cstddef>
#include <cstdint>

#include "userspace/drivers/device_description.h"

namespace dispatch {

inline constexpr uint64_t kPageBytes = 4096;

constexpr uint64_t WholePages(uint64_t size_bytes) {
  return (size_bytes + kPageBytes - 1) / kPageBytes * kPageBytes;
}

// Registers that are mapped, with the pages that they are in; base is null if they cannot be.
struct MappedWindow {
  void* base = nullptr;
  size_t size_bytes = 0;
  volatile void* registers = nullptr;
};

MappedWindow MapWindow(const drivers::RegisterWindow& window);
void UnmapPages(void* base, size_t size_bytes);
// Zeroed memory of this process alone; null if there is none.
void* MapMemory(size_t size_bytes);

}  // namespace dispatch
