#include "kernel/mm/direct_map_pages.h"

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace mm {

base::Result<void*> DirectMapPages::AllocatePages(unsigned order) {
  const PageCount pages{base::Bit(order)};
  const FrameNumber first = TRY(memory_.Allocate({.pages = pages, .alignment = pages}));
  return memory_.table().Pointer(first);
}

void DirectMapPages::FreePages(void* pages, unsigned order) {
  CHECK(memory_.Free(memory_.table().FrameOf(pages), PageCount{base::Bit(order)}).has_value());
}

}  // namespace mm
