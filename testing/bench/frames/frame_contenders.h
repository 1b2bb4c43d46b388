// Allocators of page frames behind one shape, for the workloads: a machine of 1 GiB each.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/frames/frame_allocator.h"
#include "kernel/mm/frames/frame_cache.h"
#include "kernel/mm/frames/frame_table.h"
#include "kernel/mm/frames/physical_memory.h"
#include "testing/bench/models/linux_page_allocator.h"

namespace bench {

inline constexpr uint32_t kFrames = 262'144;  // 1 GiB
inline constexpr uint32_t kNoRun = 0xFFFF'FFFF;

// Ours: RAM from address 0 on, in one zone. The memory itself does not exist.
class OurFrames {
 public:
  OurFrames();

  // kNoRun when memory ends.
  uint32_t AllocateFrame() { return NumberOf(memory_.AllocateFrame()); }
  uint32_t Allocate(unsigned order) { return NumberOf(memory_.AllocateOrder(order)); }
  // False when it is refused.
  bool FreeFrame(uint32_t frame) { return memory_.FreeFrame({frame}).has_value(); }
  bool Free(uint32_t run, unsigned order) { return memory_.FreeOrder({run}, order).has_value(); }

  // What the allocator needs, page descriptors left out.
  [[nodiscard]] double bytes_per_page() const;
  [[nodiscard]] double described_bytes_per_page() const {
    return bytes_per_page() + sizeof(mm::FrameDescriptor);
  }

 private:
  static uint32_t NumberOf(base::Result<mm::FrameNumber> frame) {
    return frame ? static_cast<uint32_t>(frame->value) : kNoRun;
  }

  std::vector<mm::MemoryRegion> regions_;
  mm::MemoryMap map_;
  mm::FramePlan plan_;
  std::vector<uint64_t> words_;
  std::vector<mm::FrameDescriptor> descriptors_;
  std::vector<mm::FrameCpu> cpus_;
  mm::FrameTable table_;
  mm::PhysicalMemory memory_;
};

// The model of Linux's; see there.
class LinuxFrames {
 public:
  uint32_t AllocateFrame() { return pages_.Allocate(0); }
  uint32_t Allocate(unsigned order) { return pages_.Allocate(order); }
  bool FreeFrame(uint32_t frame) { return Free(frame, 0); }
  bool Free(uint32_t run, unsigned order) {
    pages_.Free(run, order);
    return true;
  }
  [[nodiscard]] double bytes_per_page() const { return LinuxPageAllocator::bytes_per_page(); }
  // It has its lists in them.
  [[nodiscard]] double described_bytes_per_page() const { return bytes_per_page(); }

 private:
  LinuxPageAllocator pages_{kFrames};
};

}  // namespace bench
