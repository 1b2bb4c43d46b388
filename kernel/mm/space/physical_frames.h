// User pages in physical memory: if nothing else is said, frames beyond the direct map first, which
// nothing else can use.
#pragma once

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/frame_types.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/mm/space/frame_source.h"

namespace mm {

class PhysicalFrames final : public FrameSource {
 public:
  // `memory` must outlive it. Frames are of the zone `highest` or one below it.
  explicit PhysicalFrames(PhysicalMemory& memory, ZoneKind highest = ZoneKind::kHigh)
      : memory_(memory), highest_(highest) {}

  [[nodiscard]] base::Result<FrameNumber> AllocateFrame() override {
    return memory_.AllocateFrame(highest_);
  }
  // CHECKed: a fault of the free is a bug of the caller.
  void FreeFrame(FrameNumber frame) override { CHECK(memory_.FreeFrame(frame).has_value()); }

 private:
  PhysicalMemory& memory_;
  ZoneKind highest_;
};

}  // namespace mm
