// The layout's region for areas, and its windows: kernel memory of scattered frames, devices'
// registers, and windows to frames that the direct map does not show.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "arch/ops/paging.h"
#include "kernel/base/print.h"
#include "kernel/base/result.h"
#include "kernel/init/kernel_space.h"
#include "kernel/init/node_pages.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/regions/frame_window_slots.h"
#include "kernel/mm/regions/vmalloc.h"
#include "kernel/mm/tables/locked_table.h"
#include "kernel/space/table_frames.h"

namespace kernel {

// Frames for areas, preferably those that the direct map does not show.
class AreaFrames {
 public:
  void UseMemory(mm::PhysicalMemory& memory) { memory_ = &memory; }

  // Error: kOutOfMemory, also before UseMemory().
  [[nodiscard]] base::Result<mm::FrameNumber> AllocateFrame();
  void FreeFrame(mm::FrameNumber frame);
  [[nodiscard]] mm::FrameNumber LinkOf(mm::FrameNumber frame) const {
    return {memory_->table().Of(frame).owner()};
  }
  void SetLink(mm::FrameNumber frame, mm::FrameNumber next) {
    memory_->table().Of(frame).SetOwner(next.value);
  }

 private:
  mm::PhysicalMemory* memory_ = nullptr;
};

class KernelAreas {
 public:
  using Table = mm::LockedTable<KernelSpace::Table, TableFrames>;
  using Areas = mm::Vmalloc<Table, TableFrames, AreaFrames>;
  using Windows = mm::FrameWindowSlots<arch::PagingPolicy, TableFrames>;

  // All of them outlive this. The regions of `layout` are empty.
  KernelAreas(const mm::Layout& layout, const mm::MemoryMap& map, KernelSpace& space,
              TableFrames& table_memory, NodePages& nodes)
      : layout_(layout),
        map_(map),
        space_(space),
        table_(space.table(), table_memory),
        table_memory_(table_memory),
        nodes_(nodes),
        areas_(table_, table_memory, frames_, nodes) {}

  // From here on devices can be mapped. Error: kOutOfMemory.
  [[nodiscard]] base::Result<> Start();

  // From here on there are memory and windows. Called once. Error: kOutOfMemory.
  [[nodiscard]] base::Result<> UseMemory(mm::PhysicalMemory& memory);

  // See device_mapper.h.
  [[nodiscard]] base::Result<mm::VirtAddr> MapDevice(mm::PhysAddr base, uint64_t size_bytes,
                                                     std::string_view name);

  Areas& areas() { return areas_; }
  const Areas& areas() const { return areas_; }
  // For owners of other regions: the kernel's page table, memory for its tables, and frames.
  Table& table() { return table_; }
  TableFrames& table_memory() { return table_memory_; }
  AreaFrames& frames() { return frames_; }
  [[nodiscard]] const NodePages& nodes() const { return nodes_; }
  // After UseMemory().
  mm::FrameWindows& windows() { return *windows_; }

  // Every page of the region that no area may map, ascending, as many as there is room for.
  [[nodiscard]] std::span<mm::VirtRange> CollectGuards(std::span<mm::VirtRange> room) const;

 private:
  const mm::Layout& layout_;
  const mm::MemoryMap& map_;
  KernelSpace& space_;
  Table table_;
  TableFrames& table_memory_;
  NodePages& nodes_;
  AreaFrames frames_;
  Areas areas_;
  std::optional<Windows> windows_;
};

// Fills a frame, one beyond the direct map if there is any, through a window, and says whether the
// bytes are there when another window is opened.
void TryWindow(base::Sink& sink, mm::PhysicalMemory& memory, mm::FrameWindows& windows);

// Each area on a line.
void PrintAreas(base::Sink& sink, const KernelAreas::Areas& areas);

}  // namespace kernel
