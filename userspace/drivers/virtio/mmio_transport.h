// A virtio device whose registers are in memory. Virtio 1.2, section 4.2.
#pragma once

#include <cstdint>
#include <utility>

#include "kernel/base/result.h"
#include "userspace/drivers/registers.h"
#include "userspace/drivers/virtio/split_queue.h"
#include "userspace/drivers/virtio/transport.h"

namespace drivers::virtio {

template <RegisterBlock Block>
class MmioTransport {
 public:
  // kNotFound: no virtio device, or a place without one; kUnsupported: older than virtio 1.0;
  // kCorrupt: too few registers.
  static base::Result<MmioTransport> Make(Block registers) {
    if (registers.size_bytes() < kConfig) return std::unexpected(base::Error::kCorrupt);
    if (Magic::Read(registers) != kMagic) return std::unexpected(base::Error::kNotFound);
    if (Version::Read(registers) != kVersion) return std::unexpected(base::Error::kUnsupported);
    const uint32_t type = DeviceType::Read(registers);
    if (type == kPlaceholder) return std::unexpected(base::Error::kNotFound);
    return MmioTransport(std::move(registers), type);
  }

  uint32_t device_type() const { return device_type_; }

  uint8_t ReadStatus() const { return static_cast<uint8_t>(Status::Read(registers_)); }
  void WriteStatus(uint8_t status) const { Status::Write(registers_, status); }

  uint64_t ReadFeatures() const {
    DeviceFeaturesSelect::Write(registers_, 0);
    const uint64_t low = DeviceFeatures::Read(registers_);
    DeviceFeaturesSelect::Write(registers_, 1);
    return uint64_t{DeviceFeatures::Read(registers_)} << 32 | low;
  }

  void WriteFeatures(uint64_t features) const {
    DriverFeaturesSelect::Write(registers_, 0);
    DriverFeatures::Write(registers_, Low(features));
    DriverFeaturesSelect::Write(registers_, 1);
    DriverFeatures::Write(registers_, High(features));
  }

  uint32_t MaxDescriptors(uint16_t queue) const {
    QueueSelect::Write(registers_, queue);
    return QueueSizeMax::Read(registers_);
  }

  base::Result<> EnableQueue(uint16_t queue, uint16_t descriptors,
                             const QueueAddresses& addresses) {
    QueueSelect::Write(registers_, queue);
    if (QueueReady::Read(registers_) != 0) return std::unexpected(base::Error::kCorrupt);
    QueueSize::Write(registers_, descriptors);
    DescriptorsLow::Write(registers_, Low(addresses.descriptors));
    DescriptorsHigh::Write(registers_, High(addresses.descriptors));
    AvailableLow::Write(registers_, Low(addresses.available));
    AvailableHigh::Write(registers_, High(addresses.available));
    UsedLow::Write(registers_, Low(addresses.used));
    UsedHigh::Write(registers_, High(addresses.used));
    QueueReady::Write(registers_, 1);
    return {};
  }

  void Notify(uint16_t queue) const { QueueNotify::Write(registers_, queue); }

  uint32_t TakeInterrupts() const {
    const uint32_t pending = InterruptStatus::Read(registers_);
    if (pending != 0) InterruptAcknowledge::Write(registers_, pending);
    return pending;
  }

  uint32_t config_bytes() const { return registers_.size_bytes() - kConfig; }
  uint32_t ReadConfig(uint32_t offset) const {
    return registers_.template Read<uint32_t>(kConfig + offset);
  }
  uint32_t ReadConfigGeneration() const { return ConfigGeneration::Read(registers_); }

 private:
  // 4.2.2, table "MMIO Device Register Layout".
  using Magic = Register<uint32_t, 0x000>;
  using Version = Register<uint32_t, 0x004>;
  using DeviceType = Register<uint32_t, 0x008>;
  using DeviceFeatures = Register<uint32_t, 0x010>;
  using DeviceFeaturesSelect = Register<uint32_t, 0x014>;
  using DriverFeatures = Register<uint32_t, 0x020>;
  using DriverFeaturesSelect = Register<uint32_t, 0x024>;
  using QueueSelect = Register<uint32_t, 0x030>;
  using QueueSizeMax = Register<uint32_t, 0x034>;
  using QueueSize = Register<uint32_t, 0x038>;
  using QueueReady = Register<uint32_t, 0x044>;
  using QueueNotify = Register<uint32_t, 0x050>;
  using InterruptStatus = Register<uint32_t, 0x060>;
  using InterruptAcknowledge = Register<uint32_t, 0x064>;
  using Status = Register<uint32_t, 0x070>;
  using DescriptorsLow = Register<uint32_t, 0x080>;
  using DescriptorsHigh = Register<uint32_t, 0x084>;
  using AvailableLow = Register<uint32_t, 0x090>;
  using AvailableHigh = Register<uint32_t, 0x094>;
  using UsedLow = Register<uint32_t, 0x0a0>;
  using UsedHigh = Register<uint32_t, 0x0a4>;
  using ConfigGeneration = Register<uint32_t, 0x0fc>;
  static constexpr uint32_t kConfig = 0x100;

  static constexpr uint32_t kMagic = 0x7472'6976;  // "virt"
  static constexpr uint32_t kVersion = 2;
  static constexpr uint32_t kPlaceholder = 0;

  static uint32_t Low(uint64_t value) { return static_cast<uint32_t>(value); }
  static uint32_t High(uint64_t value) { return static_cast<uint32_t>(value >> 32); }

  MmioTransport(Block registers, uint32_t device_type)
      : registers_(std::move(registers)), device_type_(device_type) {}

  Block registers_;
  uint32_t device_type_;
};

}  // namespace drivers::virtio
