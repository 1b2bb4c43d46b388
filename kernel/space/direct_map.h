// Where the kernel reads and writes physical memory: arithmetic, no page table is consulted.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/frame_table.h"

namespace kernel {

class DirectMap {
 public:
  constexpr explicit DirectMap(const mm::Layout& layout)
      : base_(mm::RegionWith(layout, mm::Service::kDirectMap).range.base),
        target_(mm::DirectMapTarget(layout)) {}

  // The physical memory that there is room for. What is no RAM in it is not mapped.
  constexpr const mm::PhysRange& target() const { return target_; }

  constexpr mm::VirtAddr ToVirtual(mm::PhysAddr pa) const { return base_ + target_.OffsetOf(pa); }

  // The same, by frames.
  mm::DirectMapping ForFrames() const {
    return {mm::FrameContaining(target_.base), mm::PagesIn(target_.size_bytes),
            ToPointer(target_.base)};
  }

  void* ToPointer(mm::PhysAddr pa) const {
    return reinterpret_cast<void*>(static_cast<uintptr_t>(ToVirtual(pa).value));
  }

 private:
  mm::VirtAddr base_;
  mm::PhysRange target_;
};

}  // namespace kernel
