#include "kernel/space/table_frames.h"

#include <algorithm>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace kernel {
namespace {

// No user's page shows such a frame, and nobody counts its owners.
constexpr uint32_t kTableMark = mm::FrameDescriptor::kMarked | 0x007A'B1E5;

}  // namespace

base::Result<mm::PhysAddr> TableFrames::Source::AllocateFrames(unsigned order) {
  const mm::PageCount pages{base::Bit(order)};
  if (memory_ == nullptr) {
    const mm::PhysRange taken =
        TRY(early_.Allocate(pages, pages.bytes(), mm::MemoryState::kKernelTables));
    first_early_ = std::min(first_early_, mm::FrameContaining(taken.base));
    last_early_ = std::max(last_early_, mm::FrameContaining(taken.last()));
    return taken.base;
  }
  const mm::FrameNumber first = TRY(memory_->Allocate({.pages = pages, .alignment = pages}));
  for (uint64_t i = 0; i < pages.value; ++i) {
    memory_->table().Of(first + mm::PageCount{i}).SetMark(kTableMark);
  }
  return mm::BaseOf(first);
}

void TableFrames::Source::FreeFrames(mm::PhysAddr first, unsigned order) {
  const mm::PageCount pages{base::Bit(order)};
  const mm::FrameNumber frame = mm::FrameContaining(first);
  for (uint64_t i = 0; i < pages.value; ++i) {
    memory_->table().Of(frame + mm::PageCount{i}).ClearMark();
  }
  CHECK(memory_->Free(frame, pages).has_value());
}

// What was taken before physical memory was managed has none, and cannot go back. The map is asked
// only about frames that lie between such.
mm::FrameDescriptor* TableFrames::Source::DescriptorOf(mm::PhysAddr frame) {
  const mm::FrameNumber number = mm::FrameContaining(frame);
  if (memory_ == nullptr) return nullptr;
  if (number >= first_early_ && number <= last_early_ &&
      map_.FindRegion(number)->state != mm::MemoryState::kUsable) {
    return nullptr;
  }
  return &memory_->table().Of(number);
}

}  // namespace kernel
