// Lazy initialisation of blocks, and what a zone says of itself. Part of FrameZone.
#include <algorithm>

#include "kernel/mm/frames/frame_zone.h"

namespace mm {

// Makes the zone's next block that has usable frames known. False when there is none left.
bool FrameZone::PrepareNext() {
  const uint32_t left = unprepared_.load(std::memory_order_relaxed);
  if (left == 0) return false;
  const uint32_t block = map_->NextUsable(prepared()) / kBlockFrames;
  for (uint32_t hole = prepared() / kBlockFrames; hole < block; ++hole) {
    marks_.SetInfo(hole, {0, 0, BlockState::kReserved});
  }
  sets_.Prepare(block - first_block_);
  const uint32_t first = block * kBlockFrames;
  const uint32_t usable = map_->UsableIn(first, first + kBlockFrames);
  constexpr BlockInfo kNothing{0, 0, BlockState::kReserved};
  if (usable == kBlockFrames) {
    Reclassify(block, kNothing, {kBlockFrames, 0, BlockState::kFree});
  } else {
    PrepareRows(block);
    Reclassify(
        block, kNothing,
        {static_cast<uint16_t>(usable),
         static_cast<uint8_t>(LargestRunInBlock(marks_.RowsOf(block))), BlockState::kRowsPartly});
  }
  if (table_ != nullptr) table_->Prepare(map_->NumberOf(first), PageCount{kBlockFrames});
  AddFree(usable);
  unprepared_.store(left - usable, std::memory_order_relaxed);
  prepared_.store(first + kBlockFrames, std::memory_order_release);
  return true;
}

void FrameZone::PrepareRows(uint32_t block) {
  FrameRow* const rows = marks_.RowsOf(block);
  for (uint32_t row = 0; row < kRowsPerBlock; ++row) {
    StoreRelaxed(rows[row].free, uint64_t{0});
    StoreRelaxed(rows[row].inside, uint64_t{0});
  }
  const uint32_t first = block * kBlockFrames;
  map_->ForEachUsable(first, first + kBlockFrames, [this](uint32_t start, uint32_t pages) {
    while (pages > 0) {
      const uint32_t bit = start % kRowFrames;
      const uint32_t count = std::min(kRowFrames - bit, pages);
      FrameRow& row = marks_.RowOf(start);
      StoreRelaxed(row.free, LoadRelaxed(row.free) | RowMask(bit, count));
      start += count;
      pages -= count;
    }
  });
}

}  // namespace mm
