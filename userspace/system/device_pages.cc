#include "userspace/system/device_pages.h"

#include <sys/mman.h>

#include <limits>

#include "userspace/libatlas/system/devices.h"

namespace dispatch {

MappedWindow MapWindow(const drivers::RegisterWindow& window) {
  constexpr uint64_t kLast = std::numeric_limits<uint64_t>::max();
  const uint64_t into = window.base % kPageBytes;
  if (window.space != drivers::RegisterSpace::kMemory || window.size_bytes == 0 ||
      window.size_bytes - 1 > kLast - window.base) {
    return {};
  }
  const uint64_t size_bytes = WholePages(into + window.size_bytes);
  if (size_bytes > std::numeric_limits<size_t>::max()) return {};
  void* const base = atlas::MapDevice(window.base - into, static_cast<size_t>(size_bytes));
  if (base == nullptr) return {};
  return {.base = base,
          .size_bytes = static_cast<size_t>(size_bytes),
          .registers = static_cast<volatile uint8_t*>(base) + into};
}

void UnmapPages(void* base, size_t size_bytes) { munmap(base, size_bytes); }

void* MapMemory(size_t size_bytes) {
  constexpr int kFlags = MAP_PRIVATE | MAP_ANONYMOUS;
  void* const memory = mmap(nullptr, size_bytes, PROT_READ | PROT_WRITE, kFlags, -1, 0);
  return memory == MAP_FAILED ? nullptr : memory;
}

}  // namespace dispatch
