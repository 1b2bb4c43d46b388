// What processes are made from; kernel/init gives it.
#pragma once

#include <cstddef>
#include <span>

#include "kernel/base/print.h"
#include "kernel/base/result.h"
#include "kernel/fs/disk.h"
#include "kernel/fs/environment.h"
#include "kernel/fs/file_namespace.h"
#include "kernel/fs/object.h"
#include "kernel/fs/terminal.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/mm/space/placement.h"
#include "kernel/mm/space/shared_region.h"
#include "kernel/process/application.h"
#include "kernel/process/device_source.h"
#include "kernel/process/interrupt_lines.h"
#include "kernel/space/address_space.h"

namespace process {

// Kernel stacks, each between guard pages.
class StackSource {
 public:
  // Error: kOutOfMemory.
  [[nodiscard]] virtual base::Result<mm::VirtRange> AllocateStack() = 0;
  virtual void FreeStack(const mm::VirtRange& stack) = 0;

 protected:
  StackSource() = default;
  ~StackSource() = default;
  StackSource(const StackSource&) = default;
  StackSource& operator=(const StackSource&) = default;
};

// Address spaces without mappings, for exec.
class SpaceSource {
 public:
  // Error: kOutOfMemory.
  [[nodiscard]] virtual base::Result<kernel::SpaceReference> CreateSpace() = 0;
  // The processor walks the kernel's own table, until a program runs again.
  virtual void ActivateKernel() = 0;

 protected:
  SpaceSource() = default;
  ~SpaceSource() = default;
  SpaceSource(const SpaceSource&) = default;
  SpaceSource& operator=(const SpaceSource&) = default;
};

// All of it outlives every process.
struct Environment {
  mm::KernelHeap& heap;  // threads, whose registers want to be aligned
  fs::Memory& memory;    // all else
  StackSource& stacks;
  SpaceSource& spaces;
  fs::FileNamespace& names;
  fs::Environment& world;  // random bytes, the real-time clock
  fs::Terminal& terminal;
  const mm::Placement& placement;
  mm::SharedRegion& shared_region;
  ApplicationSource& applications;
  mm::PagedObjectPool& objects;  // and frames for all user pages
  // --- Of the system process. ---
  InterruptController& interrupts;
  DeviceSource& devices;
  fs::Disk& disk;
  // ---
  base::Sink& log;  // what happened to processes that were killed
};

}  // namespace process
