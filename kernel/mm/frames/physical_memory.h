// Physical memory as the rest of the kernel sees it: frames and contiguous runs of them, by zone.
// The documents call its operations pmm_alloc and pmm_free.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <limits>
#include <optional>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/debug.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/frame_allocator.h"
#include "kernel/mm/frames/frame_cache.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/frame_types.h"

namespace mm {

enum class Contents : uint8_t { kArbitrary, kZeroed };

// What is asked for: by default one frame that the direct map shows.
struct FrameRequest {
  PageCount pages{1};      // contiguous; any count, not only powers of two
  PageCount alignment{1};  // the first frame is a multiple of it; a power of two
  FrameNumber last{std::numeric_limits<uint64_t>::max()};  // no frame beyond it
  ZoneKind highest = ZoneKind::kNormal;                    // this zone, or one below it
  Contents contents = Contents::kArbitrary;                // zeroed ones come from the direct map
};

// Usable on every processor at once and with interrupts off. Frames freed in debug builds are
// poisoned where the direct map shows them, and checked when they are allocated again.
class PhysicalMemory {
 public:
  // `words` has plan.storage_words(), `cpus` an entry for each processor; neither need be
  // initialised otherwise. All parts must outlive this. The usable memory of `map` belongs to this
  // from now on.
  PhysicalMemory(MemoryMap& map, const FramePlan& plan, std::span<uint64_t> words,
                 std::span<FrameCpu> cpus, const FrameTable& table)
      : frames_(map, plan, words, &table), cache_(frames_, cpus), table_(table) {}
  PhysicalMemory(const PhysicalMemory&) = delete;
  PhysicalMemory& operator=(const PhysicalMemory&) = delete;

  // pmm_alloc: contiguous frames, whose descriptors are there. Errors: kOutOfMemory,
  // kInvalidArgument (no pages, or an alignment that is no power of two). O(1) for aligned runs of
  // up to 512 frames without a limit; what fits no free block may cost a scan of the zone.
  [[nodiscard]] base::Result<FrameNumber> Allocate(const FrameRequest& request);

  // One frame of the zone or one below it.
  [[nodiscard]] base::Result<FrameNumber> AllocateFrame(ZoneKind highest = ZoneKind::kNormal) {
    const base::Result<FrameNumber> frame = cache_.AllocateFrame(highest);
    if constexpr (kDebug) {
      if (frame) CheckPoison(*frame, PageCount{1});
    }
    return frame;
  }

  // 2^order frames, aligned to their size.
  [[nodiscard]] base::Result<FrameNumber> AllocateOrder(unsigned order,
                                                        ZoneKind highest = ZoneKind::kNormal);

  // pmm_free: a whole run, as it was allocated. A refused free changes nothing. Frames that are
  // shared go through FrameTable::DropReference() first. O(1), O(pages / 64) for long runs.
  [[nodiscard]] std::expected<void, FreeFault> Free(FrameNumber first, PageCount pages);

  // The same for one frame, and for what AllocateOrder() gave.
  [[nodiscard]] std::expected<void, FreeFault> FreeFrame(FrameNumber frame) {
    if constexpr (kDebug) {
      if (const auto fault = FindFault(frame, PageCount{1})) return std::unexpected(*fault);
      Poison(frame, PageCount{1});
    }
    return cache_.FreeFrame(frame);
  }
  [[nodiscard]] std::expected<void, FreeFault> FreeOrder(FrameNumber first, unsigned order);

  // Each frame of a run is one of its own from now on, to be freed by itself. The run is one that
  // was allocated, and lies within 512 frames aligned to their size (CHECKed).
  void Split(FrameNumber first, PageCount pages) { frames_.SplitRun(first, pages); }

  // Takes free frames of one zone out of management for good; the memory map shows `state` for them
  // from then on. Errors: kOverlap (some are not free), kInvalidArgument (no pages, or not all in
  // one zone), kOutOfMemory (no room in the map). On an error nothing has changed. O(zone) if some
  // of them were never looked at.
  [[nodiscard]] base::Result<> Reserve(FrameNumber first, PageCount pages, MemoryState state);

  // Gives what this processor keeps back to the zones.
  void DrainThisCpu() { cache_.Drain(); }

  [[nodiscard]] const FrameTable& table() const { return table_; }

  // O(blocks prepared).
  [[nodiscard]] ZoneStatistics Statistics(ZoneKind kind);
  // O(zones and processors).
  [[nodiscard]] PageCount FreePages() const;
  // Frees of a frame by two processors at the same time, which were found when the second one came
  // back from its processor; the frame was given back once.
  [[nodiscard]] uint64_t late_faults() const { return cache_.late_faults(); }

  // kCorrupt when something disagrees. O(blocks prepared). Nobody changes anything meanwhile.
  [[nodiscard]] base::Result<> CheckInvariants();

 private:
  [[nodiscard]] base::Result<FrameNumber> AllocateSpecial(const FrameRequest& request);
  [[nodiscard]] base::Result<FrameNumber> AllocateRun(const FrameRequest& request);
  [[nodiscard]] std::optional<FreeFault> FindFault(FrameNumber first, PageCount pages);
  void Poison(FrameNumber first, PageCount pages);
  void CheckPoison(FrameNumber first, PageCount pages);

  FrameAllocator frames_;
  FrameCache cache_;
  const FrameTable& table_;
};

}  // namespace mm
