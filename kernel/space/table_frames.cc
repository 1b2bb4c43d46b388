#include "kernel/space/table_frames.h"

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace kernel {

base::Result<mm::PhysAddr> TableFrames::Source::AllocateFrames(unsigned order) {
  const mm::PageCount pages{base::Bit(order)};
  if (memory_ == nullptr) {
    return TRY(early_.Allocate(pages, pages.bytes(), mm::MemoryState::kKernelTables)).base;
  }
  return mm::BaseOf(TRY(memory_->Allocate({.pages = pages, .alignment = pages})));
}

void TableFrames::Source::FreeFrames(mm::PhysAddr first, unsigned order) {
  const mm::PageCount pages{base::Bit(order)};
  CHECK(memory_->Free(mm::FrameContaining(first), pages).has_value());
}

// What was taken before physical memory was managed has none, and cannot go back.
mm::FrameDescriptor* TableFrames::Source::DescriptorOf(mm::PhysAddr frame) {
  const mm::FrameNumber number = mm::FrameContaining(frame);
  const mm::MemoryRegion* const region = map_.FindRegion(number);
  if (memory_ == nullptr || region->state != mm::MemoryState::kUsable) return nullptr;
  return &memory_->table().Of(number);
}

}  // namespace kernel
