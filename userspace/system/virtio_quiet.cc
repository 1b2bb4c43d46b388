#include "kernel/base/result.h"
#include "userspace/drivers/mmio_block.h"
#include "userspace/drivers/virtio/mmio_transport.h"
#include "userspace/drivers/virtio/pci_transport.h"
#include "userspace/drivers/virtio/transport.h"
#include "userspace/system/device_pages.h"
#include "userspace/system/hosted_device.h"

namespace dispatch {
namespace {

using drivers::DeviceDescription;
using drivers::DeviceKind;
using drivers::MmioBlock;

// A window mapped for a moment; empty if it cannot be.
class BriefWindow {
 public:
  explicit BriefWindow(const drivers::RegisterWindow& window)
      : mapped_(MapWindow(window)),
        block_(mapped_.registers, mapped_.base == nullptr ? 0 : window.size_bytes) {}
  BriefWindow(const BriefWindow&) = delete;
  BriefWindow& operator=(const BriefWindow&) = delete;
  ~BriefWindow() {
    if (mapped_.base != nullptr) UnmapPages(mapped_.base, mapped_.size_bytes);
  }
  const MmioBlock& block() const { return block_; }

 private:
  MappedWindow mapped_;
  MmioBlock block_;
};

bool QuietMmio(const DeviceDescription& device) {
  const BriefWindow window(device.windows[0]);
  const auto transport = drivers::virtio::MmioTransport<MmioBlock>::Make(window.block());
  // A place for a device that is empty.
  if (!transport.has_value()) return transport.error() == base::Error::kNotFound;
  return drivers::virtio::Reset(*transport).has_value();
}

bool QuietPci(const DeviceDescription& device) {
  constexpr uint32_t kLeast = 3;
  if (device.window_count < kLeast) return false;
  const BriefWindow common(device.windows[0]);
  const BriefWindow notify(device.windows[1]);
  const BriefWindow interrupt_status(device.windows[2]);
  const auto transport = drivers::virtio::PciTransport<MmioBlock>::Make(
      device.virtio_type, {.common = common.block(),
                           .notify = notify.block(),
                           .interrupt_status = interrupt_status.block(),
                           .device = {},
                           .notify_multiplier = device.notify_multiplier});
  return transport.has_value() && drivers::virtio::Reset(*transport).has_value();
}

}  // namespace

bool QuietDevice(const DeviceDescription& device) {
  switch (device.kind) {
    case DeviceKind::kVirtioMmio:
      return QuietMmio(device);
    case DeviceKind::kVirtioPci:
      return QuietPci(device);
    default:
      return true;
  }
}

uint32_t FindVirtioType(const DeviceDescription& device) {
  const BriefWindow window(device.windows[0]);
  const auto transport = drivers::virtio::MmioTransport<MmioBlock>::Make(window.block());
  return transport.has_value() ? transport->device_type() : 0;
}

}  // namespace dispatch
