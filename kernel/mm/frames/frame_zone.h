// The frames of one zone: blocks of 512, prepared one after the other when the zone runs dry.
//
// Single frames come from the block with the fewest free ones, the lowest of those first, so that
// other blocks drain and become free as a whole. Runs come from the block whose largest free run is
// the smallest that does.
//
// One spin lock. The memory map is consulted under its own lock, taken inside the zone's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/mm/frames/frame_block.h"
#include "kernel/mm/frames/frame_map.h"
#include "kernel/mm/frames/frame_sets.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/frame_types.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

// Frames are counted from the allocator's first here.
struct RunRequest {
  uint32_t pages;
  uint64_t alignment;  // of the frame's number; a power of two
  uint32_t limit;      // the first frame beyond those wanted
};

// Whether a block of which `info` is true is to be in the set.
[[nodiscard]] bool BelongsTo(BlockInfo info, unsigned set);

class FrameZone {
 public:
  FrameZone() = default;
  FrameZone(const FrameZone&) = delete;
  FrameZone& operator=(const FrameZone&) = delete;

  struct Parts {
    FrameMarks marks;
    FrameMap* map;
    const FrameTable* table;  // or null
    uint32_t first_block;
    uint32_t blocks;
    uint64_t* set_words;  // BlockSets::WordsFor(blocks), not initialised
  };
  // Before everything else, once.
  void Start(const Parts& parts) EXCLUDES(lock_);

  // Single frames, ascending, written from `last` downwards: the one to use next is written last.
  // Returns how many; `left` becomes what is free in the block of the highest.
  [[nodiscard]] uint32_t TakeFrames(uint32_t wanted, uint32_t* last, uint32_t& left)
      EXCLUDES(lock_);

  // Aligned runs of 2^order frames, `order` <= kBlockOrder. Returns how many.
  [[nodiscard]] uint32_t TakeRuns(unsigned order, uint32_t wanted, uint32_t* runs) EXCLUDES(lock_);

  // Any run. O(1) when it fits an aligned run within a block; else a scan.
  [[nodiscard]] std::optional<uint32_t> TakeRun(const RunRequest& request) EXCLUDES(lock_);

  // Take back what the functions above gave. What is no longer such a frame or run, because two
  // processors freed it and the first has given it back, is left out; returns how many.
  [[nodiscard]] uint32_t GiveFrames(const uint32_t* frames, uint32_t count) EXCLUDES(lock_);
  [[nodiscard]] uint32_t GiveRuns(unsigned order, const uint32_t* runs, uint32_t count)
      EXCLUDES(lock_);
  [[nodiscard]] uint32_t GiveRun(uint32_t first, uint32_t pages) EXCLUDES(lock_);

  // Each frame of a run within a block is a run of its own from now on. CHECKed: it is one.
  void SplitRun(uint32_t first, uint32_t pages) EXCLUDES(lock_);

  // Takes free frames out of the zone for good, and says so in the memory map. Errors: kOverlap
  // (some are not free), and what MemoryMap::Reserve() says. On an error nothing has changed.
  [[nodiscard]] base::Result<> Reserve(uint32_t first, uint32_t pages, MemoryState state)
      EXCLUDES(lock_);

  // Frames below were looked at: their marks mean something.
  [[nodiscard]] uint32_t prepared() const { return prepared_.load(std::memory_order_acquire); }
  [[nodiscard]] uint32_t first() const { return first_block_ * kBlockFrames; }
  // The first frame beyond.
  [[nodiscard]] uint32_t limit() const { return (first_block_ + blocks_) * kBlockFrames; }
  // Whether there may be a frame to take.
  [[nodiscard]] bool HasFree() const {
    return (free_.load(std::memory_order_relaxed) | unprepared_.load(std::memory_order_relaxed)) !=
           0;
  }
  [[nodiscard]] PageCount FreePages() const {
    return {uint64_t{free_.load(std::memory_order_relaxed)} +
            unprepared_.load(std::memory_order_relaxed)};
  }
  [[nodiscard]] uint32_t usable() const { return usable_.load(std::memory_order_relaxed); }

  // `cached` is not known here. O(blocks prepared).
  [[nodiscard]] ZoneStatistics Statistics() EXCLUDES(lock_);
  [[nodiscard]] base::Result<> CheckInvariants() EXCLUDES(lock_);

 private:
  [[nodiscard]] bool PrepareNext() REQUIRES(lock_);
  void PrepareRows(uint32_t block) REQUIRES(lock_);
  void Reclassify(uint32_t block, BlockInfo was, BlockInfo now) REQUIRES(lock_);
  [[nodiscard]] BlockInfo OpenRows(uint32_t block, BlockInfo info) REQUIRES(lock_);

  [[nodiscard]] uint32_t TakeFromBlock(uint32_t block, uint32_t wanted, uint32_t* last,
                                       uint32_t& left) REQUIRES(lock_);
  [[nodiscard]] uint32_t TakeAligned(unsigned order, uint32_t pages, uint32_t limit)
      REQUIRES(lock_);
  [[nodiscard]] uint32_t FindAligned(unsigned order, uint32_t pages, uint32_t limit)
      REQUIRES(lock_);
  [[nodiscard]] uint32_t FindBlocks(const RunRequest& request) REQUIRES(lock_);
  [[nodiscard]] uint32_t ScanForRun(const RunRequest& request) REQUIRES(lock_);
  void MarkTaken(uint32_t first, uint32_t pages) REQUIRES(lock_);
  void TakePart(uint32_t block, uint32_t offset, uint32_t pages, bool starts_run) REQUIRES(lock_);
  void ReservePart(uint32_t block, uint32_t offset, uint32_t pages) REQUIRES(lock_);
  void GivePart(uint32_t block, uint32_t offset, uint32_t pages) REQUIRES(lock_);
  [[nodiscard]] bool IsTaken(uint32_t first, uint32_t pages) const REQUIRES(lock_);
  [[nodiscard]] bool IsBlockSound(uint32_t block, BlockInfo info, uint32_t usable) REQUIRES(lock_);
  [[nodiscard]] bool AreRowsSound(uint32_t block, BlockInfo info) REQUIRES(lock_);
  void AddFree(uint32_t pages) REQUIRES(lock_) {
    free_.store(free_.load(std::memory_order_relaxed) + pages, std::memory_order_relaxed);
  }
  void SubtractFree(uint32_t pages) REQUIRES(lock_) {
    free_.store(free_.load(std::memory_order_relaxed) - pages, std::memory_order_relaxed);
  }

  locking::SpinLock lock_;
  FrameMarks marks_{};
  FrameMap* map_ = nullptr;
  const FrameTable* table_ = nullptr;
  BlockSets sets_ GUARDED_BY(lock_);
  uint32_t first_block_ = 0;
  uint32_t blocks_ = 0;
  // Written under the lock.
  std::atomic<uint32_t> prepared_ = 0;
  std::atomic<uint32_t> free_ = 0;  // of the prepared frames
  std::atomic<uint32_t> unprepared_ = 0;
  std::atomic<uint32_t> usable_ = 0;
};

}  // namespace mm
