#include "kernel/mm/frames/frame_sets.h"

#include <algorithm>

namespace mm {
namespace {

constexpr uint32_t NodesFor(uint32_t members) { return (members + 63) / 64; }

}  // namespace

size_t BlockSets::WordsFor(uint32_t blocks) {
  size_t nodes = 0;
  while (blocks > 1) {
    blocks = NodesFor(blocks);
    nodes += blocks;
  }
  return std::max<size_t>(nodes, 1) * kBlockSetCount;
}

BlockSets::BlockSets(uint64_t* words, uint32_t blocks) : blocks_(blocks) {
  uint32_t members = blocks;
  do {
    members = NodesFor(members);
    nodes_[levels_++] = words;
    words += size_t{members} * kBlockSetCount;
  } while (members > 1);
}

void BlockSets::Prepare(uint32_t block) {
  for (unsigned level = 0; level < levels_; ++level) {
    block >>= kLevelShift;
    for (; ready_[level] <= block; ++ready_[level]) {
      std::fill_n(&Word(level, ready_[level], 0), kBlockSetCount, 0);
    }
  }
}

void BlockSets::Insert(unsigned set, uint32_t block) {
  for (unsigned level = 0; level < levels_; ++level) {
    uint64_t& word = Word(level, block >> kLevelShift, set);
    const bool had_members = word != 0;
    word |= uint64_t{1} << (block & kMask);
    if (had_members) return;
    block >>= kLevelShift;
  }
  filled_.data()[set / 64] |= uint64_t{1} << (set % 64);
}

void BlockSets::Erase(unsigned set, uint32_t block) {
  for (unsigned level = 0; level < levels_; ++level) {
    uint64_t& word = Word(level, block >> kLevelShift, set);
    word &= ~(uint64_t{1} << (block & kMask));
    if (word != 0) return;
    block >>= kLevelShift;
  }
  filled_.data()[set / 64] &= ~(uint64_t{1} << (set % 64));
}

uint32_t BlockSets::FirstFrom(unsigned set, uint32_t block) const {
  if (block >= blocks_) return kNoBlock;
  // Up while nothing at or after `block` is below the same node, then down again.
  for (unsigned level = 0; level < levels_; ++level) {
    const uint32_t node = block >> kLevelShift;
    if (node < ready_[level]) {
      const uint64_t word = Word(level, node, set) >> (block & kMask);
      if (word != 0) {
        return Descend(set, level, block + static_cast<uint32_t>(std::countr_zero(word)));
      }
    }
    block = node + 1;
  }
  return kNoBlock;
}

}  // namespace mm
