#include "userspace/drivers/tree/device_tree_walk.h"

#include <libfdt.h>

#include <cstdint>
#include <limits>
#include <optional>

#include "arch/arm/firmware/tree_node.h"

namespace drivers {
namespace {

using arch::arm::FindProperty;
using arch::arm::kNoNode;
using arch::arm::NextCompatible;
using arch::arm::ReadCell;
using arch::arm::RegList;
using arch::arm::TreeOffset;

// The binding's words for what there are drivers for.
struct Binding {
  const char* compatible;
  DeviceKind kind;
};
constexpr Binding kBindings[] = {
    {"arm,pl011", DeviceKind::kSerialPl011},
    {"arm,pl031", DeviceKind::kClockPl031},
    {"virtio,mmio", DeviceKind::kVirtioMmio},
};

// arm,gic: three cells, of which the first is 0 for a shared interrupt, the second its number, and
// the third has in its lowest bits how it is triggered.
void ReadInterrupt(const void* tree, TreeOffset node, DeviceDescription& device) {
  constexpr size_t kCells = 3;
  constexpr uint32_t kShared = 0;
  constexpr uint32_t kRisingEdge = 1;
  constexpr uint32_t kLevelHigh = 4;
  constexpr uint32_t kTriggers = 0xF;
  const auto interrupts = FindProperty(tree, node, "interrupts");
  if (!interrupts || interrupts->size() < kCells * sizeof(uint32_t)) return;
  const uint32_t trigger = ReadCell(*interrupts, 2).value_or(0) & kTriggers;
  if (ReadCell(*interrupts, 0) != kShared) return;
  if (trigger != kRisingEdge && trigger != kLevelHigh) return;
  device.trigger = trigger == kRisingEdge ? LineTrigger::kEdge : LineTrigger::kLevel;
  device.line = ReadCell(*interrupts, 1).value_or(kNoLine);
}

std::optional<DeviceDescription> ReadDevice(const void* tree, TreeOffset node, DeviceKind kind) {
  const auto windows = RegList::Of(tree, node);
  if (!windows || windows->size() == 0) return std::nullopt;
  const mm::PhysRange range = (*windows)[0];
  const uint64_t base = range.base.value;
  const uint64_t size_bytes = range.size_bytes;
  if (size_bytes == 0 || size_bytes > std::numeric_limits<uint32_t>::max() ||
      size_bytes - 1 > std::numeric_limits<uint64_t>::max() - base) {
    return std::nullopt;
  }
  DeviceDescription device;
  device.kind = kind;
  device.AddWindow({.space = RegisterSpace::kMemory,
                    .size_bytes = static_cast<uint32_t>(size_bytes),
                    .base = base});
  ReadInterrupt(tree, node, device);
  const char* const name = fdt_get_name(tree, node, nullptr);
  if (name != nullptr) device.SetName(name);
  return device;
}

}  // namespace

base::Result<> FindTreeDevices(std::span<const std::byte> tree, DeviceList& devices) {
  if (reinterpret_cast<uintptr_t>(tree.data()) % alignof(uint64_t) != 0) {
    return std::unexpected(base::Error::kNotAligned);
  }
  if (fdt_check_full(tree.data(), tree.size()) != 0) return std::unexpected(base::Error::kCorrupt);
  for (const Binding& binding : kBindings) {
    TreeOffset node = kNoNode;
    while ((node = NextCompatible(tree.data(), node, binding.compatible)) >= 0) {
      const auto device = ReadDevice(tree.data(), node, binding.kind);
      if (device.has_value() && !devices.Add(*device)) {
        return std::unexpected(base::Error::kOutOfMemory);
      }
    }
  }
  return {};
}

}  // namespace drivers
