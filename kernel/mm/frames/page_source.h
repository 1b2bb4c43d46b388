// Where the memory manager's own structures get their memory.
#pragma once

#include "kernel/base/result.h"

namespace mm {

// Runs of 2^order pages, mapped until they are freed, aligned to their size. In a kernel they are
// frames of the direct map or pages of a region; a test brings an arena, or one that fails.
class PageSource {
 public:
  // Contents are arbitrary. Error: kOutOfMemory.
  [[nodiscard]] virtual base::Result<void*> AllocatePages(unsigned order) = 0;

  // What AllocatePages() gave for the same `order`.
  virtual void FreePages(void* pages, unsigned order) = 0;

 protected:
  PageSource() = default;
  ~PageSource() = default;
  PageSource(const PageSource&) = default;
  PageSource& operator=(const PageSource&) = default;
};

}  // namespace mm
