// An archive that lies in page frames, as the boot loader put it there: the direct map need not
// show them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/fs/cpio.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/regions/frame_window.h"

namespace fs {

class FrameArchive final : public ArchiveBytes {
 public:
  // Nobody writes to the frames any more. `windows` outlives it.
  FrameArchive(mm::FrameWindows& windows, const mm::PhysRange& range)
      : windows_(windows), range_(range) {}

  [[nodiscard]] uint64_t size_bytes() const override { return range_.size_bytes; }
  void Read(uint64_t offset, std::span<std::byte> bytes) const override;

 private:
  mm::FrameWindows& windows_;
  mm::PhysRange range_;
};

}  // namespace fs
