#include "kernel/mm/frames/frame_allocator.h"

#include <algorithm>
#include <bit>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace mm {
namespace {

constexpr size_t kWordBytes = sizeof(uint64_t);
constexpr size_t kRowWords = sizeof(FrameRow) / kWordBytes * kRowsPerBlock;

constexpr FrameNumber BlockDown(FrameNumber frame) {
  return {base::AlignDown(frame.value, kBlockFrames)};
}
constexpr FrameNumber BlockUp(FrameNumber frame) {
  return {base::AlignUp(frame.value, kBlockFrames)};
}

// Frames, and the frame behind the last one, are numbers of 32 bits.
constexpr PageCount kMostPages{(uint64_t{1} << 32) - kBlockFrames};

// Two infos in a word.
constexpr size_t InfoWords(uint32_t blocks) { return (size_t{blocks} + 1) / 2; }

}  // namespace

base::Result<FramePlan> FramePlan::For(const MemoryMap& map, const ZoneLimits& limits) {
  for (const FrameNumber limit : {limits.normal_first, limits.high_first}) {
    if (limit != BlockDown(limit)) return std::unexpected(base::Error::kNotAligned);
  }
  if (limits.high_first < limits.normal_first) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  // From the first usable frame's block to the last one's.
  FrameNumber first{0};
  FrameNumber after{0};
  for (const MemoryRegion& region : map.regions()) {
    if (region.state != MemoryState::kUsable) continue;
    if (after.value == 0) first = BlockDown(region.first);
    after = BlockUp(region.last() + PageCount{1});
  }
  if (after - first > kMostPages + PageCount{kBlockFrames}) {
    return std::unexpected(base::Error::kOutOfRange);
  }
  after = std::min(after, first + kMostPages);
  const auto block_of = [&](FrameNumber frame) {
    return static_cast<uint32_t>((std::clamp(frame, first, after) - first).value / kBlockFrames);
  };
  return FramePlan{.first = first,
                   .blocks = block_of(after),
                   .zone_blocks = {0, block_of(limits.normal_first), block_of(limits.high_first),
                                   block_of(after)}};
}

size_t FramePlan::storage_words() const {
  size_t words = size_t{blocks} * kRowWords + InfoWords(blocks);
  for (size_t kind = 0; kind < kZoneCount; ++kind) {
    words += BlockSets::WordsFor(zone_blocks[kind + 1] - zone_blocks[kind]);
  }
  return words;
}

FrameAllocator::FrameAllocator(MemoryMap& map, const FramePlan& plan, std::span<uint64_t> storage,
                               const FrameTable* table)
    : map_(map, plan.first), frames_(plan.blocks * kBlockFrames) {
  CHECK(storage.size() >= plan.storage_words());
  uint64_t* words = storage.data();
  auto* const rows = reinterpret_cast<FrameRow*>(words);
  words += size_t{plan.blocks} * kRowWords;
  marks_ = FrameMarks(rows, reinterpret_cast<BlockInfo*>(words));
  words += InfoWords(plan.blocks);
  for (size_t kind = 0; kind < kZoneCount; ++kind) {
    const uint32_t first = plan.zone_blocks[kind];
    const uint32_t blocks = plan.zone_blocks[kind + 1] - first;
    zone_first_[kind] = first * kBlockFrames;
    zones_[kind].Start({.marks = marks_,
                        .map = &map_,
                        .table = table,
                        .first_block = first,
                        .blocks = blocks,
                        .set_words = words});
    words += BlockSets::WordsFor(blocks);
  }
}

base::Result<FrameNumber> FrameAllocator::AllocateRun(PageCount pages, PageCount alignment,
                                                      FrameNumber last, ZoneKind highest) {
  if (pages.value == 0 || !std::has_single_bit(alignment.value)) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  if (pages.value > frames_ || last < first()) return std::unexpected(base::Error::kOutOfMemory);
  const uint64_t most = std::min<uint64_t>(frames_, (last - first()).value);
  for (size_t kind = static_cast<size_t>(highest) + 1; kind-- > 0;) {
    FrameZone& zone = zones_[kind];
    const uint64_t limit = std::min<uint64_t>(zone.limit(), most + 1);
    if (limit <= zone.first()) continue;
    const auto run = zone.TakeRun({.pages = static_cast<uint32_t>(pages.value),
                                   .alignment = alignment.value,
                                   .limit = static_cast<uint32_t>(limit)});
    if (run) return NumberOf(*run);
  }
  return std::unexpected(base::Error::kOutOfMemory);
}

void FrameAllocator::SplitRun(FrameNumber first, PageCount pages) {
  const uint32_t frame = static_cast<uint32_t>((first - this->first()).value);
  zones_[ZoneOf(frame)].SplitRun(frame, static_cast<uint32_t>(pages.value));
}

std::expected<void, FreeFault> FrameAllocator::FreeRun(FrameNumber first, PageCount pages) {
  const uint32_t frame = static_cast<uint32_t>((first - this->first()).value);
  const uint32_t refused = zones_[ZoneOf(frame)].GiveRun(frame, static_cast<uint32_t>(pages.value));
  if (refused != 0) return std::unexpected(FreeFault::kDoubleFree);
  return {};
}

std::optional<FreeFault> FrameAllocator::FindFault(FrameNumber first, PageCount pages) const {
  if (first < this->first() || (first - this->first()).value >= frames_) {
    return FreeFault::kOutOfRange;
  }
  const uint32_t frame = static_cast<uint32_t>((first - this->first()).value);
  const FrameZone& zone = zones_[ZoneOf(frame)];
  const uint32_t prepared = zone.prepared();
  // What was never looked at was never handed out.
  if (frame >= prepared) {
    return map_.IsUsable(frame) ? FreeFault::kDoubleFree : FreeFault::kReserved;
  }
  const BlockState state = marks_.InfoOf(frame / kBlockFrames).state;
  if (state == BlockState::kReserved) return FreeFault::kReserved;
  if (state == BlockState::kRowsPartly && !map_.IsUsable(frame)) return FreeFault::kReserved;
  if (marks_.IsFree(frame)) return FreeFault::kDoubleFree;
  if (marks_.IsInside(frame)) return FreeFault::kMisaligned;
  const uint32_t most =
      static_cast<uint32_t>(std::min<uint64_t>(pages.value, prepared - (frame + 1)));
  if (marks_.CountInside(frame + 1, most) + uint64_t{1} != pages.value) {
    return FreeFault::kWrongLength;
  }
  return std::nullopt;
}

ZoneStatistics FrameAllocator::Statistics(ZoneKind kind) {
  return zones_[static_cast<size_t>(kind)].Statistics();
}

base::Result<> FrameAllocator::CheckInvariants() {
  for (FrameZone& zone : zones_) TRY(zone.CheckInvariants());
  return {};
}

}  // namespace mm
