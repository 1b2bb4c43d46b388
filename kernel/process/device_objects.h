// Devices' registers as objects to be mapped, for as long as somebody does.
#pragma once

#include <cstddef>

#include "kernel/fs/object.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/device_object.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/posix/errno.h"

namespace process {

class DeviceObjects final : private mm::DeviceObjectOwner {
 public:
  // `memory` outlives this, and this the objects.
  explicit DeviceObjects(fs::Memory& memory) : memory_(memory) {}

  // `registers`: whole pages. Error: kOutOfMemory.
  [[nodiscard]] posix::Result<mm::ObjectReference> Make(const mm::PhysRange& registers);
  // Those that somebody refers to.
  [[nodiscard]] size_t count() const { return count_; }

 private:
  void DeviceEnded(mm::DeviceObject& object) override;

  fs::Memory& memory_;
  size_t count_ = 0;
};

}  // namespace process
