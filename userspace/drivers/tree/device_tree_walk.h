// Finding devices in a flattened device tree. Devicetree Specification 0.4, chapters 2 and 5.
#pragma once

#include <cstddef>
#include <span>

#include "kernel/base/result.h"
#include "userspace/drivers/device_description.h"

namespace drivers {

// Adds the devices of a tree that have drivers. The tree is firmware's: a node that cannot be read
// is left out. kNotAligned: `tree` is not, to 8 bytes; kCorrupt: it is no whole tree; kOutOfMemory:
// there are more devices than the list has room for.
base::Result<> FindTreeDevices(std::span<const std::byte> tree, DeviceList& devices);

}  // namespace drivers
