// A virtio device for tests: what is the same on every bus, and registers in front of it as virtio
// 1.2 has them in 4.2.2 (memory) and 4.1.4 (PCI). It has one queue. What it says of itself can be
// changed into lies.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <utility>
#include <vector>

#include "userspace/drivers/dma_memory.h"
#include "userspace/drivers/fake_registers.h"
#include "userspace/drivers/virtio/device_queue.h"
#include "userspace/drivers/virtio/mmio_transport.h"
#include "userspace/drivers/virtio/pci_transport.h"
#include "userspace/drivers/virtio/split_queue.h"

namespace drivers::virtio {

struct FakeVirtio {
  enum class Lie : uint8_t {
    kNone,
    kNeverResets,
    kRefusesFeatures,
    kRestlessConfig,
    kQueueIsReady
  };

  DmaMemory memory{};  // what it can reach
  uint32_t type = 0;
  uint64_t features = uint64_t{1} << 32;
  std::vector<uint8_t> config{};
  uint32_t max_descriptors = 8;
  Lie lie = Lie::kNone;

  uint8_t status = 0;
  uint64_t accepted = 0;
  uint32_t generation = 0;
  uint32_t interrupts = 0;
  uint16_t selected_queue = 0;
  uint16_t descriptors = 0;
  QueueAddresses addresses{};
  bool enabled = false;
  int notifications = 0;
  DeviceQueue queue{};

  uint8_t OnReadStatus() const {
    const bool refuses = lie == Lie::kRefusesFeatures;
    return refuses ? static_cast<uint8_t>(status & ~kStatusFeaturesOk) : status;
  }

  void OnWriteStatus(uint32_t value) {
    if (value == 0 && lie == Lie::kNeverResets) value = kStatusNeedsReset;
    status = static_cast<uint8_t>(value);
    if (value == 0) enabled = false;
  }

  void OnEnable() {
    enabled = true;
    queue = DeviceQueue(memory, addresses, descriptors);
  }

  bool IsEnabled() const { return enabled || lie == Lie::kQueueIsReady; }
  uint32_t MaxDescriptors() const { return selected_queue == 0 ? max_descriptors : 0; }

  uint32_t OnReadGeneration() { return lie == Lie::kRestlessConfig ? ++generation : generation; }

  uint32_t ReadConfig(uint32_t offset) const {
    uint32_t value = 0;
    if (offset < config.size()) {
      std::memcpy(&value, &config[offset], std::min(sizeof(value), config.size() - offset));
    }
    return value;
  }

  void SetConfig64(uint32_t offset, uint64_t value) {
    config.resize(std::max(config.size(), offset + sizeof(value)));
    std::memcpy(&config[offset], &value, sizeof(value));
  }
};

namespace fake {

inline void SetLow(uint64_t& number, uint32_t value) { number = (number >> 32 << 32) | value; }
inline void SetHigh(uint64_t& number, uint32_t value) {
  number = uint64_t{value} << 32 | static_cast<uint32_t>(number);
}
inline uint32_t HalfOf(uint64_t number, uint32_t select) {
  return select > 1 ? 0 : static_cast<uint32_t>(number >> (32 * select));
}
inline void SetHalf(uint64_t& number, uint32_t select, uint32_t value) {
  if (select == 0) SetLow(number, value);
  if (select == 1) SetHigh(number, value);
}

}  // namespace fake

// 4.2.2
class FakeMmioFront : public FakeDevice {
 public:
  using Driver = MmioTransport<FakeRegisters>;

  explicit FakeMmioFront(FakeVirtio& device) : device_(device) {}

  uint32_t magic = 0x7472'6976;
  uint32_t version = 2;

  base::Result<Driver> Connect() {
    const auto config_bytes = static_cast<uint32_t>(device_.config.size());
    return Driver::Make(FakeRegisters(*this, 0, 0x100 + config_bytes));
  }

  uint32_t OnRead(uint32_t offset, uint32_t width_bytes) override {
    CHECK(width_bytes == 4);
    if (offset >= 0x100) return device_.ReadConfig(offset - 0x100);
    switch (offset) {
      case 0x000:
        return magic;
      case 0x004:
        return version;
      case 0x008:
        return device_.type;
      case 0x010:
        return fake::HalfOf(device_.features, device_select_);
      case 0x034:
        return device_.MaxDescriptors();
      case 0x044:
        return device_.IsEnabled() ? 1 : 0;
      case 0x060:
        return device_.interrupts;
      case 0x070:
        return device_.OnReadStatus();
      case 0x0fc:
        return device_.OnReadGeneration();
      default:
        CHECK(false);  // nothing that a driver may read
        return 0;
    }
  }

