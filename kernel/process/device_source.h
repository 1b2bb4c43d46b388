// What the machine has for drivers; kernel/init gives it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/memory_object.h"

namespace process {

// Memory that devices reach: its pages lie side by side from `base` on.
struct ContiguousMemory {
  mm::ObjectReference object;
  mm::PhysAddr base;
};

class DeviceSource {
 public:
  // Whether a driver may have these whole pages: the memory map mentions none of them, and none is
  // of a device that the kernel drives itself, but the console's.
  [[nodiscard]] virtual bool IsForDrivers(const mm::PhysRange& pages) const = 0;

  // Zeroed, for devices with addresses of 32 bits; whole pages, at most a MiB. Error: kOutOfMemory.
  [[nodiscard]] virtual base::Result<ContiguousMemory> AllocateContiguous(uint64_t size_bytes) = 0;

  // The flattened device tree; 0 bytes where the machine has none.
  [[nodiscard]] virtual uint64_t TreeBytes() const = 0;
  // Within it.
  virtual void ReadTree(uint64_t offset, std::span<std::byte> to) const = 0;

 protected:
  DeviceSource() = default;
  ~DeviceSource() = default;
  DeviceSource(const DeviceSource&) = default;
  DeviceSource& operator=(const DeviceSource&) = default;
};

}  // namespace process
