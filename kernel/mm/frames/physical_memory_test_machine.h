// Small machines whose memory does not exist, for tests of the frame allocator. Test support.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/frame_allocator.h"
#include "kernel/mm/frames/frame_cache.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/physical_memory.h"

namespace mm {

// Up to kBlocks blocks of 512 frames, and storage that starts with a pattern: nothing may rely on
// zeroes. Too large for a kernel's stack.
template <size_t kBlocks, unsigned kProcessors = 1>
class FakeMachine {
 public:
  static constexpr size_t kFrames = kBlocks * kBlockFrames;
  // Owner 0xDEAD, shared by many.
  static constexpr auto kStaleDescriptor =
      std::bit_cast<FrameDescriptor>(std::array<uint32_t, 3>{0xDEAD, 0, 0xBEEF});

  // Starts again with another machine.
  PhysicalMemory& Start(std::span<const FirmwareRange> ranges, const ZoneLimits& limits,
                        const DirectMapping& direct_map = {{0}, {0}, nullptr}) {
    map_.emplace(*MemoryMap::FromFirmware(ranges, regions_, PageCount{0}));
    const FramePlan plan = *FramePlan::For(*map_, limits);
    CHECK(plan.blocks <= kBlocks && plan.storage_words() <= words_.size());
    words_.fill(0xDEAD'BEEF'0404'0404);  // blocks with rows and free frames, at first sight
    descriptors_.fill(kStaleDescriptor);
    for (FrameCpu& cpu : cpus_) std::construct_at(&cpu);
    table_.emplace(descriptors_, plan.first, direct_map);
    return memory_.emplace(*map_, plan, words_, cpus_, *table_);
  }

  PhysicalMemory& memory() { return *memory_; }
  MemoryMap& map() { return *map_; }
  FrameTable& table() { return *table_; }

 private:
  std::array<MemoryRegion, 64> regions_{};
  std::array<uint64_t, kBlocks * 17 + 1024> words_{};
  std::array<FrameDescriptor, kFrames> descriptors_{};
  std::array<FrameCpu, kProcessors> cpus_{};
  std::optional<MemoryMap> map_;
  std::optional<FrameTable> table_;
  std::optional<PhysicalMemory> memory_;
};

}  // namespace mm
