// The composition root: joins the portable memory manager with the architecture and the layout.
#include <array>
#include <memory>
#include <optional>
#include <span>

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
#include "kernel/init/heap.h"
#include "kernel/init/image.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/init/kernel_space.h"
#include "kernel/init/milestone.h"
#include "kernel/init/monitor.h"
#include "kernel/init/node_pages.h"
#include "kernel/init/programs.h"
#include "kernel/init/refusal.h"
#include "kernel/init/reports.h"
#include "kernel/init/system.h"
#include "kernel/mm/checks/layout_report.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/boot_allocator.h"
#include "kernel/mm/frames/frame_allocator.h"
#include "kernel/mm/frames/frame_cache.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/regions/ioremap.h"
#include "kernel/space/direct_map.h"
#include "kernel/space/table_frames.h"
#include "kernel/space/user_range.h"
#include "kernel/space/user_table.h"
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
constinit KernelAreas* areas_of_devices = nullptr;

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

// The word that leads to the monitor although there is an initrd with programs.
constexpr std::string_view kMonitorWord = "monitor";

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

// Takes storage from the top of the direct map, as much as it takes, and leaves it uninitialised.
// What the image leaves of its last page begins a kernel heap that is packed: then storage begins
// there and goes on in the frames above, as far as they are free.
class DescriptorStorage {
 public:
  DescriptorStorage(mm::MemoryMap& map, const DirectMap& direct_map, const Image& image)
      : map_(map),
        allocator_(map, direct_map.target()),
        direct_map_(direct_map),
        tail_(image.tail()),
        frames_above_(image.physical_range().last() + 1) {}

  template <class T>
  std::span<T> Take(size_t count) {
    const uint64_t bytes = uint64_t{count} * sizeof(T);
    if (const auto packed = TakePacked(bytes, alignof(T))) {
      return {static_cast<T*>(mm::PointerTo(*packed)), count};
    }
    const mm::PhysRange range = Made(
        "the page descriptors",
        allocator_.Allocate(mm::PagesFor(bytes), mm::kPageSize, mm::MemoryState::kPageDescriptors));
    return {static_cast<T*>(direct_map_.ToPointer(range.base)), count};
  }

 private:
  std::optional<mm::VirtAddr> TakePacked(uint64_t bytes, uint64_t alignment) {
    if (tail_.IsEmpty()) return std::nullopt;
    const mm::VirtRange wanted{mm::AlignUp(tail_.base, alignment), bytes};
    if (tail_.last() < wanted.last() && !Extend(wanted.last() - tail_.last())) return std::nullopt;
    tail_ = {wanted.last() + 1, tail_.last() - wanted.last()};
    return wanted.base;
  }

  // Whether the tail is so much longer now, in whole pages.
  bool Extend(uint64_t bytes) {
    const mm::PhysRange frames{frames_above_, mm::PagesFor(bytes).bytes()};
    const mm::MemoryRegion* const region = map_.FindRegion(mm::FrameContaining(frames.base));
    const bool is_free = region != nullptr && region->state == mm::MemoryState::kUsable &&
                         region->range().Contains(frames);
    if (!is_free || !direct_map_.target().Contains(frames)) return false;
    if (!map_.Reserve(frames, mm::MemoryState::kPageDescriptors)) return false;
    tail_.size_bytes += frames.size_bytes;
    frames_above_ = frames.last() + 1;
    return true;
  }

  mm::MemoryMap& map_;
  mm::BootAllocator allocator_;
  const DirectMap& direct_map_;
  mm::VirtRange tail_;
  mm::PhysAddr frames_above_;
};

// Only the processor that booted runs.
constexpr size_t kProcessors = 1;

// Frames beyond the direct map are high memory.
mm::FramePlan PlanFrames(const mm::MemoryMap& map, const DirectMap& direct_map) {
  const mm::ZoneLimits limits = {
      .normal_first = mm::FrameContaining(arch::kDmaLimit),
      .high_first = mm::FrameContaining(direct_map.target().last()) + mm::PageCount{1}};
  return Made("the page descriptors", mm::FramePlan::For(map, limits));
}

}  // namespace

