#include "kernel/init/kernel_areas.h"

#include <algorithm>
#include <cstddef>

#include "kernel/base/check.h"
#include "kernel/base/print_size.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/frames/frame_types.h"
#include "kernel/mm/regions/ioremap.h"
#include "kernel/sync/cpu.h"

namespace kernel {

base::Result<mm::FrameNumber> AreaFrames::AllocateFrame() {
  if (memory_ == nullptr) return std::unexpected(base::Error::kOutOfMemory);
  return memory_->AllocateFrame(mm::ZoneKind::kHigh);
}

void AreaFrames::FreeFrame(mm::FrameNumber frame) {
  CHECK(memory_->Free(frame, mm::PageCount{1}).has_value());
}

base::Result<> KernelAreas::Start() { return areas_.Start(mm::AreasRegion(layout_).range); }

// A layout without a region for windows has them in an area.
base::Result<> KernelAreas::UseMemory(mm::PhysicalMemory& memory) {
  nodes_.UseMemory(memory);
  frames_.UseMemory(memory);
  windows_.emplace(space_.table(), table_memory_, memory.table());
  const mm::Region* const region = mm::FindService(layout_, mm::Service::kWindow);
  const mm::VirtRange range =
      region != nullptr ? region->range : TRY(areas_.Reserve(Windows::kPages, "frame windows"));
  return windows_->Start(range, TRY(memory.AllocateFrame()));
}

base::Result<mm::VirtAddr> KernelAreas::MapDevice(mm::PhysAddr base, uint64_t size_bytes,
                                                  std::string_view name) {
  return mm::IoRemap(areas_, map_.regions(), base, size_bytes, name);
}

std::span<mm::VirtRange> KernelAreas::CollectGuards(std::span<mm::VirtRange> room) const {
  size_t count = 0;
  const auto add = [&](const mm::VirtRange& guard) {
    if (count < room.size()) room[count++] = guard;
  };
  add({mm::AreasRegion(layout_).range.base, mm::kPageSize});
  areas_.ForEachArea([&](const mm::VmallocArea& area) { add(area.guard()); });
  return room.first(count);
}

void TryWindow(base::Sink& sink, mm::PhysicalMemory& memory, mm::FrameWindows& windows) {
  constexpr std::byte kPattern{0xA7};
  const auto frame = memory.AllocateFrame(mm::ZoneKind::kHigh);
  const auto copy = memory.AllocateFrame(mm::ZoneKind::kNormal);
  if (frame && copy) {
    windows.Fill(*frame, kPattern);
    windows.Zero(*copy);
    windows.Copy(*copy, *frame);
    const locking::CpuPin pin;
    const mm::FrameWindow window = windows.Open(pin, *copy);
    const bool same =
        std::ranges::all_of(window.bytes(), [](std::byte byte) { return byte == kPattern; });
    base::Print(sink, "window: frame at {}, {} the direct map, {} what was written\n",
                mm::BaseOf(*frame), memory.table().HasPointer(*frame) ? "in" : "beyond",
                same ? "holds" : "does not hold");
  } else {
    sink.Write("window: no frame is free\n");
  }
  if (frame) CHECK(memory.Free(*frame, mm::PageCount{1}).has_value());
  if (copy) CHECK(memory.Free(*copy, mm::PageCount{1}).has_value());
}

void PrintAreas(base::Sink& sink, const KernelAreas::Areas& areas) {
  const auto statistics = areas.statistics();
  base::Print(
      sink, "vmalloc: {} areas, {} pages of memory, {} of devices; {} areas wait for a purge",
      statistics.areas, statistics.memory_pages, statistics.device_pages, statistics.parked_areas);
  sink.Write("\n  free addresses:");
  base::PrintSize(sink, statistics.addresses.free_bytes);
  sink.Write(", the longest run of them:");
  base::PrintSize(sink, statistics.addresses.largest_free_bytes);
  base::Print(sink, ", in nodes of {} bytes\n", statistics.addresses.node_bytes);
  areas.ForEachArea([&](const mm::VmallocArea& area) {
    base::Print(sink, "  {}-{} {:>6} pages {:<8} {}", area.range.base, area.range.last(),
                area.pages(), mm::AreaKindName(area.kind), area.name);
    if (area.kind == mm::AreaKind::kDevice) base::Print(sink, " at {}", area.target.base);
    sink.Write(area.state == mm::AreaState::kParked ? ", freed\n" : "\n");
  });
}

}  // namespace kernel
