// The composition root: joins the portable memory manager with the architecture and the layout.
#include <array>
#include <optional>

#include "arch/ops/console.h"
#include "arch/ops/cpu.h"
#include "arch/ops/dma.h"
#include "arch/ops/interrupts.h"
#include "arch/ops/paging.h"
#include "arch/ops/power.h"
#include "kernel/base/units.h"
#include "kernel/init/boot_info.h"
#include "kernel/init/command_line.h"
#include "kernel/init/console.h"
#include "kernel/init/device_mapper.h"
#include "kernel/init/direct_map.h"
#include "kernel/init/image.h"
#include "kernel/init/kernel_space.h"
#include "kernel/init/monitor.h"
#include "kernel/init/panic.h"
#include "kernel/init/refusal.h"
#include "kernel/init/reports.h"
#include "kernel/init/system.h"
#include "kernel/init/table_frames.h"
#include "kernel/mm/boot_allocator.h"
#include "kernel/mm/frame_allocator.h"
#include "kernel/mm/layout_report.h"
#include "kernel/mm/memory_map.h"
#include "layouts/selected.h"
#include "testing/unit/kernel_runner.h"

namespace kernel {
namespace {

using base::literals::operator""_MiB;

// Less would do for the kernel alone, but leave nothing to manage.
constexpr mm::PageCount kMinimumRam{16_MiB / mm::kPageSize};

// A firmware's list has a few dozen entries; each reservation may split one.
constexpr size_t kMaxMemoryRegions = 256;
constinit std::array<mm::MemoryRegion, kMaxMemoryRegions> region_storage{};

// Where MapDevice works.
constinit KernelSpace* space_of_devices = nullptr;

constinit const System* running_system = nullptr;

// The published table, with the physical addresses of this run: start-up code may find itself
// elsewhere than where the table says.
mm::Layout LayoutOfThisRun(const BootInfo& boot) {
  mm::Layout layout = layouts::selected::ForHardware(arch::KernelRoot().level + 1);
  layout.direct_map_target = boot.direct_map_target;
  layout.image_load_base = boot.image_base;
  return layout;
}

void PrintBanner(const BootInfo& boot, const mm::Layout& layout) {
  base::Print(Console(), "\nAtlas {} {} ({})\n", arch::kName, layout.name, boot.firmware);
  Console().Write("cpu:");
  for (const arch::CpuFeature& feature : arch::CpuFeatures()) {
    constexpr std::array<std::string_view, 3> kMarks = {"no ", "", "+"};
    base::Print(Console(), " {}{}", kMarks[static_cast<size_t>(feature.state)], feature.name);
  }
  Console().Write("\n");
}

mm::MemoryMap TakeMemoryMap(const BootInfo& boot) {
  auto map = mm::MemoryMap::FromFirmware(boot.memory, region_storage, kMinimumRam);
  if (!map) {
    BeginRefusal();
    Console().Write("memory map: ");
    mm::DescribeFault(Console(), map.error());
    EndRefusal();
  }
  for (const Reservation& reservation : boot.reservations) {
    const base::Result<> reserved = map->Reserve(reservation.range, reservation.state);
    if (reserved) continue;
    // What lies outside RAM, a device tree in flash for one, needs no reservation. The image does.
    const bool is_image = reservation.state == mm::MemoryState::kKernelImage;
    if (reserved.error() == base::Error::kNotFound && !is_image) continue;
    Refuse("{} at {}, {} bytes, cannot be reserved: {}", reservation.name, reservation.range.base,
           reservation.range.size_bytes, base::ErrorName(reserved.error()));
  }
  return *map;
}

// The word on the command line that runs the unit tests in the image instead of the monitor.
constexpr std::string_view kTestWord = "test";

[[noreturn]] void RunTests() {
  if (unit::RunAllTests(Console()) != 0) arch::ExitWithFailure();
  arch::PowerOff();
}

// For steps that fail when memory ends, or when the layout asks for what the hardware cannot do.
template <class T>
T Made(std::string_view what, base::Result<T>&& result) {
  if (!result) Refuse("cannot make {}: {}", what, base::ErrorName(result.error()));
  return *std::move(result);
}

// Descriptors lie at the top of the direct map; frames beyond it are high memory.
mm::FrameAllocator MakeFrameAllocator(mm::MemoryMap& map, const DirectMap& direct_map) {
  constexpr std::string_view kWhat = "the page descriptors";
  const size_t count = mm::FrameAllocator::DescriptorsFor(map);
  mm::BootAllocator allocator(map, direct_map.target());
  const mm::PhysRange storage =
      Made(kWhat, allocator.Allocate(mm::PagesFor(count * sizeof(mm::FrameDescriptor)),
                                     mm::kPageSize, mm::MemoryState::kPageDescriptors));
  const mm::ZoneLimits limits = {
      .normal_first = mm::FrameContaining(arch::kDmaLimit),
      .high_first = mm::FrameContaining(direct_map.target().last()) + mm::PageCount{1}};
  auto* const descriptors = static_cast<mm::FrameDescriptor*>(direct_map.ToPointer(storage.base));
  return Made(kWhat, mm::FrameAllocator::Create(map, limits, {descriptors, count}));
}

}  // namespace

void Main(const BootInfo& boot) {
  const mm::Layout layout = LayoutOfThisRun(boot);
  const DirectMap direct_map(layout);
  const Image image(boot.image_base);
  PrintBanner(boot, layout);

  mm::MemoryMap memory_map = TakeMemoryMap(boot);
  PrintMemoryMap(Console(), memory_map);
  mm::PrintLayout(Console(), layout);

  mm::BootAllocator early(memory_map, boot.reachable);
  TableFrames table_frames(direct_map, early);
  KernelSpace space = Made("the page tables", KernelSpace::Create(layout, table_frames));
  Made("the page tables", space.MapImage(image));
  Made("the page tables", space.MapRam(memory_map, direct_map, image));
  space_of_devices = &space;
  Made("the console's mapping", arch::MapConsole(MapDevice));
  arch::ActivateKernelRoot(space.root());

  mm::FrameAllocator frames = MakeFrameAllocator(memory_map, direct_map);
  table_frames.UseFrames(frames);
  const System system = {.layout = layout,
                         .image = image,
                         .memory_map = memory_map,
                         .table_frames = table_frames,
                         .frames = frames};
  running_system = &system;
  if (const auto started = arch::StartInterrupts(MapDevice); !started) {
    Refuse("interrupt controller or timer: {}", base::ErrorName(started.error()));
  }
  arch::EnableInterrupts();

  if (VerifyLiveTables(Console(), system) != Verdict::kMatches) {
    Panic(nullptr, "the live page tables differ from the layout");
  }
  if (HasWord(boot.command_line, kTestWord)) RunTests();
  base::Print(Console(), "boot: {} cycles from entry to monitor\n",
              arch::ReadCycles() - boot.entry_cycles);
  RunMonitor(system);
}

const System* RunningSystem() { return running_system; }

base::Result<mm::VirtAddr> MapDevice(mm::PhysAddr base, uint64_t size_bytes) {
  CHECK(space_of_devices != nullptr);
  return space_of_devices->MapDevice(base, size_bytes);
}

}  // namespace kernel
