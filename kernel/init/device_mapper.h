// Device registers in the kernel's address space.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/mm/address.h"

namespace kernel {

// Maps `size_bytes` of device registers at `base` into the layout's vmalloc region, uncached, with
// an unmapped page on either side. `base` need not be aligned: the result addresses the same byte.
// Errors: kInvalidArgument (empty or wrapping), kOutOfMemory (no address space or no table frame).
// Start-up only: not for use by two processors at once.
[[nodiscard]] base::Result<mm::VirtAddr> MapDevice(mm::PhysAddr base, uint64_t size_bytes);

}  // namespace kernel
