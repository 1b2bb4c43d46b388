#include "kernel/init/driver_devices.h"

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

#include "arch/ops/console.h"
#include "arch/ops/interrupt_lines.h"
#include "arch/ops/paging.h"
#include "kernel/base/bits.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/frame_types.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/regions/vmalloc_areas.h"

namespace kernel {
namespace {

// As arch/arm/boot reserves it.
constexpr std::string_view kTreeName = "device tree";

// The last one that 32 bits address.
constexpr mm::FrameNumber kLastFrame{base::LowBits(32 - mm::kPageShift)};

// All pages that the range touches.
mm::PhysRange PagesOf(const mm::PhysRange& range) {
  return mm::FromFirstToLast(mm::AlignDown(range.base, mm::kPageSize),
                             mm::AlignDown(range.last(), mm::kPageSize) + (mm::kPageSize - 1));
}

}  // namespace

DriverDevices::DriverDevices(const System& system, const BootInfo& boot,
                             mm::PagedObjectPool& objects)
    : system_(system), objects_(objects) {
  const auto tree = std::ranges::find(boot.reservations, kTreeName, &Reservation::name);
  if (tree != boot.reservations.end()) tree_.emplace(system.areas.windows(), tree->range);
}

size_t DriverDevices::LineCount() const { return arch::InterruptLineCount(); }

void DriverDevices::Open(uint32_t line, process::Trigger trigger) {
  arch::OpenLine(line, trigger == process::Trigger::kEdge ? arch::InterruptTrigger::kEdge
                                                          : arch::InterruptTrigger::kLevel);
}

void DriverDevices::Close(uint32_t line) { arch::CloseLine(line); }

void DriverDevices::Unmask(uint32_t line) { arch::UnmaskLine(line); }

bool DriverDevices::IsForDrivers(const mm::PhysRange& pages) const {
  if (pages.last().value > base::LowBits(arch::PagingPolicy::kPhysicalBits)) return false;
  const auto is_in = [&](const mm::MemoryRegion& region) { return region.range().Overlaps(pages); };
  if (std::ranges::any_of(system_.memory_map.regions(), is_in)) return false;
  const std::optional<mm::PhysRange> console = arch::ConsoleRegisters();
  bool is_kernels = false;
  system_.areas.areas().ForEachArea([&](const mm::VmallocArea& area) {
    if (area.kind != mm::AreaKind::kDevice || area.target == console) return;
    is_kernels = is_kernels || PagesOf(area.target).Overlaps(pages);
  });
  return !is_kernels;
}

// Each frame is one that is freed by itself, as the pages of all objects are.
base::Result<process::ContiguousMemory> DriverDevices::AllocateContiguous(uint64_t size_bytes) {
  const mm::PageCount pages = mm::PagesIn(size_bytes);
  const auto object = TRY(mm::PagedObject::Create(objects_, size_bytes));
  // Aligned so that it crosses no border that a run to be split must not cross.
  const mm::FrameNumber first =
      TRY(system_.memory.Allocate({.pages = pages,
                                   .alignment = {std::bit_ceil(pages.value)},
                                   .last = kLastFrame,
                                   .highest = mm::ZoneKind::kHigh}));
  system_.memory.Split(first, pages);
  mm::UserFrames& frames = objects_.frames();
  base::Result<> result;
  for (uint64_t number = 0; number < pages.value; ++number) {
    mm::FrameReference frame = frames.Adopt(first + mm::PageCount{number});
    frames.windows().Zero(frame.frame());
    // After a failure the rest of them is dropped.
    if (result) result = object.object.PutPage(number, std::move(frame));
  }
  TRY(result);
  return process::ContiguousMemory{object.reference, mm::BaseOf(first)};
}

uint64_t DriverDevices::TreeBytes() const { return tree_ ? tree_->size_bytes() : 0; }

void DriverDevices::ReadTree(uint64_t offset, std::span<std::byte> to) const {
  tree_->Read(offset, to);
}

}  // namespace kernel
