// Statistics and self-checks. Part of FrameZone.
#include <bit>

#include "kernel/mm/frames/frame_zone.h"

namespace mm {

// Free frames in blocks of orders 0 to kMaxOrder, each as large as its place allows.
ZoneStatistics FrameZone::Statistics() {
  const locking::SpinLockHolder hold(lock_);
  const uint32_t unprepared = unprepared_.load(std::memory_order_relaxed);
  ZoneStatistics found{
      .first = map_->NumberOf(first_block_ * kBlockFrames),
      .usable = {usable()},
      .free = {uint64_t{free_.load(std::memory_order_relaxed)} + unprepared},
      .unprepared = {unprepared},
      .cached = {0},
      .free_blocks = {},
  };
  for (uint32_t block = first_block_; block < prepared() / kBlockFrames; ++block) {
    const BlockInfo info = marks_.InfoOf(block);
    if (info.state == BlockState::kFree) {
      ++found.free_blocks[kBlockOrder];
      // A second one whose buddy was free becomes an order more.
      const bool odd = (map_->NumberOf(block * kBlockFrames).value / kBlockFrames) % 2 != 0;
      if (odd && block > first_block_ && marks_.InfoOf(block - 1).state == BlockState::kFree) {
        found.free_blocks[kBlockOrder] -= 2;
        ++found.free_blocks[kBlockOrder + 1];
      }
    } else if (info.HasRows()) {
      CountRuns(marks_.RowsOf(block), found.free_blocks);
    }
  }
  return found;
}

base::Result<> FrameZone::CheckInvariants() {
  const locking::SpinLockHolder hold(lock_);
  uint64_t free = 0;
  uint64_t taken = 0;
  const uint32_t limit = prepared() / kBlockFrames;
  for (uint32_t block = first_block_; block < limit; ++block) {
    const BlockInfo info = marks_.InfoOf(block);
    const uint32_t first = block * kBlockFrames;
    const uint32_t usable = map_->UsableIn(first, first + kBlockFrames);
    const uint32_t block_free = info.HasRows() || info.state == BlockState::kFree ? info.free : 0;
    if (!IsBlockSound(block, info, usable)) return std::unexpected(base::Error::kCorrupt);
    free += block_free;
    taken += usable - block_free;
  }
  const uint32_t unprepared = unprepared_.load(std::memory_order_relaxed);
  const uint32_t prepared_limit = limit * kBlockFrames;
  if (free != free_.load(std::memory_order_relaxed) || free + taken + unprepared != usable() ||
      unprepared != map_->UsableIn(prepared_limit, this->limit())) {
    return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

// The block's info tells what its rows say, and the sets what its info says.
bool FrameZone::IsBlockSound(uint32_t block, BlockInfo info, uint32_t usable) {
  const uint32_t first = block * kBlockFrames;
  const bool needs_all = !info.HasRows() && info.state != BlockState::kReserved;
  if (needs_all && usable != kBlockFrames) return false;
  if (info.state == BlockState::kReserved && usable != 0) return false;
  if (info.state == BlockState::kRows && usable != kBlockFrames) return false;
  // What lies inside a run continues something.
  if (info.state == BlockState::kRunInside &&
      (first == this->first() || marks_.IsFree(first - 1))) {
    return false;
  }
  if (info.HasRows() && !AreRowsSound(block, info)) return false;
  for (unsigned set = 0; set < kBlockSetCount && info.state != BlockState::kReserved; ++set) {
    if (sets_.Contains(set, block - first_block_) != BelongsTo(info, set)) return false;
  }
  return true;
}

bool FrameZone::AreRowsSound(uint32_t block, BlockInfo info) {
  const FrameRow* const rows = marks_.RowsOf(block);
  uint32_t free = 0;
  uint64_t before_is_run =
      1;  // whether the frame before is taken; the block before is not looked at
  bool sound = true;
  for (uint32_t row = 0; row < kRowsPerBlock; ++row) {
    const uint64_t is_free = LoadRelaxed(rows[row].free);
    const uint64_t is_inside = LoadRelaxed(rows[row].inside);
    // Nothing is both, and a frame inside a run follows one that is not free.
    sound &= (is_free & is_inside) == 0 && (is_inside & (~(~is_free << 1 | before_is_run))) == 0;
    before_is_run = ~is_free >> (kRowFrames - 1);
    free += static_cast<uint32_t>(std::popcount(is_free));
  }
  // Free frames are usable ones.
  uint32_t free_and_usable = 0;
  const uint32_t first = block * kBlockFrames;
  map_->ForEachUsable(first, first + kBlockFrames, [&](uint32_t start, uint32_t pages) {
    for (uint32_t frame = start; frame < start + pages; ++frame) {
      free_and_usable += LoadRelaxed(marks_.RowOf(frame).free) >> (frame % kRowFrames) & 1;
    }
  });
  return sound && free == info.free && free == free_and_usable && free < kBlockFrames &&
         (free == 0 ? info.largest == 0 : info.largest >= LargestRunInBlock(rows));
}

}  // namespace mm
