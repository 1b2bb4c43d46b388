#include "testing/bench/models/linux_page_allocator.h"

#include <algorithm>

#include "kernel/base/check.h"

namespace bench {
namespace {

constexpr uint64_t kBuddyFlag = 1;    // the first page of a free block
constexpr uint64_t kBadFlags = 0xFE;  // none of them may be set in a free page

}  // namespace

LinuxPageAllocator::LinuxPageAllocator(uint32_t pages) : pages_(pages) {
  for (Page& page : pages_) page.map_count = -1;
  for (Links& list : processor_.lists) Clear(list);
  const locking::SpinLockHolder hold(lock_);
  for (Links& list : free_) Clear(list);
  for (uint32_t page = 0; page < pages; page += uint32_t{1} << kMaxOrder) {
    FreeBlock(&pages_[page], kMaxOrder);
  }
}

inline void LinuxPageAllocator::AddFirst(Links& list, Links& links) {
  links.next = list.next;
  links.previous = &list;
  list.next->previous = &links;
  list.next = &links;
}

inline void LinuxPageAllocator::AddLast(Links& list, Links& links) {
  AddFirst(*list.previous, links);
}

inline void LinuxPageAllocator::Remove(Links& links) {
  links.previous->next = links.next;
  links.next->previous = links.previous;
}

inline LinuxPageAllocator::Page* LinuxPageAllocator::PageOf(Links* links) {
  return reinterpret_cast<Page*>(reinterpret_cast<char*>(links) - offsetof(Page, links));
}

// Fields that somebody left behind.
inline bool LinuxPageAllocator::IsBad(const Page* page) {
  return page->map_count != -1 || page->mapping != nullptr || page->references != 0 ||
         (page->flags & kBadFlags) != 0 || page->group != 0;
}

inline void LinuxPageAllocator::Prepare(Page* page) {
  CHECK(!IsBad(page));
  page->order = 0;
  page->references = 1;
}

uint32_t LinuxPageAllocator::Allocate(unsigned order) {
  Page* page = TryAllocate(order);
  if (page == nullptr) [[unlikely]] {
    Drain();
    page = TryAllocate(order);
    if (page == nullptr) return kNoPage;
  }
  Prepare(page);
  return NumberOf(page);
}

inline LinuxPageAllocator::Page* LinuxPageAllocator::TryAllocate(unsigned order) {
  if (order > kCostlyOrder) {
    const locking::SpinLockHolder hold(lock_);
    return TakeBlock(order);
  }
  Links& list = processor_.lists.data()[order];
  if (list.next == &list) {
    Refill(list, order);
    if (list.next == &list) return nullptr;
  }
  Page* const page = PageOf(list.next);
  Remove(page->links);
  processor_.count -= uint32_t{1} << order;
  return page;
}

void LinuxPageAllocator::Free(uint32_t number, unsigned order) {
  Page* const page = &pages_.data()[number];
  --page->references;
  CHECK(!IsBad(page));
  if (order > kCostlyOrder) {
    const locking::SpinLockHolder hold(lock_);
    FreeBlock(page, order);
    return;
  }
  AddFirst(processor_.lists.data()[order], page->links);
  processor_.count += uint32_t{1} << order;
  if (processor_.count >= kHigh) GiveBack(kBatch);
}

void LinuxPageAllocator::Refill(Links& list, unsigned order) {
  const uint32_t blocks = kBatch >> order;
  const locking::SpinLockHolder hold(lock_);
  for (uint32_t i = 0; i < blocks; ++i) {
    Page* const page = TakeBlock(order);
    if (page == nullptr) return;
    AddLast(list, page->links);
    processor_.count += uint32_t{1} << order;
  }
}

// The pages freed longest ago, from the lists in turn.
void LinuxPageAllocator::GiveBack(uint32_t pages) {
  const locking::SpinLockHolder hold(lock_);
  pages = std::min(pages, processor_.count);
  uint32_t given = 0;
  while (given < pages) {
    next_list_ = (next_list_ + 1) % kLists;
    Links& list = processor_.lists[next_list_];
    const unsigned order = next_list_;
    while (given < pages && list.next != &list) {
      Page* const page = PageOf(list.previous);
      Remove(page->links);
      FreeBlock(page, order);
      given += uint32_t{1} << order;
      processor_.count -= uint32_t{1} << order;
    }
  }
}

void LinuxPageAllocator::Drain() {
  while (processor_.count != 0) GiveBack(processor_.count);
}

LinuxPageAllocator::Page* LinuxPageAllocator::TakeBlock(unsigned order) {
  for (unsigned have = order; have <= kMaxOrder; ++have) {
    Links& list = free_.data()[have];
    if (list.next == &list) continue;
    Page* const page = PageOf(list.next);
    Remove(page->links);
    page->flags &= ~kBuddyFlag;
    while (have > order) {  // the upper half goes back
      --have;
      Page* const half = page + (uint32_t{1} << have);
      half->order = have;
      half->flags |= kBuddyFlag;
      AddFirst(free_.data()[have], half->links);
    }
    return page;
  }
  return nullptr;
}

bool LinuxPageAllocator::IsFreeBlock(uint32_t number, unsigned order) const {
  if (number >= pages_.size()) return false;
  const Page& page = pages_.data()[number];
  return (page.flags & kBuddyFlag) != 0 && page.order == order;
}

void LinuxPageAllocator::FreeBlock(Page* page, unsigned order) {
  uint32_t number = NumberOf(page);
  while (order < kMaxOrder) {
    const uint32_t buddy = number ^ (uint32_t{1} << order);
    if (!IsFreeBlock(buddy, order)) break;
    Page& other = pages_.data()[buddy];
    Remove(other.links);
    other.flags &= ~kBuddyFlag;
    number &= buddy;
    ++order;
  }
  Page& block = pages_.data()[number];
  block.order = order;
  block.flags |= kBuddyFlag;
  const uint32_t parent = number & ~(uint32_t{1} << order);
  const bool merges_soon =
      order + 1 < kMaxOrder && IsFreeBlock(parent ^ (uint32_t{2} << order), order + 1);
  if (merges_soon) {
    AddLast(free_.data()[order], block.links);
  } else {
    AddFirst(free_.data()[order], block.links);
  }
}

}  // namespace bench
