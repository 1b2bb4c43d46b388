// The parts of the running kernel, joined. Main makes them and never gives them up.
#pragma once

#include "kernel/init/heap.h"
#include "kernel/init/image.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/init/kernel_space.h"
#include "kernel/init/kernel_stacks.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/space/table_frames.h"
#include "kernel/space/user_table.h"

namespace kernel {

struct System {
  const mm::Layout& layout;
  const Image& image;
  mm::MemoryMap& memory_map;
  KernelSpace& space;
  TableFrames& table_frames;
  mm::PhysicalMemory& memory;
  KernelAreas& areas;
  KernelStacks& stacks;
  KernelObjects& objects;
  UserTables& user_tables;
};

// Null until start-up is complete.
const System* RunningSystem();

}  // namespace kernel
