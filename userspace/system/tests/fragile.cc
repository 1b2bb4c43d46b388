// The driver of virtio block devices that crashes, at once or in its handler, or never comes back,
// when it is asked for one of some places.
#include "userspace/system/tests/fragile.h"

#include "userspace/drivers/driver_object.h"
#include "userspace/drivers/objects/virtio_block.h"

namespace drivers {
namespace {

// Of this copy: the next one begins without.
bool crashes_when_done = false;

Status Request(void* memory, DriverRequest* request) {
  if (request->function == RequestFunction::kRead) {
    if (request->offset == trial::kCrashOffset) __builtin_trap();
    if (request->offset == trial::kHandlerCrashOffset) crashes_when_done = true;
    while (request->offset == trial::kLoopOffset) {
      // Something that is seen, so that it has no end.
      __asm__ volatile("" ::: "memory");
    }
  }
  return block::Request(memory, request);
}

// The line is raised then: a new copy begins with none of it, or it would never be quiet.
Status HandleInterrupt(void* memory) {
  if (crashes_when_done) __builtin_trap();
  return block::HandleInterrupt(memory);
}

}  // namespace
}  // namespace drivers

const drivers::DriverEntry atlas_driver = {
    .version = drivers::kEntryVersion,
    .state_bytes = sizeof(drivers::block::State),
    .name = "fragile",
    .matches = {{drivers::DeviceKind::kVirtioMmio, drivers::virtio::kBlockDevice},
                {drivers::DeviceKind::kVirtioPci, drivers::virtio::kBlockDevice}},
    .probe = drivers::Probe<drivers::block::State, drivers::StartVirtio>,
    .handle_interrupt = drivers::HandleInterrupt,
    .request = drivers::Request,
    .remove = drivers::block::Remove,
};
