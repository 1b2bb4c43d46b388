// Pages for the nodes of structures that exist before physical memory is managed.
#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/frames/boot_allocator.h"
#include "kernel/mm/frames/direct_map_pages.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/frames/physical_memory.h"
#include "kernel/space/direct_map.h"

namespace kernel {

// Takes a few pages from `early` until UseMemory(). Those stay here when they are freed, and serve
// again. Its owner's lock guards it.
class NodePages final : public mm::PageSource {
 public:
  NodePages(const DirectMap& direct_map, mm::BootAllocator& early)
      : direct_map_(direct_map), early_(early) {}

  void UseMemory(mm::PhysicalMemory& memory) { pages_.emplace(memory); }

  // Of managed memory, in use now.
  [[nodiscard]] mm::PageCount pages() const { return pages_ ? pages_->pages() : mm::PageCount{0}; }

  [[nodiscard]] base::Result<void*> AllocatePages(unsigned order) override;
  void FreePages(void* pages, unsigned order) override;

 private:
  enum class Use : uint8_t { kNone, kFree, kTaken };
  struct EarlyPage {
    void* page = nullptr;
    Use use = Use::kNone;
  };
  // The console's mapping needs three.
  static constexpr size_t kMostEarlyPages = 8;

  [[nodiscard]] base::Result<void*> AllocateEarlyPage();
  [[nodiscard]] EarlyPage* FindEarlyPage(Use use);

  const DirectMap& direct_map_;
  mm::BootAllocator& early_;
  std::optional<mm::DirectMapPages> pages_;
  std::array<EarlyPage, kMostEarlyPages> early_pages_;
};

}  // namespace kernel
