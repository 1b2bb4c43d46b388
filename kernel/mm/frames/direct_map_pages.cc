#include "kernel/mm/frames/direct_map_pages.h"

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace mm {

base::Result<void*> DirectMapPages::AllocatePages(unsigned order) {
  const PageCount pages{base::Bit(order)};
  const FrameNumber first = TRY(memory_.Allocate({.pages = pages, .alignment = pages}));
  pages_.fetch_add(pages.value, std::memory_order_relaxed);
  return memory_.table().Pointer(first);
}

void DirectMapPages::FreePages(void* pages, unsigned order) {
  const PageCount count{base::Bit(order)};
  CHECK(memory_.Free(memory_.table().FrameOf(pages), count).has_value());
  pages_.fetch_sub(count.value, std::memory_order_relaxed);
}

}  // namespace mm
