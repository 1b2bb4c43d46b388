// The driver of virtio block devices that crashes, or never comes back, when it is asked for one of
// two places.
#include "userspace/system/tests/fragile.h"

#include "userspace/drivers/driver_object.h"
#include "userspace/drivers/objects/virtio_block.h"

namespace drivers {
namespace {

Status Request(void* memory, DriverRequest* request) {
  if (request->function == RequestFunction::kRead && request->token >> 63 != 0) {
    if (request->offset == trial::kCrashOffset) __builtin_trap();
    while (request->offset == trial::kLoopOffset) {
      // Something that is seen, so that it has no end.
      __asm__ volatile("" ::: "memory");
    }
  }
  return block::Request(memory, request);
}

}  // namespace
}  // namespace drivers

const drivers::DriverEntry atlas_driver = {
    .version = drivers::kEntryVersion,
    .state_bytes = sizeof(drivers::block::State),
    .name = "fragile",
    .matches = {{drivers::DeviceKind::kVirtioMmio, drivers::virtio::kBlockDevice},
                {drivers::DeviceKind::kVirtioPci, drivers::virtio::kBlockDevice}},
    .probe = drivers::block::Probe,
    .handle_interrupt = drivers::block::HandleInterrupt,
    .request = drivers::Request,
    .remove = drivers::block::Remove,
};
