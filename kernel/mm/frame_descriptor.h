// What the frame allocator knows of one page frame.
#pragma once

#include <cstdint>

namespace mm {

enum class FrameState : uint8_t {
  kReserved,   // not RAM, or taken before the allocator started
  kInside,     // part of the block or run whose first frame says more
  kFree,       // the first frame of a free block
  kAllocated,  // the first frame of an allocated run
  kHole,       // only in the first frame of a block: nothing in the block was ever RAM to allocate
};

// Blocks of 2^kMaxOrder frames, aligned to their size, are initialised as a whole.
inline constexpr unsigned kMaxOrder = 10;
inline constexpr unsigned kOrderCount = kMaxOrder + 1;

// Ends a list of free blocks.
inline constexpr uint32_t kNoFrame = 0xFFFF'FFFF;

struct FrameDescriptor {
  uint32_t next;  // free block: index of its neighbours in the list of its order
  uint32_t previous;
  uint32_t run_pages;  // allocated run: its length
  FrameState state;
  uint8_t order;  // free block: 2^order frames
};

// A 16 TiB machine spends 64 GiB on them at this size, 0.4 %.
static_assert(sizeof(FrameDescriptor) <= 16);

}  // namespace mm
