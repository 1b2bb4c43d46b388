// Where the slabs of kernel objects lie: in the layout's regions for them, or in the direct map.
#pragma once

#include <cstdint>
#include <optional>

#include "kernel/base/print.h"
#include "kernel/base/result.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/direct_map_pages.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/regions/region_pages.h"
#include "kernel/space/table_frames.h"

namespace kernel {

class ObjectPages {
 public:
  // All of them outlive this.
  ObjectPages(const mm::Layout& layout, mm::PhysicalMemory& memory, KernelAreas& areas);

  // Called once, before all else. Error: kOutOfMemory.
  [[nodiscard]] base::Result<> Start();

  // Of the kernel heap and all slab caches.
  [[nodiscard]] mm::SlabPlace objects();
  // Of the heap's blocks of a page, where the layout has a region for them.
  [[nodiscard]] std::optional<mm::SlabPlace> page_objects();

  // Whether `va` lies in a region for slabs. Takes no lock.
  [[nodiscard]] bool Holds(mm::VirtAddr va) const;

  // Pages that regions for slabs need beside those of the slabs: descriptors, and nodes.
  [[nodiscard]] mm::PageCount extra_pages() const;

  // Each region and what it holds, on a line.
  void Print(base::Sink& sink) const;

  // Error: kCorrupt.
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  using Pages = mm::RegionPages<KernelAreas::Table, TableFrames, AreaFrames>;

  [[nodiscard]] base::Result<std::optional<mm::VirtRange>> TakeHeapRegion();
  [[nodiscard]] base::Result<> StartHeap(const mm::VirtRange& region);
  [[nodiscard]] base::Result<> StartPages(std::optional<Pages>& pages, const mm::VirtRange& region,
                                          const mm::VirtRange& array);
  // Addresses for the descriptors of all its pages.
  [[nodiscard]] static mm::PageCount ArrayPagesFor(const mm::VirtRange& region);

  const mm::Layout& layout_;
  mm::PhysicalMemory& memory_;
  KernelAreas& areas_;
  mm::DirectMapPages direct_map_pages_;
  std::optional<Pages> heap_;
  std::optional<Pages> page_objects_;
};

}  // namespace kernel
