// User pages in physical memory: frames beyond the direct map first, which nothing else can use.
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
  // `memory` must outlive it.
  explicit PhysicalFrames(PhysicalMemory& memory) : memory_(memory) {}

  [[nodiscard]] base::Result<FrameNumber> AllocateFrame() override {
    return memory_.AllocateFrame(ZoneKind::kHigh);
  }
  // CHECKed: a fault of the free is a bug of the caller.
  void FreeFrame(FrameNumber frame) override { CHECK(memory_.FreeFrame(frame).has_value()); }

 private:
  PhysicalMemory& memory_;
};

}  // namespace mm
