#include "userspace/system/discovery.h"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <span>

#include "userspace/drivers/clock_mc146818.h"
#include "userspace/drivers/pci/bus_walk.h"
#include "userspace/drivers/pci/config_space.h"
#include "userspace/drivers/port_block.h"
#include "userspace/drivers/serial_16550.h"
#include "userspace/drivers/tree/device_tree_walk.h"
#include "userspace/drivers/virtio/pci_discovery.h"
#include "userspace/libatlas/system/devices.h"
#include "userspace/machine/ports.h"
#include "userspace/system/device_pages.h"
#include "userspace/system/hosted_device.h"

namespace dispatch {
namespace {

using drivers::DeviceDescription;
using drivers::DeviceKind;
using drivers::DeviceList;
using drivers::PortBlock;

void Add(DeviceList& devices, const DeviceDescription& device, Outlets& outlets) {
  if (!devices.Add(device)) outlets.Report("there are more devices than there is room for");
}

// No bus tells of these: where they are is a convention of PCs. Their interrupts are edges.
void AddConventional(DeviceList& devices, Outlets& outlets) {
  struct Conventional {
    const char* name;
    DeviceKind kind;
    uint16_t first_port;
    uint32_t ports;
    uint32_t line;
  };
  constexpr Conventional kDevices[] = {
      {"serial port", DeviceKind::kSerial16550, 0x3F8, drivers::Serial16550<PortBlock>::kPortBytes,
       4},
      // Its alarm stays off.
      {"clock", DeviceKind::kClockMc146818, 0x70, drivers::ClockMc146818<PortBlock>::kPortBytes,
       drivers::kNoLine},
  };
  for (const Conventional& conventional : kDevices) {
    DeviceDescription device;
    device.kind = conventional.kind;
    device.line = conventional.line;
    device.trigger = drivers::LineTrigger::kEdge;
    device.AddWindow({.space = drivers::RegisterSpace::kPorts,
                      .size_bytes = conventional.ports,
                      .base = conventional.first_port});
    device.SetName(conventional.name);
    Add(devices, device, outlets);
  }
}

void AddPci(DeviceList& devices, Outlets& outlets) {
  using Space = drivers::pci::PortConfigSpace<PortBlock>;
  Space space{PortBlock(Space::kFirstPort, Space::kPortBytes)};
  drivers::pci::WalkBuses(space, [&](const drivers::pci::Function& function) {
    auto device = drivers::virtio::PciDiscovery<Space>::Describe(space, function);
    char name[DeviceDescription::kMaxName + 1];
    std::snprintf(name, sizeof name, "pci %02x:%02x.%x", unsigned{function.address.bus},
                  unsigned{function.address.device}, unsigned{function.address.function});
    if (device.has_value()) {
      device->SetName(name);
      Add(devices, *device, outlets);
    } else if (device.error() != base::Error::kNotFound) {
      char text[80];
      std::snprintf(text, sizeof text, "%s: %s", name, base::ErrorName(device.error()).data());
      outlets.Report(text);
    }
  });
}

void AddTree(DeviceList& devices, Outlets& outlets) {
  const long tree_bytes = atlas::ReadDeviceTree(nullptr, 0);
  if (tree_bytes <= 0) return;
  const auto mapped_bytes = static_cast<size_t>(WholePages(static_cast<uint64_t>(tree_bytes)));
  void* const tree = MapMemory(mapped_bytes);
  if (tree == nullptr || atlas::ReadDeviceTree(tree, mapped_bytes) != tree_bytes) {
    outlets.Report("the device tree cannot be read");
    return;
  }
  const auto found = drivers::FindTreeDevices(
      {static_cast<const std::byte*>(tree), static_cast<size_t>(tree_bytes)}, devices);
  if (!found.has_value()) outlets.Report(base::ErrorName(found.error()).data());
  UnmapPages(tree, mapped_bytes);
}

}  // namespace

void FindDevices(DeviceList& devices, Outlets& outlets) {
  if (machine::kHasPorts) {
    AddConventional(devices, outlets);
    AddPci(devices, outlets);
  }
  AddTree(devices, outlets);
  for (DeviceDescription& device : devices.all()) {
    if (device.kind == DeviceKind::kVirtioMmio) device.virtio_type = FindVirtioType(device);
  }
}

}  // namespace dispatch
