#include "arch/arm/firmware/board_devices.h"

#include <libfdt.h>

#include <optional>

#include "arch/arm/firmware/tree_node.h"

namespace arch::arm {
namespace {

// An interrupt specifier of the arm,gic binding: kind, number within the kind, trigger.
constexpr size_t kInterruptCells = 3;
constexpr uint32_t kSharedKind = 0;
constexpr uint32_t kPrivateKind = 1;
constexpr uint32_t kFirstPrivate = 16;
constexpr uint32_t kFirstShared = 32;
constexpr uint32_t kFirstReserved = 1020;  // ARM IHI 0048B 2.2.1

// arm,arch_timer: secure, non-secure, virtual, hypervisor.
constexpr size_t kVirtualTimer = 2;

std::optional<uint32_t> FindInterrupt(const void* tree, TreeOffset node, size_t index) {
  const auto specifiers = FindProperty(tree, node, "interrupts");
  if (!specifiers) return std::nullopt;
  const auto kind = ReadCell(*specifiers, index * kInterruptCells);
  const auto number = ReadCell(*specifiers, index * kInterruptCells + 1);
  if (!kind || !number || *number >= kFirstReserved) return std::nullopt;
  if (kind == kPrivateKind && *number < kFirstShared - kFirstPrivate) {
    return kFirstPrivate + *number;
  }
  if (kind == kSharedKind && *number < kFirstReserved - kFirstShared) {
    return kFirstShared + *number;
  }
  return std::nullopt;
}

bool IsUsable(const mm::PhysRange& registers) { return !registers.IsEmpty() && !registers.Wraps(); }

bool ReadConsole(const void* tree, TreeOffset node, BoardDevices& devices) {
  const auto registers = RegList::Of(tree, node);
  const auto interrupt = FindInterrupt(tree, node, 0);
  if (!registers || registers->size() == 0 || !IsUsable((*registers)[0]) || !interrupt) {
    return false;
  }
  devices.uart = (*registers)[0];
  devices.uart_interrupt = *interrupt;
  return true;
}

// The node that /chosen names, options after ':' left out; negative if it names none.
TreeOffset FindChosenConsole(const void* tree) {
  const TreeOffset chosen = fdt_path_offset(tree, "/chosen");
  const auto path = FindText(tree, chosen, "stdout-path");
  if (!path) return kNoNode;
  const std::string_view node = path->substr(0, path->find(':'));
  return fdt_path_offset_namelen(tree, node.data(), static_cast<int>(node.size()));
}

bool FindConsole(const void* tree, BoardDevices& devices) {
  const TreeOffset chosen = FindChosenConsole(tree);
  if (chosen >= 0 && fdt_node_check_compatible(tree, chosen, "arm,pl011") == 0 &&
      IsEnabled(tree, chosen) && ReadConsole(tree, chosen, devices)) {
    return true;
  }
  for (TreeOffset node = NextCompatible(tree, kNoNode, "arm,pl011"); node >= 0;
       node = NextCompatible(tree, node, "arm,pl011")) {
    if (ReadConsole(tree, node, devices)) return true;
  }
  return false;
}

bool FindInterruptController(const void* tree, BoardDevices& devices) {
  for (const char* const compatible : {"arm,cortex-a15-gic", "arm,cortex-a7-gic", "arm,gic-400"}) {
    const TreeOffset node = NextCompatible(tree, kNoNode, compatible);
    if (node < 0) continue;
    const auto registers = RegList::Of(tree, node);
    if (!registers || registers->size() < 2) return false;
    devices.gic_distributor = (*registers)[0];
    devices.gic_cpu_interface = (*registers)[1];
    const auto cells = FindProperty(tree, node, "#interrupt-cells");
    return cells && ReadCell(*cells, 0) == kInterruptCells && IsUsable(devices.gic_distributor) &&
           IsUsable(devices.gic_cpu_interface);
  }
  return false;
}

bool FindTimer(const void* tree, BoardDevices& devices) {
  for (const char* const compatible : {"arm,armv7-timer", "arm,armv8-timer"}) {
    const TreeOffset node = NextCompatible(tree, kNoNode, compatible);
    if (node < 0) continue;
    const auto interrupt = FindInterrupt(tree, node, kVirtualTimer);
    if (!interrupt) return false;
    devices.timer_interrupt = *interrupt;
    const auto hertz = FindProperty(tree, node, "clock-frequency");
    devices.timer_hertz = hertz ? ReadCell(*hertz, 0).value_or(0) : 0;
    return true;
  }
  return false;
}

}  // namespace

const char* Describe(DeviceFault fault) {
  switch (fault) {
    case DeviceFault::kNoConsole:
      return "the device tree has no usable PL011 serial port";
    case DeviceFault::kNoInterruptController:
      return "the device tree has no usable GICv2 interrupt controller";
    case DeviceFault::kNoTimer:
      return "the device tree has no usable generic timer";
  }
  return "the device tree has an unknown fault";
}

PsciConduit FindPsciConduit(const void* tree) {
  // Version 0.1 ("arm,psci") has neither off nor reset.
  for (const char* const compatible : {"arm,psci-1.0", "arm,psci-0.2"}) {
    const TreeOffset node = NextCompatible(tree, kNoNode, compatible);
    if (node < 0) continue;
    const auto method = FindText(tree, node, "method");
    if (method == "hvc") return PsciConduit::kHypervisorCall;
    if (method == "smc") return PsciConduit::kSecureMonitorCall;
  }
  return PsciConduit::kNone;
}

std::expected<BoardDevices, DeviceFault> FindBoardDevices(const void* tree) {
  BoardDevices devices;
  if (!FindConsole(tree, devices)) return std::unexpected(DeviceFault::kNoConsole);
  if (!FindInterruptController(tree, devices)) {
    return std::unexpected(DeviceFault::kNoInterruptController);
  }
  if (!FindTimer(tree, devices)) return std::unexpected(DeviceFault::kNoTimer);
  devices.psci = FindPsciConduit(tree);
  return devices;
}

}  // namespace arch::arm
