// The descriptors and notes of a region's pages: addresses for all of them, and memory for those
// that are used.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/frames/frame_table.h"
#include "userspace/libatlas/memory_region.h"

namespace libatlas {

// The most that a heap may have: 64 GiB, or a gigabyte where addresses have 32 bits.
inline constexpr auto kMostHeapBytes =
    static_cast<size_t>(sizeof(void*) == sizeof(uint64_t) ? uint64_t{64} << 30 : uint64_t{1} << 30);

// Addresses that nobody else has, readable, writable and zero, of which memory is taken only where
// they are written to. Error: kOutOfMemory.
[[nodiscard]] base::Result<std::byte*> ReserveAddresses(size_t bytes);

struct DescriptorSpace {
  std::span<mm::FrameDescriptor> descriptors;
  std::span<PageNote> notes;
};
// Where there are few addresses, or a limit, those of fewer pages.
[[nodiscard]] base::Result<DescriptorSpace> ReserveDescriptors(size_t heap_bytes);

}  // namespace libatlas