  void OnWrite(uint32_t offset, uint32_t width_bytes, uint32_t value) override {
    CHECK(width_bytes == 4);
    switch (offset) {
      case 0x014:
        device_select_ = value;
        return;
      case 0x020:
        return fake::SetHalf(device_.accepted, driver_select_, value);
      case 0x024:
        driver_select_ = value;
        return;
      case 0x030:
        device_.selected_queue = static_cast<uint16_t>(value);
        return;
      case 0x038:
        device_.descriptors = static_cast<uint16_t>(value);
        return;
      case 0x044:
        return device_.OnEnable();
      case 0x050:
        ++device_.notifications;
        return;
      case 0x064:
        device_.interrupts &= ~value;
        return;
      case 0x070:
        return device_.OnWriteStatus(value);
      case 0x080:
        return fake::SetLow(device_.addresses.descriptors, value);
      case 0x084:
        return fake::SetHigh(device_.addresses.descriptors, value);
      case 0x090:
        return fake::SetLow(device_.addresses.available, value);
      case 0x094:
        return fake::SetHigh(device_.addresses.available, value);
      case 0x0a0:
        return fake::SetLow(device_.addresses.used, value);
      case 0x0a4:
        return fake::SetHigh(device_.addresses.used, value);
      default:
        CHECK(false);  // nothing that a driver may write
    }
  }

 private:
  FakeVirtio& device_;
  uint32_t device_select_ = 0;
  uint32_t driver_select_ = 0;
};

// 4.1.4, with the four structures side by side.
class FakePciFront : public FakeDevice {
 public:
  using Driver = PciTransport<FakeRegisters>;

  explicit FakePciFront(FakeVirtio& device) : device_(device) {}

  uint32_t common_bytes = 56;
  uint32_t notify_bytes = 4;
  uint32_t notify_multiplier = 4;
  uint32_t notify_offset = 0;  // of queue 0

  base::Result<Driver> Connect() {
    const auto config_bytes = static_cast<uint32_t>(device_.config.size());
    return Driver::Make(device_.type, {.common = {*this, kCommon, common_bytes},
                                       .notify = {*this, kNotify, notify_bytes},
                                       .interrupt_status = {*this, kInterruptStatus, 1},
                                       .device = {*this, kConfig, config_bytes},
                                       .notify_multiplier = notify_multiplier});
  }

  uint32_t OnRead(uint32_t offset, uint32_t width_bytes) override {
    if (offset >= kConfig) return device_.ReadConfig(offset - kConfig);
    switch (offset) {
      case kCommon + 4:
        return Wide(width_bytes, 4, fake::HalfOf(device_.features, device_select_));
      case kCommon + 18:
        return Wide(width_bytes, 2, 1);
      case kCommon + 20:
        return Wide(width_bytes, 1, device_.OnReadStatus());
      case kCommon + 21:
        return Wide(width_bytes, 1, device_.OnReadGeneration());
      case kCommon + 24:
        return Wide(width_bytes, 2, device_.MaxDescriptors());
      case kCommon + 28:
        return Wide(width_bytes, 2, device_.IsEnabled() ? 1 : 0);
      case kCommon + 30:
        return Wide(width_bytes, 2, notify_offset);
      case kInterruptStatus:
        return Wide(width_bytes, 1, std::exchange(device_.interrupts, 0));
      default:
        CHECK(false);  // nothing that a driver may read
        return 0;
    }
  }

  void OnWrite(uint32_t offset, uint32_t width_bytes, uint32_t value) override {
    switch (offset) {
      case kCommon + 0:
        device_select_ = Wide(width_bytes, 4, value);
        return;
      case kCommon + 8:
        driver_select_ = Wide(width_bytes, 4, value);
        return;
      case kCommon + 12:
        return fake::SetHalf(device_.accepted, driver_select_, Wide(width_bytes, 4, value));
      case kCommon + 20:
        return device_.OnWriteStatus(Wide(width_bytes, 1, value));
      case kCommon + 22:
        device_.selected_queue = static_cast<uint16_t>(Wide(width_bytes, 2, value));
        return;
      case kCommon + 24:
        device_.descriptors = static_cast<uint16_t>(Wide(width_bytes, 2, value));
        return;
      case kCommon + 28:
        return device_.OnEnable();
      case kCommon + 32:
        return fake::SetLow(device_.addresses.descriptors, Wide(width_bytes, 4, value));
      case kCommon + 36:
        return fake::SetHigh(device_.addresses.descriptors, Wide(width_bytes, 4, value));
      case kCommon + 40:
        return fake::SetLow(device_.addresses.available, Wide(width_bytes, 4, value));
      case kCommon + 44:
        return fake::SetHigh(device_.addresses.available, Wide(width_bytes, 4, value));
      case kCommon + 48:
        return fake::SetLow(device_.addresses.used, Wide(width_bytes, 4, value));
      case kCommon + 52:
        return fake::SetHigh(device_.addresses.used, Wide(width_bytes, 4, value));
      case kNotify:
        CHECK(Wide(width_bytes, 2, value) == 0);  // the queue
        ++device_.notifications;
        return;
      default:
        CHECK(false);  // nothing that a driver may write
    }
  }

 private:
  static constexpr uint32_t kCommon = 0x0000;
  static constexpr uint32_t kNotify = 0x1000;
  static constexpr uint32_t kInterruptStatus = 0x2000;
  static constexpr uint32_t kConfig = 0x3000;

  static uint32_t Wide(uint32_t width_bytes, uint32_t wanted_bytes, uint32_t value) {
    CHECK(width_bytes == wanted_bytes);
    return value;
  }

  FakeVirtio& device_;
  uint32_t device_select_ = 0;
  uint32_t driver_select_ = 0;
};

}  // namespace drivers::virtio
