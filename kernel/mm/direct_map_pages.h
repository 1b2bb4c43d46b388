// Pages for the memory manager's own structures: frames of the direct map.
#pragma once

#include "kernel/base/result.h"
#include "kernel/mm/page_source.h"
#include "kernel/mm/physical_memory.h"

namespace mm {

class DirectMapPages final : public PageSource {
 public:
  // `memory` must outlive it.
  explicit DirectMapPages(PhysicalMemory& memory) : memory_(memory) {}

  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override;
  // CHECKed: a fault of the free is a bug of the caller.
  void FreePages(void* pages, unsigned order) override;

 private:
  PhysicalMemory& memory_;
};

}  // namespace mm
