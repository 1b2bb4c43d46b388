// How the architecture asks the kernel for a device's registers.
#pragma once

#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/mm/address.h"

namespace arch {

// Maps `size_bytes` of registers at a physical address, uncached, for good.
using DeviceMapper = base::Result<mm::VirtAddr>(mm::PhysAddr base, uint64_t size_bytes);

}  // namespace arch
