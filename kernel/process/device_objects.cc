#include "kernel/process/device_objects.h"

#include <new>

namespace process {

posix::Result<mm::ObjectReference> DeviceObjects::Make(const mm::PhysRange& registers) {
  const auto block = memory_.Allocate(sizeof(mm::DeviceObject));
  if (!block) return std::unexpected(posix::Errno::kOutOfMemory);
  ++count_;
  return mm::ObjectReference(*new (*block) mm::DeviceObject(registers, this));
}

void DeviceObjects::DeviceEnded(mm::DeviceObject& object) {
  object.~DeviceObject();
  memory_.Free(&object);
  --count_;
}

}  // namespace process
