// Device registers in the kernel's address space.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"

namespace kernel {

// ioremap: maps `size_bytes` of device registers at `base` into the layout's region for areas,
// uncached, with an unmapped page on either side. `base` need not be aligned: the result addresses
// the same byte. `name` outlives the mapping. Errors: kInvalidArgument (empty or wrapping),
// kOverlap (RAM), kOutOfMemory (no address space or no frame for a table).
[[nodiscard]] base::Result<mm::VirtAddr> MapDevice(mm::PhysAddr base, uint64_t size_bytes,
                                                   std::string_view name);

// iounmap: takes back what MapDevice() returned; false if it did not.
bool UnmapDevice(mm::VirtAddr va);

}  // namespace kernel
