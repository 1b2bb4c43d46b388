// The kernel's heap and slab caches, over the frame allocator and vmalloc.
#pragma once

#include "kernel/base/print.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/mm/direct_map_pages.h"
#include "kernel/mm/kernel_heap.h"
#include "kernel/mm/physical_memory.h"
#include "kernel/mm/slab_depot.h"
#include "kernel/mm/vmalloc_blocks.h"

namespace kernel {

// Too large for a stack: MakeObjects() has a place for it.
class KernelObjects {
 public:
  // Both outlive this.
  KernelObjects(mm::PhysicalMemory& memory, KernelAreas& areas);

  // Where subsystems make slab caches of their own.
  mm::SlabDepot& depot() { return depot_; }
  mm::KernelHeap& heap() { return heap_; }

 private:
  mm::DirectMapPages pages_;
  mm::SlabDepot depot_;
  mm::VmallocBlocks<KernelAreas::Areas> large_;
  mm::KernelHeap heap_;
};

// Called once.
KernelObjects& MakeObjects(mm::PhysicalMemory& memory, KernelAreas& areas);

// The heap of the running kernel, for whoever is not given one: kalloc, kfree and krealloc are its
// Allocate(), Free() and Reallocate(). Only after MakeObjects().
mm::KernelHeap& Heap();

// Each cache that holds pages on a line, as /proc/slabinfo has them.
void PrintSlabs(base::Sink& sink, const mm::SlabDepot& depot);

// Allocates blocks small and large, lets one grow from the one kind to the other, and frees them;
// says whether contents were kept. Prints the caches in between.
void TryHeap(base::Sink& sink, KernelObjects& objects);

}  // namespace kernel