void Main(const BootInfo& boot) {
  const mm::Layout layout = LayoutOfThisRun(boot);
  const DirectMap direct_map(layout);
  const Image image(boot.image_base, layout);
  PrintBanner(boot, layout);

  mm::MemoryMap memory_map = TakeMemoryMap(boot);
  PrintMemoryMap(Console(), memory_map);
  mm::PrintLayout(Console(), layout, image.parts());

  mm::BootAllocator early(memory_map, boot.reachable);
  TableFrames table_frames(direct_map, early, memory_map);
  KernelSpace space = Made("the page tables", KernelSpace::Create(layout, table_frames));
  Made("the page tables", space.MapImage(image));
  Made("the page tables", space.MapRam(memory_map, direct_map, image));
  NodePages node_pages(direct_map, early);
  KernelAreas areas(layout, memory_map, space, table_frames, node_pages);
  Made("the vmalloc region", areas.Start());
  areas_of_devices = &areas;
  Made("the console's mapping", arch::MapConsole(MapDevice));
  arch::ActivateKernelRoot(space.root());

  DescriptorStorage storage(memory_map, direct_map, image);
  mm::FramePlan plan = PlanFrames(memory_map, direct_map);
  const auto descriptors =
      storage.Take<mm::FrameDescriptor>(static_cast<size_t>(plan.pages().value));
  const auto words = storage.Take<uint64_t>(plan.storage_words());
  const auto cpus = storage.Take<mm::FrameCpu>(kProcessors);
  std::ranges::uninitialized_default_construct(cpus);
  // What was taken for storage is not to be managed: there may be less now.
  plan = PlanFrames(memory_map, direct_map);
  const mm::FrameTable frame_table(descriptors, plan.first, direct_map.ForFrames());
  mm::PhysicalMemory memory(memory_map, plan, words, cpus, frame_table);
  table_frames.UseMemory(memory);
  Made("the frame windows", areas.UseMemory(memory));
  KernelStacks stacks(layout, memory, areas);
  UserTables user_tables(space.table(), table_frames, areas.windows());
  const System system = {.layout = layout,
                         .image = image,
                         .memory_map = memory_map,
                         .space = space,
                         .table_frames = table_frames,
                         .memory = memory,
                         .areas = areas,
                         .stacks = stacks,
                         .objects = *Made("the kernel heap", MakeObjects(layout, memory, areas)),
                         .user_tables = user_tables};
  running_system = &system;
  UseUserRanges(layout);
  if (const auto started = arch::StartInterrupts(MapDevice); !started) {
    Refuse("interrupt controller or timer: {}", base::ErrorName(started.error()));
  }
  arch::EnableInterrupts();

  Reach(Milestone::kBeforeVerification, system, boot.command_line);
  const LiveReport live = VerifyLiveTables(Console(), system);
  if (live.verdict != Verdict::kMatches) PanicOver(live);
  if (HasWord(boot.command_line, kTestWord)) RunTests();
  if (!HasWord(boot.command_line, kMonitorWord)) RunPrograms(system, boot);
  base::Print(Console(), "boot: {} cycles from entry to monitor\n",
              arch::ReadCycles() - boot.entry_cycles);
  Reach(Milestone::kBeforeMonitor, system, boot.command_line);
  RunMonitor(system);
}

const System* RunningSystem() { return running_system; }

base::Result<mm::VirtAddr> MapDevice(mm::PhysAddr base, uint64_t size_bytes,
                                     std::string_view name) {
  CHECK(areas_of_devices != nullptr);
  return areas_of_devices->MapDevice(base, size_bytes, name);
}

bool UnmapDevice(mm::VirtAddr va) {
  CHECK(areas_of_devices != nullptr);
  return mm::IoUnmap(areas_of_devices->areas(), va).has_value();
}

}  // namespace kernel
