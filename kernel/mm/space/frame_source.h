// Where the frames of user pages come from, one by one. In a kernel: physical memory; a test brings
// one that fails.
#pragma once

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"

namespace mm {

class FrameSource {
 public:
  // Contents are arbitrary; nobody shares it. Error: kOutOfMemory.
  [[nodiscard]] virtual base::Result<FrameNumber> AllocateFrame() = 0;

  // What AllocateFrame() gave, without references.
  virtual void FreeFrame(FrameNumber frame) = 0;

 protected:
  FrameSource() = default;
  ~FrameSource() = default;
  FrameSource(const FrameSource&) = default;
  FrameSource& operator=(const FrameSource&) = default;
};

}  // namespace mm
