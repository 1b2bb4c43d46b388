// Large blocks, and whether everything is as it should be.
#include <bit>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "userspace/libatlas/page_heap.h"

namespace libatlas {

base::Result<PageHeap::Block> PageHeap::AllocateBlock(mm::PageCount pages,
                                                      mm::PageCount alignment) {
  CHECK(pages.value > 0 && std::has_single_bit(alignment.value));
  if (pages.value > kMostPages || alignment.value > kMostPages) {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  const MutexHolder holder(mutex_);
  const Run run = TRY(Take(static_cast<Page>(pages.value), static_cast<Page>(alignment.value)));
  Mark(At(run.first), kLarge, run.pages);
  return Block{PointerTo(run.first), run.kind == kClean ? Contents::kZero : Contents::kArbitrary};
}

base::Result<PageHeap::Run> PageHeap::LargeRunAt(const void* block) const {
  const auto offset = reinterpret_cast<uintptr_t>(block) - reinterpret_cast<uintptr_t>(base_);
  if (!base::IsAligned(uint64_t{offset}, mm::kPageSize) || offset >> mm::kPageShift >= end_) {
    return std::unexpected(base::Error::kNotFound);
  }
  const Page first = PageOf(block);
  const uint32_t mark = At(first).mark();
  if (KindIn(mark) != kLarge) return std::unexpected(base::Error::kNotFound);
  return Run{.first = first, .pages = PagesIn(mark), .kind = kLarge};
}

base::Result<> PageHeap::FreeBlock(void* block) {
  const MutexHolder holder(mutex_);
  const Run run = TRY(LargeRunAt(block));
  Unmark(At(run.first));
  Free(run.first, run.pages);
  return {};
}

base::Result<mm::PageCount> PageHeap::PagesOf(const void* block) const {
  const MutexHolder holder(mutex_);
  return mm::PageCount{TRY(LargeRunAt(block)).pages};
}

base::Result<> PageHeap::ResizeBlock(void* block, mm::PageCount wanted) {
  CHECK(wanted.value > 0);
  if (wanted.value > kMostPages) return std::unexpected(base::Error::kOutOfMemory);
  const MutexHolder holder(mutex_);
  const Run run = TRY(LargeRunAt(block));
  const auto pages = static_cast<Page>(wanted.value);
  if (pages < run.pages) {
    Mark(At(run.first), kLarge, pages);
    Free(run.first + pages, run.pages - pages);
    return {};
  }
  const Page more = pages - run.pages;
  if (more == 0) return {};
  const Page next = run.last() + 1;
  if (const std::optional<Run> after = FreeRunFrom(next); after && after->pages >= more) {
    static_cast<void>(Cut(*after, next, more));
  } else {
    const Page top = after ? after->last() + 1 : next;
    if (top != end_) return std::unexpected(base::Error::kOutOfMemory);
    if (next >= most_pages_ || more > most_pages_ - next) {
      return std::unexpected(base::Error::kOutOfMemory);
    }
    TRY(Grow(next + more));
    if (after) Unlink(*after);
    end_ = next + more;
  }
  in_use_ += more;
  Mark(At(run.first), kLarge, pages);
  return {};
}

base::Result<> PageHeap::CheckInvariants() const {
  const MutexHolder holder(mutex_);
  Page free = 0;
  Page dirty = 0;
  for (size_t bin = 0; bin < kBins; ++bin) {
    const bool is_filled = (filled_[bin / kBinsPerWord] >> (bin % kBinsPerWord) & 1) != 0;
    if (is_filled != (heads_[bin] != 0)) return std::unexpected(base::Error::kCorrupt);
    Page previous = 0;
    for (Page link = heads_[bin]; link != 0; link = static_cast<Page>(At(link - 1).owner())) {
      const std::optional<Run> run = FreeRunFrom(link - 1);
      if (!run || !IsSound(*run, bin, previous)) return std::unexpected(base::Error::kCorrupt);
      free += run->pages;
      if (run->kind == kDirty) dirty += run->pages;
      previous = link;
    }
  }
  if (free + in_use_ + skipped_ != end_ || dirty != dirty_ || end_ > resized_) {
    return std::unexpected(base::Error::kCorrupt);
  }
  return {};
}

// Both its ends speak of the same run, and no free one is beside it.
bool PageHeap::IsSound(const Run& run, size_t bin, Page previous) const {
  if (run.pages == 0 || run.last() >= end_ || BinOf(run.pages) != bin) return false;
  if (static_cast<Page>(At(run.first).owner() >> kLinkShift) != previous) return false;
  if (FreeRunFrom(run.last() + 1) || (run.first > 0 && FreeRunUpTo(run.first - 1))) return false;
  const std::optional<Run> same = FreeRunUpTo(run.last());
  return same && same->first == run.first && same->kind == run.kind;
}

}  // namespace libatlas
