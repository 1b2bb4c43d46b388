// The driver object of virtio block devices.
#include "userspace/drivers/objects/virtio_block.h"

#include "userspace/drivers/driver_object.h"

const drivers::DriverEntry atlas_driver = {
    .version = drivers::kEntryVersion,
    .state_bytes = sizeof(drivers::block::State),
    .name = "virtio_block",
    .matches = {{drivers::DeviceKind::kVirtioMmio, drivers::virtio::kBlockDevice},
                {drivers::DeviceKind::kVirtioPci, drivers::virtio::kBlockDevice}},
    .probe = drivers::Probe<drivers::block::State, drivers::StartVirtio>,
    .handle_interrupt = drivers::block::HandleInterrupt,
    .request = drivers::block::Request,
    .remove = drivers::block::Remove,
};
