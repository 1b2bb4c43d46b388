// Which blocks of a zone can serve what: sets of blocks, each a tree of bits with 64 children a
// node, so that the lowest member of a set is found in as many steps as the tree has levels: 2 for
// 8 GiB, 4 for 16 TiB. Storage is initialised as blocks are added, not before.
//
// Not locked: the zone's lock.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "kernel/mm/frames/frame_block.h"

namespace mm {

// Sets 0 to 63: blocks with rows by how many frames are free, the fullest first. Then blocks with
// rows by the order of their largest free run, from 1 on. Then the free blocks.
inline constexpr unsigned kFullnessSets = 64;
inline constexpr unsigned kFreeBlockSet = kFullnessSets + kBlockOrder - 1;
inline constexpr unsigned kBlockSetCount = kFreeBlockSet + 1;
inline constexpr uint32_t kNoBlock = 0xFFFF'FFFF;

[[nodiscard]] constexpr unsigned OrderSet(unsigned order) { return kFullnessSets + order - 1; }

class BlockSets {
 public:
  // How many words it takes for `blocks` blocks.
  [[nodiscard]] static size_t WordsFor(uint32_t blocks);

  BlockSets() = default;
  // `words` are not initialised yet.
  BlockSets(uint64_t* words, uint32_t blocks);

  // Must be called for a block before it becomes a member, in ascending order; blocks may be
  // skipped.
  void Prepare(uint32_t block);

  void Insert(unsigned set, uint32_t block);
  void Erase(unsigned set, uint32_t block);
  [[nodiscard]] bool Contains(unsigned set, uint32_t block) const {
    return (Word(0, block >> kLevelShift, set) >> (block & kMask) & 1) != 0;
  }

  // The lowest member, or kNoBlock.
  [[nodiscard]] uint32_t First(unsigned set) const {
    return (filled_[set / 64] >> (set % 64) & 1) == 0 ? kNoBlock : Descend(set, levels_, 0);
  }
  // The lowest member not below `block`, or kNoBlock.
  [[nodiscard]] uint32_t FirstFrom(unsigned set, uint32_t block) const;

  // The lowest block with the fewest free frames, but some; kNoBlock when no block has rows with
  // free frames.
  [[nodiscard]] uint32_t Fullest() const {
    return filled_[0] == 0 ? kNoBlock : First(static_cast<unsigned>(std::countr_zero(filled_[0])));
  }

 private:
  static constexpr unsigned kLevelShift = 6;
  static constexpr uint32_t kMask = 63;
  static constexpr unsigned kMaxLevels = 4;

  [[nodiscard]] uint64_t& Word(unsigned level, uint32_t node, unsigned set) const {
    return nodes_.data()[level][size_t{node} * kBlockSetCount + set];
  }
  [[nodiscard]] uint32_t Descend(unsigned set, unsigned level, uint32_t node) const {
    while (level-- > 0) {
      const uint64_t word = Word(level, node, set);
      node = node << kLevelShift | static_cast<uint32_t>(std::countr_zero(word));
    }
    return node;
  }

  std::array<uint64_t*, kMaxLevels> nodes_{};
  std::array<uint32_t, kMaxLevels> ready_{};                   // nodes initialised
  std::array<uint64_t, (kBlockSetCount + 63) / 64> filled_{};  // by set: whether it has members
  unsigned levels_ = 0;
  uint32_t blocks_ = 0;
};

}  // namespace mm
