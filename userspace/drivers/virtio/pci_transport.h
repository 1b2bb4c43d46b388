// A virtio device on a PCI bus, by its modern interface. Virtio 1.2, section 4.1.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernel/base/result.h"
#include "userspace/drivers/registers.h"
#include "userspace/drivers/virtio/split_queue.h"
#include "userspace/drivers/virtio/transport.h"

namespace drivers::virtio {

// 4.1.4: the structures that capabilities lead to.
template <RegisterBlock Block>
struct PciStructures {
  Block common;
  Block notify;
  Block interrupt_status;
  Block device;                    // may be empty
  uint32_t notify_multiplier = 0;  // bytes between queues' registers, or 0: one for all
};

template <RegisterBlock Block>
class PciTransport {
 public:
  // kCorrupt: a structure is smaller than it must be.
  static base::Result<PciTransport> Make(uint32_t device_type, PciStructures<Block> structures) {
    if (structures.common.size_bytes() <= UsedHigh::kLastByte ||
        structures.notify.size_bytes() < sizeof(uint16_t) ||
        structures.interrupt_status.size_bytes() < sizeof(uint8_t)) {
      return std::unexpected(base::Error::kCorrupt);
    }
    return PciTransport(device_type, std::move(structures));
  }

  uint32_t device_type() const { return device_type_; }

  uint8_t ReadStatus() const { return Status::Read(structures_.common); }
  void WriteStatus(uint8_t status) const { Status::Write(structures_.common, status); }

  uint64_t ReadFeatures() const {
    DeviceFeaturesSelect::Write(structures_.common, 0);
    const uint64_t low = DeviceFeatures::Read(structures_.common);
    DeviceFeaturesSelect::Write(structures_.common, 1);
    return uint64_t{DeviceFeatures::Read(structures_.common)} << 32 | low;
  }

  void WriteFeatures(uint64_t features) const {
    DriverFeaturesSelect::Write(structures_.common, 0);
    DriverFeatures::Write(structures_.common, Low(features));
    DriverFeaturesSelect::Write(structures_.common, 1);
    DriverFeatures::Write(structures_.common, High(features));
  }

  uint32_t MaxDescriptors(uint16_t queue) const {
    if (queue >= QueueCount::Read(structures_.common)) return 0;
    QueueSelect::Write(structures_.common, queue);
    return QueueSize::Read(structures_.common);
  }

  base::Result<> EnableQueue(uint16_t queue, uint16_t descriptors,
                             const QueueAddresses& addresses) {
    const Block& common = structures_.common;
    if (queue >= kMaxQueues) return std::unexpected(base::Error::kOutOfRange);
    QueueSelect::Write(common, queue);
    // 4.1.4.4: where its notifications go. The device says it, so it is judged.
    const uint64_t offset =
        uint64_t{QueueNotifyOffset::Read(common)} * structures_.notify_multiplier;
    const uint32_t size_bytes = structures_.notify.size_bytes();
    if (offset >= size_bytes || sizeof(uint16_t) > size_bytes - offset ||
        offset % sizeof(uint16_t) != 0 || QueueEnable::Read(common) != 0) {
      return std::unexpected(base::Error::kCorrupt);
    }
    notify_offsets_[queue] = static_cast<uint32_t>(offset);
    QueueSize::Write(common, descriptors);
    DescriptorsLow::Write(common, Low(addresses.descriptors));
    DescriptorsHigh::Write(common, High(addresses.descriptors));
    AvailableLow::Write(common, Low(addresses.available));
    AvailableHigh::Write(common, High(addresses.available));
    UsedLow::Write(common, Low(addresses.used));
    UsedHigh::Write(common, High(addresses.used));
    QueueEnable::Write(common, 1);
    return {};
  }

  void Notify(uint16_t queue) const { structures_.notify.Write(notify_offsets_[queue], queue); }

  // Reading it clears it, and the line with it (4.1.4.5).
  uint32_t TakeInterrupts() const { return InterruptStatus::Read(structures_.interrupt_status); }

  uint32_t config_bytes() const { return structures_.device.size_bytes(); }
  uint32_t ReadConfig(uint32_t offset) const {
    return structures_.device.template Read<uint32_t>(offset);
  }
  uint32_t ReadConfigGeneration() const { return ConfigGeneration::Read(structures_.common); }

 private:
  // 4.1.4.3, struct virtio_pci_common_cfg.
  using DeviceFeaturesSelect = Register<uint32_t, 0>;
  using DeviceFeatures = Register<uint32_t, 4>;
  using DriverFeaturesSelect = Register<uint32_t, 8>;
  using DriverFeatures = Register<uint32_t, 12>;
  using QueueCount = Register<uint16_t, 18>;
  using Status = Register<uint8_t, 20>;
  using ConfigGeneration = Register<uint8_t, 21>;
  using QueueSelect = Register<uint16_t, 22>;
  using QueueSize = Register<uint16_t, 24>;
  using QueueEnable = Register<uint16_t, 28>;
  using QueueNotifyOffset = Register<uint16_t, 30>;
  using DescriptorsLow = Register<uint32_t, 32>;
  using DescriptorsHigh = Register<uint32_t, 36>;
  using AvailableLow = Register<uint32_t, 40>;
  using AvailableHigh = Register<uint32_t, 44>;
  using UsedLow = Register<uint32_t, 48>;
  using UsedHigh = Register<uint32_t, 52>;

  using InterruptStatus = Register<uint8_t, 0>;

  static constexpr uint16_t kMaxQueues = 4;  // more than any driver here uses

  static uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
  static uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

  PciTransport(uint32_t device_type, PciStructures<Block> structures)
      : structures_(std::move(structures)), device_type_(device_type) {}

  PciStructures<Block> structures_;
  std::array<uint32_t, kMaxQueues> notify_offsets_{};
  uint32_t device_type_;
};

}  // namespace drivers::virtio
