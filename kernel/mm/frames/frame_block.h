// How the frame allocator remembers frames: blocks of 512 of them, in rows of 64.
//
// Two bits for each frame: free, or inside a run, which is every frame of an allocated run but its
// first. So a frame can be free, the first of a run, or inside one, and the length of a run is
// known without a word of its own. A block that is free as a whole, or taken by a run as a whole,
// says so in its BlockInfo, and its rows need not even be initialised.
//
// Who writes holds the zone's lock. Anybody may read, to check a frame that is being freed: what
// the caller owns does not change meanwhile. All accesses are therefore relaxed atomics.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/bits.h"

namespace mm {

inline constexpr unsigned kBlockOrder = 9;
inline constexpr uint32_t kBlockFrames = uint32_t{1} << kBlockOrder;
inline constexpr unsigned kRowOrder = 6;
inline constexpr uint32_t kRowFrames = uint32_t{1} << kRowOrder;
inline constexpr uint32_t kRowsPerBlock = kBlockFrames / kRowFrames;

// Bit n: frame n of the row. A row with both bits of a frame set does not exist.
struct FrameRow {
  uint64_t free;
  uint64_t inside;
};

enum class BlockState : uint8_t {
  kReserved,    // no frame is ours
  kFree,        // all frames are free; no rows
  kRunFirst,    // all frames belong to one run, which starts here; no rows
  kRunInside,   // all frames are inside one run; no rows
  kRows,        // the rows tell
  kRowsPartly,  // the same, and some of the frames neither free nor inside a run are not ours
};

struct alignas(uint32_t) BlockInfo {
  uint16_t free;    // frames
  uint8_t largest;  // no aligned run of free frames in the rows has a larger order
  BlockState state;

  [[nodiscard]] bool HasRows() const {
    return state == BlockState::kRows || state == BlockState::kRowsPartly;
  }
  friend bool operator==(const BlockInfo&, const BlockInfo&) = default;
};
static_assert(sizeof(BlockInfo) == sizeof(uint32_t));

template <class T>
[[nodiscard]] inline T LoadRelaxed(const T& word) {
  return std::atomic_ref<T>(const_cast<T&>(word)).load(std::memory_order_relaxed);
}
template <class T>
inline void StoreRelaxed(T& word, T value) {
  std::atomic_ref<T>(word).store(value, std::memory_order_relaxed);
}

// The rows and infos of all blocks, by index: frame 0 is the allocator's first.
class FrameMarks {
 public:
  FrameMarks() = default;
  FrameMarks(FrameRow* rows, BlockInfo* infos) : rows_(rows), infos_(infos) {}

  [[nodiscard]] FrameRow& RowOf(uint32_t frame) const { return rows_[frame >> kRowOrder]; }
  [[nodiscard]] FrameRow* RowsOf(uint32_t block) const {
    return rows_ + size_t{block} * kRowsPerBlock;
  }
  [[nodiscard]] BlockInfo InfoOf(uint32_t block) const {
    return std::atomic_ref<BlockInfo>(infos_[block]).load(std::memory_order_acquire);
  }
  // Whoever reads the new state sees the rows that it speaks of.
  void SetInfo(uint32_t block, BlockInfo info) const {
    std::atomic_ref<BlockInfo>(infos_[block]).store(info, std::memory_order_release);
  }

  // Whether the block is in this state and has at most `most_free` free frames.
  [[nodiscard]] bool IsInState(uint32_t block, BlockState state, uint32_t most_free) const {
    // In another state the difference is large: one comparison does.
    constexpr uint32_t kIgnored = std::bit_cast<uint32_t>(BlockInfo{0, 0xFF, BlockState{}});
    const uint32_t wanted = std::bit_cast<uint32_t>(BlockInfo{0, 0, state});
    return ((std::bit_cast<uint32_t>(InfoOf(block)) & ~kIgnored) ^ wanted) <= most_free;
  }

  // Whether the frame is an allocated run of its own, in a block with at most `most_free` free
  // frames and in that state. Takes few steps; false may mean that it takes a longer look. Where
  // some of the block is not ours, that frame may be such a one.
  [[nodiscard]] bool IsAllocatedFrame(uint32_t frame, uint32_t most_free,
                                      BlockState state = BlockState::kRows) const {
    const FrameRow& row = RowOf(frame);
    const uint32_t bit = frame % kRowFrames;
    // The frame is neither free nor inside a run, and the next one, in the same row, is not either.
    const uint64_t inside = LoadRelaxed(row.inside);
    const uint64_t wrong = (LoadRelaxed(row.free) | inside | inside >> 1) >> bit;
    return IsInState(frame / kBlockFrames, state, most_free) && bit != kRowFrames - 1 &&
           (wrong & 1) == 0;
  }
  // The same for a run of 2^order frames aligned to its size; `order` <= kRowOrder, and the block
  // goes on after it.
  [[nodiscard]] bool IsAllocatedShortRun(uint32_t frame, unsigned order, uint32_t most_free) const {
    const uint32_t after = frame + (uint32_t{1} << order);
    return StartsRun(frame, order) &&
           IsInState(frame / kBlockFrames, BlockState::kRows, most_free) &&
           (LoadRelaxed(RowOf(after).inside) >> (after % kRowFrames) & 1) == 0;
  }
  // The same for a block below `prepared`.
  [[nodiscard]] bool IsAllocatedBlock(uint32_t frame, uint32_t prepared) const {
    const uint32_t after = frame + kBlockFrames;
    return IsInState(frame / kBlockFrames, BlockState::kRunFirst, 0) &&
           (after >= prepared || !ContinuesBlock(after));
  }
  // The same for any aligned run below `prepared`; `order` <= kBlockOrder.
  [[nodiscard]] bool IsAllocatedRun(uint32_t frame, unsigned order, uint32_t most_free,
                                    uint32_t prepared) const;

