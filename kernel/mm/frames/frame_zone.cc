#include "kernel/mm/frames/frame_zone.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>

namespace mm {
namespace {

constexpr unsigned kNoSet = kBlockSetCount;
constexpr BlockInfo kFreeBlock{kBlockFrames, 0, BlockState::kFree};

// Which fullness set a block is in by its number of free frames. Between a quarter and three
// quarters free the sets are narrow: there it is decided which blocks are to drain; and again for
// the blocks that are nearly drained.
constexpr std::array<uint8_t, kBlockFrames + 1> MakeFullness() {
  std::array<uint8_t, kBlockFrames + 1> sets{kNoSet};
  unsigned set = 0;
  uint32_t width_used = 0;
  for (uint32_t free = 1; free <= kBlockFrames; ++free) {
    sets[free] = static_cast<uint8_t>(set);
    const uint32_t width = free <= 192 ? 32 : free <= 416 ? 8 : free <= 464 ? 4 : 3;
    if (++width_used == width) {
      width_used = 0;
      ++set;
    }
  }
  return sets;
}

constexpr std::array<uint8_t, kBlockFrames + 1> kFullnessOf = MakeFullness();
static_assert(kFullnessOf[kBlockFrames] < kFullnessSets);

unsigned FullnessSet(BlockInfo info) {
  return info.HasRows() ? kFullnessOf.data()[info.free] : kNoSet;
}

unsigned LargestSet(BlockInfo info) {
  if (info.state == BlockState::kFree) return kFreeBlockSet;
  return info.HasRows() && info.largest != 0 ? OrderSet(info.largest) : kNoSet;
}

void FillRows(FrameRow* rows, uint64_t free) {
  for (uint32_t row = 0; row < kRowsPerBlock; ++row) {
    StoreRelaxed(rows[row].free, free);
    StoreRelaxed(rows[row].inside, uint64_t{0});
  }
}

// The order of the largest run after 2^order frames became free, if it was `largest` before.
uint8_t LargestWith(const FrameRow* rows, uint32_t frame, unsigned order, uint8_t largest) {
  // Mostly no larger one came to be, and its first row tells.
  const unsigned larger = std::max(order, largest + 1U);
  const uint32_t size = uint32_t{1} << larger;
  const uint64_t needed =
      larger >= kRowOrder ? ~uint64_t{0} : RowMask(frame % kRowFrames & ~(size - 1), size);
  if ((LoadRelaxed(rows[frame / kRowFrames].free) & needed) != needed) return largest;
  return std::max(largest, static_cast<uint8_t>(MergedOrder(rows, frame, order)));
}

// Calls back for each row that a part of a block touches, with the mask of its frames.
template <class Visit>
void ForEachRow(FrameRow* rows, uint32_t offset, uint32_t pages, Visit visit) {
  while (pages > 0) {
    const uint32_t bit = offset % kRowFrames;
    const uint32_t count = std::min(kRowFrames - bit, pages);
    visit(rows[offset / kRowFrames], RowMask(bit, count));
    offset += count;
    pages -= count;
  }
}

}  // namespace

bool BelongsTo(BlockInfo info, unsigned set) {
  return set == FullnessSet(info) || set == LargestSet(info);
}

void FrameZone::Start(const Parts& parts) {
  const locking::SpinLockHolder hold(lock_);
  marks_ = parts.marks;
  map_ = parts.map;
  table_ = parts.table;
  first_block_ = parts.first_block;
  blocks_ = parts.blocks;
  if (blocks_ != 0) sets_ = BlockSets(parts.set_words, blocks_);
  prepared_.store(first(), std::memory_order_relaxed);
  usable_.store(map_->UsableIn(first(), limit()), std::memory_order_relaxed);
  unprepared_.store(usable(), std::memory_order_relaxed);
}

// Moves the block between sets. `was` is what its info says still.
void FrameZone::Reclassify(uint32_t block, BlockInfo was, BlockInfo now) {
  const uint32_t member = block - first_block_;
  const unsigned old_fullness = FullnessSet(was);
  const unsigned new_fullness = FullnessSet(now);
  if (old_fullness != new_fullness) {
    if (old_fullness != kNoSet) sets_.Erase(old_fullness, member);
    if (new_fullness != kNoSet) sets_.Insert(new_fullness, member);
  }
  const unsigned old_largest = LargestSet(was);
  const unsigned new_largest = LargestSet(now);
  if (old_largest != new_largest) {
    if (old_largest != kNoSet) sets_.Erase(old_largest, member);
    if (new_largest != kNoSet) sets_.Insert(new_largest, member);
  }
  marks_.SetInfo(block, now);
}

// Gives a free block rows. Its sets are still those of a free block.
BlockInfo FrameZone::OpenRows(uint32_t block, BlockInfo info) {
  if (info.HasRows()) return info;
  FillRows(marks_.RowsOf(block), ~uint64_t{0});
  return {kBlockFrames, kBlockOrder - 1, BlockState::kRows};
}

uint32_t FrameZone::TakeFrames(uint32_t wanted, uint32_t* last, uint32_t& left) {
  const locking::SpinLockHolder hold(lock_);
  uint32_t taken = 0;
  while (taken < wanted) {
    uint32_t member = sets_.Fullest();
    if (member == kNoBlock) member = sets_.First(kFreeBlockSet);
    if (member != kNoBlock) {
      taken += TakeFromBlock(first_block_ + member, wanted - taken, last - taken, left);
    } else if (!PrepareNext()) {
      break;
    }
  }
  SubtractFree(taken);
  return taken;
}

uint32_t FrameZone::TakeFromBlock(uint32_t block, uint32_t wanted, uint32_t* last, uint32_t& left) {
  const BlockInfo was = marks_.InfoOf(block);
  BlockInfo now = OpenRows(block, was);
  FrameRow* const rows = marks_.RowsOf(block);
  uint32_t taken = 0;
  for (uint32_t row = 0; taken < wanted; ++row) {
    uint64_t free = LoadRelaxed(rows[row].free);
    const uint32_t first = block * kBlockFrames + row * kRowFrames;
    const uint32_t count = std::min(wanted - taken, static_cast<uint32_t>(std::popcount(free)));
    uint32_t* const lowest = last - taken;
    if (count == kRowFrames) {
      // Of fresh memory all rows are like this, and need no look at their bits.
      for (uint32_t i = 0; i < kRowFrames; ++i) lowest[-static_cast<ptrdiff_t>(i)] = first + i;
      free = 0;
    } else {
      for (uint32_t i = 0; i < count; ++i) {
        lowest[-static_cast<ptrdiff_t>(i)] = first + static_cast<uint32_t>(std::countr_zero(free));
        free &= free - 1;
      }
    }
    StoreRelaxed(rows[row].free, free);
    taken += count;
    if (row + 1 == kRowsPerBlock) break;
  }
  now.free = static_cast<uint16_t>(now.free - taken);
  if (now.free == 0) now.largest = 0;
  Reclassify(block, was, now);
  left = now.free;
  return taken;
}

uint32_t FrameZone::TakeRuns(unsigned order, uint32_t wanted, uint32_t* runs) {
  const locking::SpinLockHolder hold(lock_);
  uint32_t taken = 0;
  while (taken < wanted) {
    const uint32_t run = TakeAligned(order, uint32_t{1} << order, limit());
    if (run == kNoFrame) break;
    runs[taken++] = run;
  }
  return taken;
}

std::optional<uint32_t> FrameZone::TakeRun(const RunRequest& request) {
  const locking::SpinLockHolder hold(lock_);
  const uint64_t span = std::max(request.alignment, uint64_t{request.pages});
  const unsigned order = static_cast<unsigned>(std::bit_width(span - 1));
  if (order <= kBlockOrder) {
    const uint32_t run = TakeAligned(order, request.pages, request.limit);
    if (run != kNoFrame) return run;
  }
  const uint32_t blocks = (request.pages - 1) / kBlockFrames + 1;
  while (true) {
    uint32_t run = FindBlocks(request);
    if (run == kNoFrame) run = ScanForRun(request);
    if (run != kNoFrame) {
      MarkTaken(run, request.pages);
      return run;
    }
    // What is missing, at once: each attempt looks at everything again.
    uint32_t more = 0;
    while (more < blocks && prepared() < request.limit && PrepareNext()) ++more;
    if (more == 0) return std::nullopt;
  }
}

// Takes the first `pages` of an aligned run of 2^order frames below `limit`.
uint32_t FrameZone::TakeAligned(unsigned order, uint32_t pages, uint32_t limit) {
  while (true) {
    const uint32_t run = FindAligned(order, pages, limit);
    if (run != kNoFrame) {
      MarkTaken(run, pages);
      return run;
    }
    if (prepared() >= limit || !PrepareNext()) return kNoFrame;
  }
}

// The lowest run in the block whose largest run is the smallest that does.
uint32_t FrameZone::FindAligned(unsigned order, uint32_t pages, uint32_t limit) {
  for (unsigned set = std::max(order, 1U); set < kBlockOrder; ++set) {
    uint32_t member = sets_.First(OrderSet(set));
    while (member != kNoBlock) {
      const uint32_t block = first_block_ + member;
      const uint32_t offset = FindRunInBlock(marks_.RowsOf(block), order);
      if (offset != kBlockFrames) {
        const uint32_t run = block * kBlockFrames + offset;
        if (run < limit && limit - run >= pages) return run;
        break;  // other blocks of this set are higher
      }
      const BlockInfo was = marks_.InfoOf(block);
      BlockInfo now = was;
      now.largest = static_cast<uint8_t>(LargestRunInBlock(marks_.RowsOf(block)));
      Reclassify(block, was, now);
      member = sets_.First(OrderSet(set));
    }
  }
  const uint32_t member = sets_.First(kFreeBlockSet);
  if (member == kNoBlock) return kNoFrame;
  const uint32_t run = (first_block_ + member) * kBlockFrames;
  return run < limit && limit - run >= pages ? run : kNoFrame;
}

// The first free blocks in a row that hold the run.
uint32_t FrameZone::FindBlocks(const RunRequest& request) {
  const uint64_t base = map_->first().value;
  const uint32_t blocks = (request.pages - 1) / kBlockFrames + 1;
  uint32_t member = 0;
  while ((member = sets_.FirstFrom(kFreeBlockSet, member)) != kNoBlock) {
    const uint64_t number = base + uint64_t{first_block_ + member} * kBlockFrames;
    const uint64_t aligned = base::AlignUp(number, request.alignment);
    const uint64_t skipped = (aligned - number + kBlockFrames - 1) / kBlockFrames;
    if (skipped >= blocks_ - member) return kNoFrame;
    member += static_cast<uint32_t>(skipped);
    uint32_t count = 0;
    const uint32_t prepared_members = prepared() / kBlockFrames - first_block_;
    while (count < blocks && member + count < prepared_members &&
           sets_.Contains(kFreeBlockSet, member + count)) {
      ++count;
    }
    if (count == blocks) {
      const uint32_t run = (first_block_ + member) * kBlockFrames;
      return run < request.limit && request.limit - run >= request.pages ? run : kNoFrame;
    }
    member += count + 1;
  }
  return kNoFrame;
}

// Whatever free frames follow each other, across blocks.
uint32_t FrameZone::ScanForRun(const RunRequest& request) {
  const uint64_t base = map_->first().value;
  const uint32_t limit = std::min(prepared(), request.limit);
  uint32_t frame = first();
  while (frame < limit) {
    const uint64_t aligned = base::AlignUp(base + frame, request.alignment) - base;
    if (aligned >= limit || limit - aligned < request.pages) return kNoFrame;
    const uint32_t start = static_cast<uint32_t>(aligned);
    const uint32_t free = marks_.CountFree(start, request.pages);
    if (free == request.pages) return start;
    frame = start + free;
    frame += marks_.CountNotFree(frame, limit - frame);
  }
  return kNoFrame;
}

void FrameZone::MarkTaken(uint32_t first, uint32_t pages) {
  SubtractFree(pages);
  bool starts_run = true;
  while (pages > 0) {
    const uint32_t offset = first % kBlockFrames;
    const uint32_t count = std::min(kBlockFrames - offset, pages);
    TakePart(first / kBlockFrames, offset, count, starts_run);
    starts_run = false;
    first += count;
    pages -= count;
  }
}

void FrameZone::TakePart(uint32_t block, uint32_t offset, uint32_t pages, bool starts_run) {
  const BlockInfo was = marks_.InfoOf(block);
  if (pages == kBlockFrames) {
    const BlockState state = starts_run ? BlockState::kRunFirst : BlockState::kRunInside;
    return Reclassify(block, was, {0, 0, state});
  }
  BlockInfo now = OpenRows(block, was);
  uint64_t not_inside = starts_run ? RowMask(offset % kRowFrames, 1) : 0;
  ForEachRow(marks_.RowsOf(block), offset, pages, [&not_inside](FrameRow& row, uint64_t mask) {
    StoreRelaxed(row.free, LoadRelaxed(row.free) & ~mask);
    StoreRelaxed(row.inside, LoadRelaxed(row.inside) | (mask & ~not_inside));
    not_inside = 0;
  });
  now.free = static_cast<uint16_t>(now.free - pages);
  if (now.free == 0) now.largest = 0;
  Reclassify(block, was, now);
}

uint32_t FrameZone::GiveFrames(const uint32_t* frames, uint32_t count) {
  const locking::SpinLockHolder hold(lock_);
  uint32_t given = 0;
  for (uint32_t i = 0; i < count; ++i) {
    const uint32_t frame = frames[i];
    // After a double free by two processors it may be free by now, or part of a run.
    if (!marks_.IsAllocatedFrame(frame, kBlockFrames) && !IsTaken(frame, 1)) [[unlikely]]
      continue;
    const uint32_t block = frame / kBlockFrames;
    const BlockInfo was = marks_.InfoOf(block);
    FrameRow& row = marks_.RowOf(frame);
    StoreRelaxed(row.free, LoadRelaxed(row.free) | uint64_t{1} << (frame % kRowFrames));
    BlockInfo now = was;
    now.free = static_cast<uint16_t>(now.free + 1);
    now.largest = LargestWith(marks_.RowsOf(block), frame % kBlockFrames, 0, was.largest);
    if (now.free == kBlockFrames) now = kFreeBlock;
    if (now.largest == was.largest && FullnessSet(now) == FullnessSet(was)) [[likely]] {
      marks_.SetInfo(block, now);
    } else {
      Reclassify(block, was, now);
    }
    ++given;
  }
  AddFree(given);
  return count - given;
}

uint32_t FrameZone::GiveRuns(unsigned order, const uint32_t* runs, uint32_t count) {
  const locking::SpinLockHolder hold(lock_);
  const uint32_t pages = uint32_t{1} << order;
  uint32_t refused = 0;
  for (uint32_t i = 0; i < count; ++i) {
    if (!marks_.IsAllocatedRun(runs[i], order, kBlockFrames, prepared()) &&
        !IsTaken(runs[i], pages)) {
      ++refused;
      continue;
    }
    GivePart(runs[i] / kBlockFrames, runs[i] % kBlockFrames, pages);
    AddFree(pages);
  }
  return refused;
}

uint32_t FrameZone::GiveRun(uint32_t first, uint32_t pages) {
  const locking::SpinLockHolder hold(lock_);
  if (!IsTaken(first, pages)) return 1;
  AddFree(pages);
  while (pages > 0) {
    const uint32_t offset = first % kBlockFrames;
    const uint32_t count = std::min(kBlockFrames - offset, pages);
    GivePart(first / kBlockFrames, offset, count);
    first += count;
    pages -= count;
  }
  return 0;
}

void FrameZone::SplitRun(uint32_t first, uint32_t pages) {
  const locking::SpinLockHolder hold(lock_);
  const uint32_t offset = first % kBlockFrames;
  CHECK(offset + pages <= kBlockFrames && pages < kBlockFrames && IsTaken(first, pages));
  // Less than a block: there are rows.
  ForEachRow(marks_.RowsOf(first / kBlockFrames), offset, pages, [](FrameRow& row, uint64_t mask) {
    StoreRelaxed(row.inside, LoadRelaxed(row.inside) & ~mask);
  });
}

base::Result<> FrameZone::Reserve(uint32_t first, uint32_t pages, MemoryState state) {
  const locking::SpinLockHolder hold(lock_);
  while (prepared() < first + pages && PrepareNext()) {
  }
  const bool known = prepared() >= first + pages;
  if (!known || marks_.CountFree(first, pages) != pages) {
    return std::unexpected(base::Error::kOverlap);
  }
  TRY(map_->Reserve(first, pages, state));
  SubtractFree(pages);
  usable_.store(usable() - pages, std::memory_order_relaxed);
  while (pages > 0) {
    const uint32_t offset = first % kBlockFrames;
    const uint32_t count = std::min(kBlockFrames - offset, pages);
    ReservePart(first / kBlockFrames, offset, count);
    first += count;
    pages -= count;
  }
  return {};
}

void FrameZone::ReservePart(uint32_t block, uint32_t offset, uint32_t pages) {
  const BlockInfo was = marks_.InfoOf(block);
  if (pages == kBlockFrames) return Reclassify(block, was, {0, 0, BlockState::kReserved});
  BlockInfo now = OpenRows(block, was);
  ForEachRow(marks_.RowsOf(block), offset, pages, [](FrameRow& row, uint64_t mask) {
    StoreRelaxed(row.free, LoadRelaxed(row.free) & ~mask);
  });
  now.state = BlockState::kRowsPartly;
  now.free = static_cast<uint16_t>(now.free - pages);
  if (now.free == 0) now.largest = 0;
  Reclassify(block, was, now);
}

// Whether the run is still one.
bool FrameZone::IsTaken(uint32_t first, uint32_t pages) const {
  const BlockState state = marks_.InfoOf(first / kBlockFrames).state;
  if (state == BlockState::kReserved) return false;
  if (state == BlockState::kRowsPartly && !map_->IsUsable(first)) return false;
  if (marks_.IsFree(first) || marks_.IsInside(first)) return false;
  const uint32_t most = std::min(pages, prepared() - (first + 1));
  return marks_.CountInside(first + 1, most) == pages - 1;
}

void FrameZone::GivePart(uint32_t block, uint32_t offset, uint32_t pages) {
  const BlockInfo was = marks_.InfoOf(block);
  if (pages == kBlockFrames) return Reclassify(block, was, kFreeBlock);
  FrameRow* const rows = marks_.RowsOf(block);
  ForEachRow(rows, offset, pages, [](FrameRow& row, uint64_t mask) {
    StoreRelaxed(row.free, LoadRelaxed(row.free) | mask);
    StoreRelaxed(row.inside, LoadRelaxed(row.inside) & ~mask);
  });
  BlockInfo now = was;
  now.free = static_cast<uint16_t>(now.free + pages);
  // Of the aligned runs that the part consists of.
  while (pages > 0) {
    const unsigned order = static_cast<unsigned>(std::min(
        std::countr_zero(offset | kBlockFrames), static_cast<int>(std::bit_width(pages)) - 1));
    now.largest = LargestWith(rows, offset, order, now.largest);
    offset += uint32_t{1} << order;
    pages -= uint32_t{1} << order;
  }
  if (now.free == kBlockFrames) now = kFreeBlock;
  Reclassify(block, was, now);
}

}  // namespace mm
