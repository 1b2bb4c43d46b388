// Page frames: zones of blocks, and the check of what is freed.
//
// Starting it takes the same time on every machine: blocks of 2 MiB are looked at when a zone runs
// dry. What counts as allocatable is what the memory map calls usable; from the constructor on the
// map's usable memory belongs to the allocator, and changes of it go through here.
//
// Locks: each zone has one, and inside it the memory map's is taken. Usable on every processor at
// once. Frames are counted from the allocator's first, in 32 bits.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/frame_block.h"
#include "kernel/mm/frames/frame_map.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/frame_types.h"
#include "kernel/mm/frames/frame_zone.h"

namespace mm {

// What the allocator for a machine describes, and the storage that takes.
struct FramePlan {
  FrameNumber first;  // a multiple of kBlockFrames
  uint32_t blocks;
  std::array<uint32_t, kZoneCount + 1>
      zone_blocks;  // where each zone starts, and where the last ends

  // Errors: kNotAligned (zone limits that are no multiples of kBlockFrames), kInvalidArgument
  // (limits that descend), kOutOfRange (more than 16 TiB from the first to the last frame's block).
  // Of 16 TiB the last block is not managed. O(regions).
  [[nodiscard]] static base::Result<FramePlan> For(const MemoryMap& map, const ZoneLimits& limits);

  // 64-bit words, which need not be initialised: 0.28 bytes a frame.
  [[nodiscard]] size_t storage_words() const;
  [[nodiscard]] PageCount pages() const { return {uint64_t{blocks} * kBlockFrames}; }
};

class FrameAllocator {
 public:
  // `storage` has plan.storage_words(). It, `map` and `table` must outlive the allocator. The
  // descriptors of a block in `table`, which may be null, are zeroed before its first frame is
  // given out.
  FrameAllocator(MemoryMap& map, const FramePlan& plan, std::span<uint64_t> storage,
                 const FrameTable* table);
  FrameAllocator(const FrameAllocator&) = delete;
  FrameAllocator& operator=(const FrameAllocator&) = delete;

  // Why the run cannot be freed, or nothing. Reads what belongs to the run's owner, and takes no
  // zone lock. O(pages / 64).
  [[nodiscard]] std::optional<FreeFault> FindFault(FrameNumber first, PageCount pages) const;

  // Whether the frame is an allocated run of its own, in a block of which some is not ours; false
  // may mean that FindFault() has to look. O(1) mostly.
  [[nodiscard]] bool IsAllocatedBesideOthers(uint32_t frame) const {
    return marks_.IsAllocatedFrame(frame, kBlockFrames, BlockState::kRowsPartly) &&
           map_.IsUsable(frame);
  }

  // Takes any run from zone `highest` or one below it. Errors: kOutOfMemory, kInvalidArgument (no
  // pages, or an alignment that is no power of two).
  [[nodiscard]] base::Result<FrameNumber> AllocateRun(PageCount pages, PageCount alignment,
                                                      FrameNumber last, ZoneKind highest);
  // See FrameZone.
  void SplitRun(FrameNumber first, PageCount pages);
  // Gives back a run that FindFault() has nothing against.
  [[nodiscard]] std::expected<void, FreeFault> FreeRun(FrameNumber first, PageCount pages);

  [[nodiscard]] FrameZone& zone(size_t kind) { return zones_.data()[kind]; }
  [[nodiscard]] const FrameZone& zone(size_t kind) const { return zones_.data()[kind]; }
  [[nodiscard]] size_t ZoneOf(uint32_t frame) const {
    return (frame >= zone_first_[1] ? 1U : 0U) + (frame >= zone_first_[2] ? 1U : 0U);
  }
  [[nodiscard]] FrameMarks marks() const { return marks_; }
  [[nodiscard]] uint32_t frames() const { return frames_; }
  [[nodiscard]] FrameNumber first() const { return map_.first(); }
  [[nodiscard]] FrameNumber NumberOf(uint32_t frame) const { return map_.NumberOf(frame); }

  [[nodiscard]] ZoneStatistics Statistics(ZoneKind kind);

  // kCorrupt when marks, sets, counters and the memory map disagree. O(blocks prepared). Nobody
  // changes anything meanwhile.
  [[nodiscard]] base::Result<> CheckInvariants();

 private:
  mutable FrameMap map_;  // its lock changes when it is read
  FrameMarks marks_;
  uint32_t frames_;
  std::array<uint32_t, kZoneCount> zone_first_;
  std::array<FrameZone, kZoneCount> zones_;
};

}  // namespace mm
