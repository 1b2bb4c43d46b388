// From start.S to the portable kernel: what the device tree says, copied before anything can
// overwrite it.

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "arch/arm/boot/boot_constants.h"
#include "arch/arm/devices/board.h"
#include "arch/arm/facts/paging_policy.h"
#include "arch/arm/firmware/board_devices.h"
#include "arch/arm/firmware/device_tree.h"
#include "arch/ops/console.h"
#include "arch/ops/cpu.h"
#include "arch/ops/interrupts.h"
#include "arch/ops/kernel_root.h"
#include "arch/ops/shared_state.h"
#include "kernel/init/boot_info.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/layout.h"
#include "layouts/selected.h"

extern "C" {
// Called by start.S on the boot stack, with its page tables and interrupts off. Physical addresses.
[[noreturn]] void ArchEnter(uint32_t device_tree, uint32_t entry_cycles, uint32_t image);

using Constructor = void();
extern Constructor* const init_array_start[];
extern Constructor* const init_array_limit[];
extern const char image_start[];
extern const char image_limit[];
}

namespace arch {
namespace {

using namespace arch::arm;

constexpr const mm::Layout& kLayout = *layouts::selected::kLayouts.front();

// Short descriptors hold 32 bits of physical address.
constexpr mm::PhysAddr kLastPhysical{(uint64_t{1} << PagingPolicy::kPhysicalBits) - 1};

[[gnu::section(".scratchpad")]] constinit DeviceTree device_tree;

// Image, device tree, initrd.
using Reservations = std::array<kernel::Reservation, 3 + DeviceTree::kMaxReservations>;
[[gnu::section(".scratchpad")]] constinit Reservations reservations{};

mm::PhysRange ImageRange(mm::PhysAddr image) {
  return {image, static_cast<uint64_t>(image_limit - image_start)};
}

// What the first byte of the direct map shows when the image lies at `image`.
mm::PhysAddr DirectMapTarget(mm::PhysAddr image) {
  return image - (kLayout.image_link_base - kDirectMap.base);
}

void RunConstructors() {
  for (auto* constructor = init_array_start; constructor != init_array_limit; ++constructor) {
    (*constructor)();
  }
}

void CheckProcessor() {
  const std::string_view missing = MissingCpuFeature();
  if (!missing.empty()) kernel::RefuseBoot(missing);
}

// How far from the start of RAM a device tree may lie where the direct map does not show all of it.
constexpr uint64_t kTreeReachBytes = uint64_t{256} << 20;

// Where the tree can be read, and how far: at its place in the direct map, or where that may end
// within it, at its physical address. Nothing if out of reach.
std::optional<mm::VirtRange> PlaceOfTree(mm::PhysAddr tree, mm::PhysAddr image) {
  const mm::PhysRange shown{DirectMapTarget(image), kDirectMap.size_bytes};
  const mm::PhysRange reach{shown.base, kTreeReachBytes};
  const mm::VirtAddr identity{tree.value};
  const bool is_whole = shown.Contains(mm::PhysRange{tree, kMaxTreeBytes});
  if (!is_whole && reach.Contains(tree) && !kKernelRows.Contains(identity)) {
    return mm::VirtRange{identity, reach.last() - tree + 1};
  }
  if (!shown.Contains(tree)) return std::nullopt;
  return mm::VirtRange{kDirectMap.base + shown.OffsetOf(tree), shown.last() - tree + 1};
}

// The tree's bytes as start.S maps them. The tree may lie anywhere but in the image, whose
// unwritten part is zeroed by now.
std::span<const std::byte> FindTree(mm::PhysAddr tree, mm::PhysAddr image) {
  constexpr uint64_t kTreeAlignment = 8;  // Devicetree Specification 0.4, 5.1
  if (tree.value == 0) kernel::RefuseBoot("no device tree: r2 is 0");
  if (!mm::IsAligned(tree, kTreeAlignment)) {
    kernel::RefuseBoot("no device tree: r2 is not a multiple of 8");
  }
  const auto place = PlaceOfTree(tree, image);
  if (!place) kernel::RefuseBoot("the device tree is out of the direct map's reach");
  if (ImageRange(image).Contains(tree)) {
    kernel::RefuseBoot("the device tree lies inside the kernel image");
  }
  const uint64_t bytes = std::min(kMaxTreeBytes, place->size_bytes);
  return {static_cast<const std::byte*>(mm::PointerTo(place->base)), static_cast<size_t>(bytes)};
}

void ReadTree(std::span<const std::byte> bytes, mm::PhysAddr image) {
  const auto usable = mm::FromFirstToLast(DirectMapTarget(image), kLastPhysical);
  const auto read = device_tree.ReadFrom(bytes, usable);
  if (!read) kernel::RefuseBoot(Describe(read.error()));
  const auto devices = FindBoardDevices(bytes.data());
  if (!devices) {
    // Even a refusal is to switch the machine off.
    SetBoard({.psci = FindPsciConduit(bytes.data())});
    kernel::RefuseBoot(Describe(devices.error()));
  }
  SetBoard(*devices);
}

std::span<const kernel::Reservation> Reserve(mm::PhysAddr tree, mm::PhysAddr image) {
  size_t count = 0;
  const auto add = [&count](std::string_view name, mm::PhysRange range, mm::MemoryState state) {
    reservations[count++] = {name, range, state};
  };
  add("image", ImageRange(image), mm::MemoryState::kKernelImage);
  add("device tree", {tree, device_tree.size_bytes()}, mm::MemoryState::kFirmwareTables);
  if (device_tree.initrd()) add("initrd", *device_tree.initrd(), mm::MemoryState::kModule);
  for (const mm::PhysRange& range : device_tree.reservations()) {
    add("reserved memory", range, mm::MemoryState::kFirmwareReserved);
  }
  return std::span(reservations).first(count);
}

}  // namespace
}  // namespace arch

void ArchEnter(uint32_t device_tree_pa, uint32_t entry_cycles, uint32_t image_pa) {
  using namespace arch;  // NOLINT(google-build-using-namespace)
  StartSharedState();
  InitializeConsole();
  InstallFaultHandlers();
  CheckProcessor();
  ApplyProtections();
  RunConstructors();

  const mm::PhysAddr image{image_pa};
  const mm::PhysAddr tree{device_tree_pa};
  ReadTree(FindTree(tree, image), image);

  kernel::Main({
      .firmware = "device tree",
      .memory = device_tree.memory(),
      .reservations = Reserve(tree, image),
      .command_line = device_tree.command_line(),
      .direct_map_target = DirectMapTarget(image),
      .image_base = image,
      .reachable = {DirectMapTarget(image), kBootMappedBytes},
      .entry_cycles = entry_cycles,
      .seed = device_tree.seed(),
  });
}
