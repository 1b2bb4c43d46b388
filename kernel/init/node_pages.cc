#include "kernel/init/node_pages.h"

#include <algorithm>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"

namespace kernel {

NodePages::EarlyPage* NodePages::FindEarlyPage(Use use) {
  auto* const found = std::ranges::find(early_pages_, use, &EarlyPage::use);
  return found != early_pages_.end() ? &*found : nullptr;
}

base::Result<void*> NodePages::AllocateEarlyPage() {
  EarlyPage* const unused = FindEarlyPage(Use::kNone);
  if (unused == nullptr) return std::unexpected(base::Error::kOutOfMemory);
  const mm::PhysRange frame =
      TRY(early_.Allocate(mm::PageCount{1}, mm::kPageSize, mm::MemoryState::kPageDescriptors));
  *unused = {direct_map_.ToPointer(frame.base), Use::kTaken};
  return unused->page;
}

base::Result<void*> NodePages::AllocatePages(unsigned order) {
  if (order != 0 && !pages_) return std::unexpected(base::Error::kOutOfMemory);
  if (order == 0) {
    if (EarlyPage* const free = FindEarlyPage(Use::kFree)) {
      free->use = Use::kTaken;
      return free->page;
    }
    if (!pages_) return AllocateEarlyPage();
  }
  return pages_->AllocatePages(order);
}

void NodePages::FreePages(void* pages, unsigned order) {
  auto* const early = std::ranges::find(early_pages_, pages, &EarlyPage::page);
  if (early != early_pages_.end()) {
    early->use = Use::kFree;
  } else {
    pages_->FreePages(pages, order);
  }
}

}  // namespace kernel
