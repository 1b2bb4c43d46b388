#include "kernel/mm/frames/frame_block.h"

#include <algorithm>

namespace mm {
namespace {

constexpr uint64_t kWholeRow = ~uint64_t{0};

bool AreRowsFree(const FrameRow* rows, uint32_t first, uint32_t count) {
  for (uint32_t row = first; row < first + count; ++row) {
    if (LoadRelaxed(rows[row].free) != kWholeRow) return false;
  }
  return true;
}

// Counts frames from `first` on whose bit is set in what `word_of(block, row)` says.
template <class WordOf>
uint32_t CountBits(uint32_t first, uint32_t most, WordOf word_of) {
  uint32_t count = 0;
  while (count < most) {
    const uint32_t frame = first + count;
    const uint64_t word = word_of(frame / kBlockFrames, frame / kRowFrames) >> (frame % kRowFrames);
    const uint32_t left = kRowFrames - frame % kRowFrames;
    const uint32_t ones = std::min(static_cast<uint32_t>(std::countr_one(word)), left);
    count += ones;
    if (ones < left) break;
  }
  return std::min(count, most);
}

}  // namespace

bool FrameMarks::IsAllocatedRun(uint32_t frame, unsigned order, uint32_t most_free,
                                uint32_t prepared) const {
  if (order == kBlockOrder) return IsAllocatedBlock(frame, prepared);
  const uint32_t pages = uint32_t{1} << order;
  const uint32_t after = frame + pages;
  if (!StartsRun(frame, order) || !IsInState(frame / kBlockFrames, BlockState::kRows, most_free) ||
      (pages > kRowFrames && !AreRowsInside(&RowOf(frame) + 1, pages - kRowFrames))) {
    return false;
  }
  if (after % kBlockFrames == 0) return after >= prepared || !ContinuesBlock(after);
  return (LoadRelaxed(RowOf(after).inside) >> (after % kRowFrames) & 1) == 0;
}

bool FrameMarks::AreRowsInside(const FrameRow* rows, uint32_t pages) {
  for (uint32_t row = 0; row < pages / kRowFrames; ++row) {
    if ((LoadRelaxed(rows[row].free) | ~LoadRelaxed(rows[row].inside)) != 0) return false;
  }
  return true;
}

uint64_t FrameMarks::FreeIn(uint32_t block, uint32_t row) const {
  const BlockInfo info = InfoOf(block);
  if (info.HasRows()) return LoadRelaxed(rows_[row].free);
  return info.state == BlockState::kFree ? kWholeRow : 0;
}

uint64_t FrameMarks::InsideIn(uint32_t block, uint32_t row) const {
  const BlockInfo info = InfoOf(block);
  if (info.HasRows()) return LoadRelaxed(rows_[row].inside);
  switch (info.state) {
    case BlockState::kRunFirst:
      return row % kRowsPerBlock == 0 ? kWholeRow - 1 : kWholeRow;
    case BlockState::kRunInside:
      return kWholeRow;
    default:
      return 0;
  }
}

uint32_t FrameMarks::CountFree(uint32_t first, uint32_t most) const {
  return CountBits(first, most,
                   [this](uint32_t block, uint32_t row) { return FreeIn(block, row); });
}

uint32_t FrameMarks::CountNotFree(uint32_t first, uint32_t most) const {
  return CountBits(first, most,
                   [this](uint32_t block, uint32_t row) { return ~FreeIn(block, row); });
}

uint32_t FrameMarks::CountInside(uint32_t first, uint32_t most) const {
  return CountBits(first, most,
                   [this](uint32_t block, uint32_t row) { return InsideIn(block, row); });
}

uint32_t FindRunInBlock(const FrameRow* rows, unsigned order) {
  if (order <= kRowOrder) {
    for (uint32_t row = 0; row < kRowsPerBlock; ++row) {
      const uint64_t starts = AlignedRuns(LoadRelaxed(rows[row].free), order);
      if (starts != 0) {
        return row * kRowFrames + static_cast<uint32_t>(std::countr_zero(starts));
      }
    }
    return kBlockFrames;
  }
  const uint32_t count = uint32_t{1} << (order - kRowOrder);
  for (uint32_t row = 0; row < kRowsPerBlock; row += count) {
    if (AreRowsFree(rows, row, count)) return row * kRowFrames;
  }
  return kBlockFrames;
}

unsigned LargestRunInBlock(const FrameRow* rows) {
  unsigned largest = 0;
  for (uint32_t row = 0; row < kRowsPerBlock; ++row) {
    const uint64_t free = LoadRelaxed(rows[row].free);
    while (largest < kRowOrder && AlignedRuns(free, largest + 1) != 0) ++largest;
  }
  while (largest >= kRowOrder && largest + 1 < kBlockOrder &&
         FindRunInBlock(rows, largest + 1) != kBlockFrames) {
    ++largest;
  }
  return largest;
}

void CountRuns(const FrameRow* rows, std::span<uint64_t> counts) {
  for (uint32_t frame = 0; frame < kBlockFrames;) {
    if ((LoadRelaxed(rows[frame / kRowFrames].free) >> (frame % kRowFrames) & 1) == 0) {
      ++frame;
      continue;
    }
    const unsigned order = MergedOrder(rows, frame, 0);
    ++counts[order];
    frame += uint32_t{1} << order;
  }
}

unsigned MergedOrder(const FrameRow* rows, uint32_t frame, unsigned order) {
  const uint64_t free = LoadRelaxed(rows[frame >> kRowOrder].free);
  while (order < kRowOrder) {
    const uint32_t start = (frame & (kRowFrames - 1)) >> (order + 1) << (order + 1);
    const uint64_t both = RowMask(start, uint32_t{2} << order);
    if ((free & both) != both) return order;
    ++order;
  }
  while (order + 1 < kBlockOrder) {
    const uint32_t count = uint32_t{2} << (order - kRowOrder);
    if (!AreRowsFree(rows, (frame >> kRowOrder) & ~(count - 1), count)) return order;
    ++order;
  }
  return order;
}

}  // namespace mm
