// Memory for the kernel's page tables: whole frames, or pieces of one where the hardware's tables
// are smaller (ARM's second level is 1 KiB).
#pragma once

#include <array>
#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/init/direct_map.h"
#include "kernel/mm/address.h"
#include "kernel/mm/boot_allocator.h"
#include "kernel/mm/frame_allocator.h"
#include "kernel/mm/range.h"

namespace kernel {

// A mm::TableMemory. Not locked: only start-up changes the kernel's tables, on one processor.
class TableFrames {
 public:
  // Takes frames from `early` until UseFrames().
  TableFrames(const DirectMap& direct_map, mm::BootAllocator& early)
      : direct_map_(direct_map), early_(&early) {}

  TableFrames(const TableFrames&) = delete;
  TableFrames& operator=(const TableFrames&) = delete;

  void UseFrames(mm::FrameAllocator& frames) { frames_ = &frames; }

  // Zeroed. `bytes` and `alignment` are powers of two. Errors: kOutOfMemory.
  [[nodiscard]] base::Result<mm::PhysAddr> AllocateTable(uint64_t bytes, uint64_t alignment);

  // Pieces of a frame are kept for the next table of their size.
  void FreeTable(mm::PhysAddr table, uint64_t bytes);

  void* Pointer(mm::PhysAddr table) const { return direct_map_.ToPointer(table); }

  void Publish(const mm::VirtRange& range);
  void Invalidate(const mm::VirtRange& range);

 private:
  [[nodiscard]] base::Result<mm::PhysAddr> AllocateFrames(uint64_t bytes, uint64_t alignment);
  [[nodiscard]] std::optional<mm::PhysAddr> TakePiece(uint64_t bytes);
  void KeepPiece(mm::PhysAddr piece, uint64_t bytes);

  const DirectMap& direct_map_;
  mm::BootAllocator* early_;
  mm::FrameAllocator* frames_ = nullptr;
  // By log2 of their size; each free piece holds the address of the next.
  std::array<std::optional<mm::PhysAddr>, mm::kPageShift> free_pieces_{};
};

}  // namespace kernel
