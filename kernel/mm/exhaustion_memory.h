// One small memory for all layers of the memory manager at once, each allocation of which can fail:
// for exhaustion_trial.h.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/direct_map_pages.h"
#include "kernel/mm/frames/frame_allocator.h"
#include "kernel/mm/frames/frame_cache.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/heap/kernel_heap_large.h"
#include "kernel/mm/tables/table_frames.h"
#include "kernel/mm/tables/tlb_work.h"
#include "kernel/mm/test_failures.h"
#include "kernel/mm/test_pages.h"
#include "kernel/sync/cpu_count.h"

namespace mm {

// Frames, from which everything else comes, each allocation of which can fail.
class TrialMemory final : public PageSource, public TableFrameSource {
 public:
  static constexpr FrameNumber kFirst{0x400};
  static constexpr size_t kFrames = 96;

  // Where they lie.
  struct Storage {
    TestArena<kFrames, 16 * kPageSize> arena;
    std::array<FrameDescriptor, kFrames> descriptors;
    std::array<uint64_t, 512> words;
    std::array<FrameCpu, locking::kMaxCpus> cpus;
    std::array<MemoryRegion, 4> regions;
  };

  explicit TrialMemory(Storage& storage)
      : map_(*MemoryMap::FromFirmware(
            std::array{
                FirmwareRange{BaseOf(kFirst), PageCount{kFrames}.bytes(), FirmwareKind::kRam}},
            storage.regions, PageCount{1})),
        plan_(*FramePlan::For(map_, {.normal_first = {0}, .high_first = {uint64_t{1} << 20}})),
        table_(storage.descriptors, kFirst,
               {.first = kFirst, .pages = {kFrames}, .base = storage.arena.bytes}),
        memory_(map_, plan_, Words(plan_, storage), storage.cpus, table_),
        pages_(memory_) {}

  // For slabs, nodes and the like.
  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override {
    if (failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    return pages_.AllocatePages(order);
  }
  void FreePages(void* pages, unsigned order) override { pages_.FreePages(pages, order); }

  // For page tables.
  [[nodiscard]] base::Result<PhysAddr> AllocateFrames(unsigned order) override {
    return BaseOf(table_.FrameOf(TRY(AllocatePages(order))));
  }
  void FreeFrames(PhysAddr first, unsigned order) override {
    FreePages(table_.Pointer(FrameContaining(first)), order);
  }
  [[nodiscard]] void* Pointer(PhysAddr pa) override {
    return static_cast<std::byte*>(table_.Pointer(FrameContaining(pa))) + pa.value % kPageSize;
  }
  [[nodiscard]] FrameDescriptor* DescriptorOf(PhysAddr frame) override {
    return &table_.Of(FrameContaining(frame));
  }

  // For vmalloc.
  [[nodiscard]] base::Result<FrameNumber> AllocateFrame() {
    if (failure.MustFail()) return std::unexpected(base::Error::kOutOfMemory);
    return memory_.AllocateFrame();
  }
  void FreeFrame(FrameNumber frame) { CHECK(memory_.Free(frame, PageCount{1}).has_value()); }
  [[nodiscard]] FrameNumber LinkOf(FrameNumber frame) const { return {table_.Of(frame).owner()}; }
  void SetLink(FrameNumber frame, FrameNumber next) { table_.Of(frame).SetOwner(next.value); }

  [[nodiscard]] PhysicalMemory& memory() { return memory_; }
  [[nodiscard]] const FrameTable& table() const { return table_; }

  FailurePoint failure;

 private:
  static std::span<uint64_t> Words(const FramePlan& plan, Storage& storage) {
    CHECK(plan.storage_words() <= storage.words.size());
    for (FrameCpu& cpu : storage.cpus) std::construct_at(&cpu);
    return std::span(storage.words).first(plan.storage_words());
  }

  MemoryMap map_;
  FramePlan plan_;
  FrameTable table_;
  PhysicalMemory memory_;
  DirectMapPages pages_;
};

inline TrialMemory::Storage trial_storage;

// Tables in those frames. No processor walks them.
class TrialTables {
 public:
  explicit TrialTables(TrialMemory& memory) : frames_(memory) {}

  [[nodiscard]] base::Result<PhysAddr> AllocateTable(uint64_t bytes, uint64_t alignment) {
    return frames_.AllocateTable(bytes, alignment);
  }
  void FreeTable(PhysAddr pa, uint64_t bytes) { frames_.FreeTable(pa, bytes); }
  void FreeZeroedTable(PhysAddr pa, uint64_t bytes) { frames_.FreeZeroedTable(pa, bytes); }
  [[nodiscard]] void* Pointer(PhysAddr pa) { return frames_.Pointer(pa); }
  void Publish(const VirtRange&) {}
  void Invalidate(const TlbWork&) {}

  [[nodiscard]] base::Result<> CheckInvariants() const { return frames_.CheckInvariants(); }

 private:
  TableFrames frames_;
};

// Larger than any size class is too large here.
class NoLargeBlocks final : public LargeBlocks {
 public:
  base::Result<void*> AllocateBlock(size_t, size_t) override {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  base::Result<> FreeBlock(void*) override { return std::unexpected(base::Error::kNotFound); }
  base::Result<size_t> BlockBytes(const void*) const override {
    return std::unexpected(base::Error::kNotFound);
  }
};

}  // namespace mm
