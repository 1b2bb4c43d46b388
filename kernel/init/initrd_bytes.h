// The initrd, wherever the boot loader put it: read through windows, since the direct map may end
// before it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/fs/cpio.h"
#include "kernel/mm/frame_window.h"
#include "kernel/mm/range.h"

namespace kernel {

class InitrdBytes final : public fs::ArchiveBytes {
 public:
  // `range` stays reserved; it need not begin with a page. `windows` outlives this.
  InitrdBytes(const mm::PhysRange& range, mm::FrameWindows& windows)
      : range_(range), windows_(windows) {}

  uint64_t size_bytes() const override { return range_.size_bytes; }
  void Read(uint64_t offset, std::span<std::byte> bytes) const override;

 private:
  mm::PhysRange range_;
  mm::FrameWindows& windows_;
};

}  // namespace kernel
