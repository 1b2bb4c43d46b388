// The kernel's heap and slab caches, over the layout's regions for them and vmalloc.
#pragma once

#include <cstddef>
#include <optional>

#include "kernel/base/function_ref.h"
#include "kernel/base/print.h"
#include "kernel/base/result.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/init/object_pages.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/heap/slab_depot.h"
#include "kernel/mm/regions/vmalloc_blocks.h"

namespace kernel {

// Too large for a stack: MakeObjects() has a place for it.
class KernelObjects {
 public:
  // Both outlive this; `pages` has been started.
  KernelObjects(ObjectPages& pages, KernelAreas& areas);

  // Where subsystems make slab caches of their own.
  mm::SlabDepot& depot() { return depot_; }
  mm::KernelHeap& heap() { return heap_; }
  const ObjectPages& pages() const { return pages_; }

  // Each cache there is, of the heap's size classes as well.
  void ForEachCache(base::FunctionRef<void(const mm::SlabCache&)> visit) const;

  // What the depots hold for slabs besides their pages: records and magazines.
  [[nodiscard]] size_t RecordBytes() const {
    return depot_.RecordBytes() + (page_depot_ ? page_depot_->RecordBytes() : 0);
  }

  // Each cache that holds pages on a line, as /proc/slabinfo has them.
  void PrintSlabs(base::Sink& sink) const;

 private:
  // The depot of the heap's blocks of a page, which may be that of all others.
  mm::SlabDepot& MakePageDepot(ObjectPages& pages);

  const ObjectPages& pages_;
  mm::SlabDepot depot_;
  std::optional<mm::SlabDepot> page_depot_;
  mm::VmallocBlocks<KernelAreas::Areas> large_;
  mm::KernelHeap heap_;
};

// Called once. Error: kOutOfMemory.
[[nodiscard]] base::Result<KernelObjects*> MakeObjects(const mm::Layout& layout,
                                                       mm::PhysicalMemory& memory,
                                                       KernelAreas& areas);

// The heap of the running kernel, for whoever is not given one: kalloc, kfree and krealloc are its
// Allocate(), Free() and Reallocate(). Only after MakeObjects().
mm::KernelHeap& Heap();

// Allocates blocks small and large, lets one grow from the one kind to the other, and frees them;
// says whether contents were kept. Prints the caches in between, and calls `while_in_use`.
void TryHeap(base::Sink& sink, KernelObjects& objects, base::FunctionRef<void()> while_in_use);

}  // namespace kernel
