// From start.S to the portable kernel: what the loader and ACPI say, copied before anything can
// overwrite it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "arch/ops/console.h"
#include "arch/ops/cpu.h"
#include "arch/ops/interrupts.h"
#include "arch/ops/power_control.h"
#include "arch/ops/random.h"
#include "arch/ops/user_start.h"
#include "arch/x86_64/firmware/acpi.h"
#include "arch/x86_64/firmware/physical_view.h"
#include "arch/x86_64/firmware/start_info.h"
#include "kernel/base/units.h"
#include "kernel/init/boot_info.h"
#include "kernel/mm/facts/address.h"
#include "layouts/selected.h"

extern "C" {
// Called by start.S on the boot stack, with its page tables and interrupts off. `physical_memory`
// shows what lies below kVisibleBytes.
[[noreturn]] void ArchEnter(uint64_t start_info_pa, uint64_t entry_cycles,
                            const std::byte* physical_memory);

using Constructor = void();
extern Constructor* const init_array_start[];
extern Constructor* const init_array_limit[];
extern const char image_start[];
extern const char image_limit[];
}

namespace arch {
namespace {

using namespace base::literals;
using namespace arch::x86_64;

// What start.S maps: physical memory from address 0 on for reading, and a GiB at the start of the
// direct map.
constexpr uint64_t kVisibleBytes = 4_GiB;
constexpr uint64_t kReachableBytes = 1_GiB;

[[gnu::section(".scratchpad")]] constinit StartInfo start_info;

// Page 0, image, modules.
using Reservations = std::array<kernel::Reservation, 2 + StartInfo::kMaxModules>;
[[gnu::section(".scratchpad")]] constinit Reservations reservations{};

// The same for every depth of page tables.
constexpr const mm::Layout& kLayout = *layouts::selected::kLayouts.front();
// The direct map may be shorter.
constexpr mm::PhysRange kReachable =
    mm::Intersection({kLayout.direct_map_target, kReachableBytes}, mm::DirectMapTarget(kLayout));

mm::PhysRange ImageRange() {
  return {kLayout.image_load_base, static_cast<uint64_t>(image_limit - image_start)};
}

std::span<const kernel::Reservation> Reserve() {
  size_t count = 0;
  const auto add = [&count](std::string_view name, mm::PhysRange range, mm::MemoryState state) {
    reservations[count++] = {name, range, state};
  };
  // The real-mode interrupt table and BIOS data: firmware's as long as it may be called.
  add("page 0", {mm::PhysAddr{0}, mm::kPageSize}, mm::MemoryState::kFirmwareReserved);
  add("image", ImageRange(), mm::MemoryState::kKernelImage);
  for (const mm::PhysRange module : start_info.modules()) {
    add("module", module, mm::MemoryState::kModule);
  }
  return std::span(reservations).first(count);
}

void RunConstructors() {
  for (auto* constructor = init_array_start; constructor != init_array_limit; ++constructor) {
    (*constructor)();
  }
}

}  // namespace
}  // namespace arch

void ArchEnter(uint64_t start_info_pa, uint64_t entry_cycles, const std::byte* physical_memory) {
  using namespace arch;  // NOLINT(google-build-using-namespace)
  InitializeConsole();
  InstallFaultHandlers();
  ApplyProtections();
  StartUserMode();
  RunConstructors();

  const PhysicalView memory({physical_memory, kVisibleBytes}, mm::PhysAddr{0});
  const auto read = start_info.ReadFrom(memory, mm::PhysAddr{start_info_pa});
  if (!read) kernel::RefuseBoot(Describe(read.error()));
  if (const auto power = ReadAcpiPower(memory, start_info.acpi_root_pointer())) {
    SetAcpiPower(*power);
  }

  kernel::Main({
      .firmware = start_info.version() == 1 ? "PVH start info v1" : "PVH start info",
      .memory = start_info.memory(),
      .reservations = Reserve(),
      .command_line = start_info.command_line(),
      .direct_map_target = kLayout.direct_map_target,
      .image_base = ImageRange().base,
      .reachable = kReachable,
      .entry_cycles = entry_cycles,
      .seed = HardwareSeed(),
  });
}
