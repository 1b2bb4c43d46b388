// Virtio devices among a bus's functions. Virtio 1.2, 4.1.2 and 4.1.4.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "userspace/drivers/device_description.h"
#include "userspace/drivers/pci/base_address.h"
#include "userspace/drivers/pci/bus_walk.h"
#include "userspace/drivers/pci/config_space.h"

namespace drivers::virtio {

// The device type, or nothing if the function is no virtio device.
constexpr std::optional<uint32_t> VirtioTypeOf(const pci::Function& function) {
  constexpr uint16_t kVendor = 0x1AF4;
  // 4.1.2.1: from 0x1040 on the type is part of the number; below the subsystem says it.
  constexpr uint16_t kFirstTransitional = 0x1000;
  constexpr uint16_t kFirstModern = 0x1040;
  constexpr uint16_t kLast = 0x107F;
  if (function.vendor != kVendor || function.header_type != 0 ||
      function.device < kFirstTransitional || function.device > kLast) {
    return std::nullopt;
  }
  if (function.device < kFirstModern) return function.subsystem;
  return function.device - kFirstModern;
}

template <pci::ConfigSpace Space>
class PciDiscovery {
 public:
  // Describes the device that `function` is, and lets it answer, use memory and interrupt.
  // kNotFound: no virtio device; kUnsupported: no modern one; kCorrupt: a structure is not where it
  // says.
  static base::Result<DeviceDescription> Describe(Space& space, const pci::Function& function) {
    const std::optional<uint32_t> type = VirtioTypeOf(function);
    if (!type.has_value()) return std::unexpected(base::Error::kNotFound);
    PciDiscovery discovery(space, function.address);
    TRY(discovery.WalkCapabilities());
    DeviceDescription device;
    device.kind = DeviceKind::kVirtioPci;
    device.virtio_type = *type;
    if (function.interrupt_line != kUnrouted) device.line = function.interrupt_line;
    device.trigger = LineTrigger::kLevel;  // PCI Local Bus 3.0, 2.2.6
    device.notify_multiplier = discovery.notify_multiplier_;
    for (size_t i = 0; i < kTypes; ++i) {
      const std::optional<RegisterWindow>& window = discovery.found_[i];
      if (window.has_value()) {
        device.AddWindow(*window);
      } else if (i + 1 != kDeviceStructure) {
        return std::unexpected(base::Error::kUnsupported);
      }
    }
    Enable(space, function.address);
    return device;
  }

 private:
  static constexpr uint8_t kUnrouted = 0xFF;

  // 4.1.4: struct virtio_pci_cap, in words.
  static constexpr uint8_t kVendorCapability = 0x09;
  static constexpr uint8_t kBarWord = 4;
  static constexpr uint8_t kOffsetWord = 8;
  static constexpr uint8_t kLengthWord = 12;
  static constexpr uint8_t kMultiplierWord = 16;
  static constexpr uint8_t kBytes = 16;
  static constexpr uint8_t kNotifyBytes = 20;

  // cfg_type; from 1 on, in the order of DeviceDescription::windows.
  static constexpr uint8_t kNotify = 2;
  static constexpr uint8_t kDeviceStructure = 4;  // which a device without configuration has not
  static constexpr uint8_t kTypes = 4;

  // 6.7: capabilities begin behind the header and are aligned to words, so there are no more.
  static constexpr uint8_t kFirst = 0x40;
  static constexpr int kMostCapabilities = (256 - kFirst) / 4;

  PciDiscovery(Space& space, const pci::Address& address) : space_(space), address_(address) {}

  uint32_t Read(uint8_t offset) { return space_.Read(address_, offset); }

  base::Result<> WalkCapabilities() {
    if ((Read(pci::kCommand) & pci::kStatusCapabilities) == 0) {
      return std::unexpected(base::Error::kUnsupported);
    }
    auto at = static_cast<uint8_t>(Read(pci::kCapabilities) & 0xFC);
    for (int i = 0; i < kMostCapabilities && at >= kFirst; ++i) {
      const uint32_t head = Read(at);
      if ((head & 0xFF) == kVendorCapability) TRY(ReadCapability(at, head));
      at = static_cast<uint8_t>(head >> 8 & 0xFC);
    }
    return {};
  }

  base::Result<> ReadCapability(uint8_t at, uint32_t head) {
    const auto length = static_cast<uint8_t>(head >> 16);
    const auto type = static_cast<uint8_t>(head >> 24);
    // Types that nobody knows are left alone, and so is all but the first of each (4.1.4.1).
    if (type < 1 || type > kTypes || found_[type - 1].has_value()) return {};
    const uint8_t needed = type == kNotify ? kNotifyBytes : kBytes;
    if (length < needed || at > 256 - needed) return std::unexpected(base::Error::kCorrupt);
    const auto bar_index = static_cast<uint8_t>(Read(Word(at, kBarWord)));
    // 4.1.4: other values are reserved, and what has them is to be ignored.
    if (bar_index >= pci::kBaseAddressCount) return {};
    const auto bar = pci::ReadMemoryBar(space_, address_, bar_index);
    if (!bar.has_value()) {
      if (bar.error() == base::Error::kUnsupported) return {};  // in ports: there may be another
      return std::unexpected(bar.error());
    }
    const uint32_t offset = Read(Word(at, kOffsetWord));
    const uint32_t size_bytes = Read(Word(at, kLengthWord));
    if (size_bytes == 0 || offset % 4 != 0 || offset >= bar->size_bytes ||
        size_bytes > bar->size_bytes - offset) {
      return std::unexpected(base::Error::kCorrupt);
    }
    if (type == kNotify) notify_multiplier_ = Read(Word(at, kMultiplierWord));
    found_[type - 1] = RegisterWindow{
        .space = RegisterSpace::kMemory, .size_bytes = size_bytes, .base = bar->base + offset};
    return {};
  }

  static uint8_t Word(uint8_t at, uint8_t offset) { return static_cast<uint8_t>(at + offset); }

  static void Enable(Space& space, const pci::Address& address) {
    const uint32_t command = space.Read(address, pci::kCommand) & pci::kCommandMask;
    space.Write(address, pci::kCommand,
                (command | pci::kCommandMemory | pci::kCommandMaster) & ~pci::kCommandNoInterrupt);
  }

  Space& space_;
  pci::Address address_;
  std::array<std::optional<RegisterWindow>, kTypes> found_;
  uint32_t notify_multiplier_ = 0;
};

}  // namespace drivers::virtio
