// How the architecture asks the kernel for a device's registers.
#pragma once

#include <cstdint>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"

namespace arch {

// Maps `size_bytes` of registers at a physical address, uncached, for good. `name` says whose they
// are, and outlives the mapping.
using DeviceMapper = base::Result<mm::VirtAddr>(mm::PhysAddr base, uint64_t size_bytes,
                                                std::string_view name);

}  // namespace arch
