// A driver of a device that does nothing but raise its line. It makes the device quiet, or crashes.
#include "userspace/system/tests/bell.h"

#include <cstdint>
#include <new>

#include "kernel/base/result.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/machine/test_device.h"

namespace drivers {
namespace {

using machine::LevelDevice;

// Of this copy: the next one begins without.
uint64_t interrupts = 0;
bool crashes_in_handler = false;

// The device is left as it is found: if its line is raised, it interrupts now.
Status Probe(void* memory, const DeviceDescription* device, const DriverServices* services) {
  const volatile void* const registers =
      services->map_registers(services->host, &device->windows[0]);
  if (registers == nullptr) return StatusOf(base::Error::kOutOfMemory);
  new (memory) LevelDevice(reinterpret_cast<uintptr_t>(registers));
  return kOk;
}

Status HandleInterrupt(void* memory) {
  if (crashes_in_handler) __builtin_trap();
  static_cast<const LevelDevice*>(memory)->Quiet();
  ++interrupts;
  return kOk;
}

Status Request(void*, DriverRequest* request) {
  switch (static_cast<trial::BellOrder>(request->offset)) {
    case trial::BellOrder::kCount:
      request->result = interrupts;
      break;
    case trial::BellOrder::kCrash:
      __builtin_trap();
    case trial::BellOrder::kCrashInHandler:
      crashes_in_handler = true;
  }
  return kOk;
}

void Remove(void*) {}

}  // namespace
}  // namespace drivers

const drivers::DriverEntry atlas_driver = {
    .version = drivers::kEntryVersion,
    .state_bytes = sizeof(machine::LevelDevice),
    .name = "bell",
    .matches = {{trial::kBellKind, 0}},
    .probe = drivers::Probe,
    .handle_interrupt = drivers::HandleInterrupt,
    .request = drivers::Request,
    .remove = drivers::Remove,
};
