// Pages for the memory manager's own structures: frames of the direct map.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/frames/physical_memory.h"

namespace mm {

class DirectMapPages final : public PageSource {
 public:
  // `memory` must outlive it.
  explicit DirectMapPages(PhysicalMemory& memory) : memory_(memory) {}

  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override;
  // CHECKed: a fault of the free is a bug of the caller.
  void FreePages(void* pages, unsigned order) override;

  // That are in use now.
  [[nodiscard]] PageCount pages() const { return {pages_.load(std::memory_order_relaxed)}; }

 private:
  PhysicalMemory& memory_;
  std::atomic<uint64_t> pages_ = 0;  // its users have a lock each
};

}  // namespace mm
