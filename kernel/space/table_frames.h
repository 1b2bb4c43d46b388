// Memory for the page tables of this kernel: the portable TableFrames joined with the direct map,
// the allocators and the processor.
#pragma once

#include <cstdint>
#include <limits>

#include "arch/ops/paging.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/boot_allocator.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/tables/table_frames.h"
#include "kernel/mm/tables/tlb_work.h"
#include "kernel/space/direct_map.h"

namespace kernel {

// A mm::TableMemory. UseMemory() is start-up's; the rest may be called on every processor at once.
class TableFrames {
 public:
  // Takes frames from `early` until UseMemory(); `map` says ever after which ones those were.
  TableFrames(const DirectMap& direct_map, mm::BootAllocator& early, const mm::MemoryMap& map)
      : source_(direct_map, early, map), frames_(source_) {}

  TableFrames(const TableFrames&) = delete;
  TableFrames& operator=(const TableFrames&) = delete;

  void UseMemory(mm::PhysicalMemory& memory) { source_.UseMemory(memory); }

  // See mm::TableFrames and mm::TableMemory.
  [[nodiscard]] base::Result<mm::PhysAddr> AllocateTable(uint64_t bytes, uint64_t alignment) {
    return frames_.AllocateTable(bytes, alignment);
  }
  void FreeTable(mm::PhysAddr table, uint64_t bytes) { frames_.FreeTable(table, bytes); }
  void FreeZeroedTable(mm::PhysAddr table, uint64_t bytes) {
    frames_.FreeZeroedTable(table, bytes);
  }
  void* Pointer(mm::PhysAddr table) const { return source_.PointerTo(table); }
  void Publish(const mm::VirtRange&) { arch::PublishTables(); }
  void Invalidate(const mm::TlbWork& work) { arch::Invalidate(work); }
  void InvalidatePage(mm::VirtAddr page, mm::Asid asid) { arch::InvalidatePage(page, asid); }

  // Bytes of all page tables, and the frames that hold them.
  [[nodiscard]] uint64_t table_bytes() const { return frames_.table_bytes(); }
  [[nodiscard]] mm::PageCount frames() const { return frames_.frames(); }
  // Free memory that is kept for the next tables.
  [[nodiscard]] mm::PageCount spare_frames() const { return frames_.spare_frames(); }

 private:
  class Source final : public mm::TableFrameSource {
   public:
    Source(const DirectMap& direct_map, mm::BootAllocator& early, const mm::MemoryMap& map)
        : early_(early),
          map_(map),
          to_pointer_(reinterpret_cast<uintptr_t>(direct_map.ToPointer(direct_map.target().base)) -
                      static_cast<uintptr_t>(direct_map.target().base.value)) {}

    void UseMemory(mm::PhysicalMemory& memory) { memory_ = &memory; }

    base::Result<mm::PhysAddr> AllocateFrames(unsigned order) override;
    void FreeFrames(mm::PhysAddr first, unsigned order) override;
    void* Pointer(mm::PhysAddr pa) override { return PointerTo(pa); }
    // Every step of every walk comes here, so that nothing is looked up: tables lie in the direct
    // map.
    void* PointerTo(mm::PhysAddr pa) const {
      return reinterpret_cast<void*>(static_cast<uintptr_t>(pa.value) + to_pointer_);
    }
    mm::FrameDescriptor* DescriptorOf(mm::PhysAddr frame) override;

   private:
    mm::BootAllocator& early_;
    const mm::MemoryMap& map_;
    uintptr_t to_pointer_;  // from a physical address, with wrap
    mm::PhysicalMemory* memory_ = nullptr;
    // Between these are all frames that came from `early_`.
    mm::FrameNumber first_early_{std::numeric_limits<uint64_t>::max()};
    mm::FrameNumber last_early_{0};
  };

  Source source_;
  mm::TableFrames frames_;
};

}  // namespace kernel
