// What this machine has: by its device tree, on its PCI buses, and where PCs have always had it.
#pragma once

#include "userspace/drivers/device_description.h"
#include "userspace/system/outlets.h"

namespace dispatch {

// What cannot be described is reported and left out.
void FindDevices(drivers::DeviceList& devices, Outlets& outlets);

}  // namespace dispatch
