// From what a driver object is given to what drivers are written against.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <span>
#include <utility>

#include "kernel/base/result.h"
#include "userspace/drivers/device_description.h"
#include "userspace/drivers/dma_memory.h"
#include "userspace/drivers/driver_object.h"
#include "userspace/drivers/mmio_block.h"
#include "userspace/drivers/port_block.h"
#include "userspace/drivers/virtio/mmio_transport.h"
#include "userspace/drivers/virtio/pci_transport.h"

namespace drivers {

// kOutOfMemory: it cannot be mapped.
inline base::Result<MmioBlock> MapWindow(const DriverServices& services,
                                         const RegisterWindow& window) {
  volatile void* const base = services.map_registers(services.host, &window);
  if (base == nullptr) return std::unexpected(base::Error::kOutOfMemory);
  return MmioBlock(base, window.size_bytes);
}

inline PortBlock PortsOf(const RegisterWindow& window) {
  return {static_cast<uint16_t>(window.base), window.size_bytes};
}

inline base::Result<DmaMemory> AllocateForDevice(const DriverServices& services,
                                                 uint32_t size_bytes) {
  uint64_t device_address = 0;
  void* const memory = services.allocate_for_device(services.host, size_bytes, &device_address);
  if (memory == nullptr) return std::unexpected(base::Error::kOutOfMemory);
  return DmaMemory{{static_cast<std::byte*>(memory), size_bytes}, device_address};
}

using VirtioMmio = virtio::MmioTransport<MmioBlock>;
using VirtioPci = virtio::PciTransport<MmioBlock>;

inline base::Result<VirtioMmio> ConnectMmio(const DriverServices& services,
                                            const DeviceDescription& device) {
  return VirtioMmio::Make(TRY(MapWindow(services, device.windows[0])));
}

inline base::Result<VirtioPci> ConnectPci(const DriverServices& services,
                                          const DeviceDescription& device) {
  constexpr uint32_t kLeast = 3;  // the device's own structure may be missing
  if (device.window_count < kLeast) return std::unexpected(base::Error::kCorrupt);
  virtio::PciStructures<MmioBlock> structures = {
      .common = TRY(MapWindow(services, device.windows[0])),
      .notify = TRY(MapWindow(services, device.windows[1])),
      .interrupt_status = TRY(MapWindow(services, device.windows[2])),
      .device = {},
      .notify_multiplier = device.notify_multiplier};
  if (device.window_count > kLeast) {
    structures.device = TRY(MapWindow(services, device.windows[kLeast]));
  }
  return VirtioPci::Make(device.virtio_type, std::move(structures));
}

// A driver's state is one of two, for one bus or the other, in memory that somebody else owns.
template <class First, class Second>
struct EitherDriver {
  static constexpr size_t kBytes =
      (sizeof(First) > sizeof(Second) ? sizeof(First) : sizeof(Second)) + 64;

  const DriverServices* services;
  First* first;
  Second* second;
  alignas(First) alignas(Second) std::byte room[kBytes];

  void Hold(First&& driver) { first = new (room) First(std::move(driver)); }
  void Hold(Second&& driver) { second = new (room) Second(std::move(driver)); }

  template <class Function>
  auto Do(Function&& function) {
    return first != nullptr ? function(*first) : function(*second);
  }
  bool holds() const { return first != nullptr || second != nullptr; }
};

// The driver of a virtio device, for the bus that the device is on.
template <class Mmio, class Pci>
base::Result<> StartVirtio(EitherDriver<Mmio, Pci>& state, const DeviceDescription& device) {
  const DmaMemory memory = TRY(AllocateForDevice(*state.services, uint32_t{Mmio::kMemoryBytes}));
  if (device.kind == DeviceKind::kVirtioPci) {
    state.Hold(TRY(Pci::Start(TRY(ConnectPci(*state.services, device)), memory)));
  } else {
    state.Hold(TRY(Mmio::Start(TRY(ConnectMmio(*state.services, device)), memory)));
  }
  return {};
}

// A driver object's probe(), by what starts the device.
template <class State, base::Result<> (*kStart)(State& state, const DeviceDescription& device)>
Status Probe(void* memory, const DeviceDescription* device, const DriverServices* services) {
  auto& state = *static_cast<State*>(memory);
  state.services = services;
  return StatusOf(kStart(state, *device));
}

}  // namespace drivers
