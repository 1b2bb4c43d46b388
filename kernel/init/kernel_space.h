// The kernel's own address space, built from the layout.
#pragma once

#include <cstdint>

#include "arch/ops/paging.h"
#include "kernel/base/bits.h"
#include "kernel/base/result.h"
#include "kernel/init/image.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"
#include "kernel/space/direct_map.h"
#include "kernel/space/kernel_table.h"
#include "kernel/space/table_frames.h"

namespace kernel {

// Written by one processor during start-up; not locked.
class KernelSpace {
 public:
  using Table = KernelTable;

  // What one table of single pages maps, and one entry of the level above.
  static constexpr uint64_t kTableSpan = base::Bit(arch::PagingPolicy::Level(1).shift);

  // An empty space. Errors of all functions: kOutOfMemory, and what Table::Map says.
  [[nodiscard]] static base::Result<KernelSpace> Create(const mm::Layout& layout,
                                                        TableFrames& memory);

  // The image's sections with their rights; the guard pages of its stacks stay unmapped.
  [[nodiscard]] base::Result<> MapImage(const Image& image);

  // Every frame of RAM that the direct map has room for, with the largest pages that fit. Frames of
  // the image are never more writable here than in their section, and never executable; a layout
  // whose image runs inside the direct map has them mapped by MapImage already.
  [[nodiscard]] base::Result<> MapRam(const mm::MemoryMap& map, const DirectMap& direct_map,
                                      const Image& image);

  // Lets contexts have this table's entries for the kernel's rows, where their roots reach those:
  // the root's, or where one of those holds rows of a process, too, entries below. RAM has been
  // mapped: what the direct map does not show now needs no tables, and cannot be mapped later. Does
  // nothing the second time; the first time nobody else changes the table. Errors: kOutOfMemory;
  // kUnsupported, when no level has entries of the kernel's alone, in one table.
  [[nodiscard]] base::Result<> ShareEntries(const mm::Layout& layout);

  mm::PhysAddr root() const { return table_.root(); }
  // For those who change what is not the image's and not the direct map's.
  Table& table() { return table_; }
  const Table& table() const { return table_; }

 private:
  KernelSpace(const mm::Layout& layout, Table table);

  [[nodiscard]] base::Result<> MapRun(const mm::PhysRange& run, const DirectMap& direct_map,
                                      const Image& image);

  Table table_;
  bool image_in_direct_map_;
};

}  // namespace kernel
