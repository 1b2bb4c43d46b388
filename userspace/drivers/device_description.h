// A device as it was found: what it is, and where its registers are. It is part of what driver
// objects are compiled against, so its shape is fixed.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/check.h"

namespace drivers {

enum class DeviceKind : uint32_t {
  kNone,
  kSerial16550,
  kSerialPl011,
  kClockMc146818,
  kClockPl031,
  kVirtioMmio,
  kVirtioPci,
};

enum class RegisterSpace : uint32_t { kMemory, kPorts };

// `base` is a physical address or a port. Not empty, and not past the last address.
struct RegisterWindow {
  RegisterSpace space = RegisterSpace::kMemory;
  uint32_t size_bytes = 0;
  uint64_t base = 0;
};

enum class LineTrigger : uint32_t { kEdge, kLevel };

inline constexpr uint32_t kNoLine = UINT32_MAX;

struct DeviceDescription {
  static constexpr size_t kMaxWindows = 4;
  static constexpr size_t kMaxName = 31;

  DeviceKind kind = DeviceKind::kNone;
  uint32_t virtio_type = 0;  // of virtio devices; 0: not known yet
  uint32_t line = kNoLine;   // that it interrupts by, as the interrupt controller counts
  LineTrigger trigger = LineTrigger::kLevel;
  uint32_t window_count = 0;
  uint32_t notify_multiplier = 0;  // of kVirtioPci
  // Of kVirtioPci in the order of virtio::PciStructures, the last of which may not be there.
  std::array<RegisterWindow, kMaxWindows> windows{};
  std::array<char, kMaxName + 1> name{};  // for people

  void SetName(std::string_view text) {
    const std::string_view kept = text.substr(0, kMaxName);
    name = {};
    kept.copy(name.data(), kept.size());
  }

  void AddWindow(const RegisterWindow& window) {
    CHECK(window_count < kMaxWindows);
    windows[window_count++] = window;
  }
};

// What was found, in the order in which it was.
class DeviceList {
 public:
  static constexpr size_t kMaxDevices = 64;

  // Whether there was room.
  bool Add(const DeviceDescription& device) {
    if (count_ == kMaxDevices) return false;
    devices_[count_++] = device;
    return true;
  }

  std::span<DeviceDescription> all() { return std::span(devices_).first(count_); }
  std::span<const DeviceDescription> all() const { return std::span(devices_).first(count_); }

 private:
  std::array<DeviceDescription, kMaxDevices> devices_{};
  size_t count_ = 0;
};

}  // namespace drivers