  // The rows as they would be if every block had some. Of prepared blocks only, as all that
  // follows.
  [[nodiscard]] uint64_t FreeIn(uint32_t block, uint32_t row) const;
  [[nodiscard]] uint64_t InsideIn(uint32_t block, uint32_t row) const;

  [[nodiscard]] bool IsFree(uint32_t frame) const { return CountFree(frame, 1) != 0; }
  [[nodiscard]] bool IsInside(uint32_t frame) const { return CountInside(frame, 1) != 0; }
  // How many frames from `first` on follow each other that are free, or not, or inside a run; at
  // most `most`. O(most / 64).
  [[nodiscard]] uint32_t CountFree(uint32_t first, uint32_t most) const;
  [[nodiscard]] uint32_t CountNotFree(uint32_t first, uint32_t most) const;
  [[nodiscard]] uint32_t CountInside(uint32_t first, uint32_t most) const;

 private:
  // The frames of a run, from bit 0 on, as far as they are in one row.
  static constexpr std::array<uint64_t, kBlockOrder> kRunMasks = {
      0x1, 0x3, 0xF, 0xFF, 0xFFFF, 0xFFFF'FFFF, ~uint64_t{}, ~uint64_t{}, ~uint64_t{}};

  // Whether the frame is the first of a run that goes on to the end of 2^order frames, or of the
  // row. `order` < kBlockOrder.
  [[nodiscard]] bool StartsRun(uint32_t frame, unsigned order) const {
    const FrameRow& row = RowOf(frame);
    const uint64_t frames = kRunMasks.data()[order] << (frame % kRowFrames);
    const uint64_t inside = LoadRelaxed(row.inside) & frames;
    return ((LoadRelaxed(row.free) & frames) | (inside ^ (frames & (frames - 1)))) == 0;
  }
  [[nodiscard]] static bool AreRowsInside(const FrameRow* rows, uint32_t pages);
  // Whether the first frame of a block is inside a run that starts before it.
  [[nodiscard]] bool ContinuesBlock(uint32_t frame) const {
    const BlockInfo info = InfoOf(frame / kBlockFrames);
    if (info.HasRows()) return (LoadRelaxed(RowOf(frame).inside) & 1) != 0;
    return info.state == BlockState::kRunInside;
  }

  FrameRow* rows_ = nullptr;
  BlockInfo* infos_ = nullptr;
};

// Frames `first` to `first + count - 1` of a row.
[[nodiscard]] constexpr uint64_t RowMask(uint32_t first, uint32_t count) {
  return base::LowBits(count) << first;
}

// Where aligned runs of 2^order free frames start in a row; order <= kRowOrder.
[[nodiscard]] constexpr uint64_t AlignedRuns(uint64_t free, unsigned order) {
  // Bit n of step k: frames n to n + 2^k - 1 are free.
  constexpr uint64_t kStarts[] = {
      0xFFFF'FFFF'FFFF'FFFF, 0x5555'5555'5555'5555, 0x1111'1111'1111'1111, 0x0101'0101'0101'0101,
      0x0001'0001'0001'0001, 0x0000'0001'0000'0001, 0x0000'0000'0000'0001};
  for (unsigned step = 0; step < order; ++step) free &= free >> (1U << step);
  return free & kStarts[order];
}

// The first frame, in the block, of an aligned run of 2^order free ones; kBlockFrames when there is
// none. `order` < kBlockOrder.
[[nodiscard]] uint32_t FindRunInBlock(const FrameRow* rows, unsigned order);

// The order of the largest aligned run of free frames in the block, whose rows have some.
[[nodiscard]] unsigned LargestRunInBlock(const FrameRow* rows);

// Adds the free frames of the block to the counts by order, each in the largest aligned run.
void CountRuns(const FrameRow* rows, std::span<uint64_t> counts);

// The order of the largest aligned run of free frames that holds `frame`, of which an aligned run
// of 2^order is free.
[[nodiscard]] unsigned MergedOrder(const FrameRow* rows, uint32_t frame, unsigned order);

}  // namespace mm
