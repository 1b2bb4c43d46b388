#include "userspace/libatlas/page_heap.h"

#include <algorithm>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"

namespace libatlas {
namespace {

// The region grows by this much, or by a share of what it has: system calls are dear.
constexpr uint32_t kLeastGrowth = 64;
constexpr uint32_t kGrowthShare = 16;

// Free pages are kept for the next who needs some, up to these, or a share of those in use.
constexpr uint32_t kLeastKept = 64;
constexpr uint32_t kKeptShare = 256;

// How many free runs are looked at that may turn out too short, or not aligned.
constexpr unsigned kTries = 8;

}  // namespace

PageHeap::PageHeap(MemoryRegion& region)
    : region_(region),
      base_(region.base()),
      descriptors_(region.descriptors().data()),
      notes_(region.notes().data()),
      most_pages_(static_cast<Page>(std::min<size_t>(region.descriptors().size(), kMostPages))) {}

PageHeap::Page PageHeap::PageOf(const void* pointer) const {
  return static_cast<Page>((static_cast<const std::byte*>(pointer) - base_) >> mm::kPageShift);
}

void* PageHeap::PointerTo(Page page) const {
  return base_ + static_cast<size_t>(mm::PageCount{page}.bytes());
}

size_t PageHeap::BinOf(Page pages) {
  if (pages < kExactBins) return pages;
  constexpr unsigned kExactLog2 = std::countr_zero(kExactBins);
  constexpr unsigned kStepLog2 = std::countr_zero(kBinsPerDoubling);
  const auto log2 = static_cast<unsigned>(std::bit_width(pages)) - 1;
  const size_t step = (pages >> (log2 - kStepLog2)) & (kBinsPerDoubling - 1);
  return kExactBins + (log2 - kExactLog2) * kBinsPerDoubling + step;
}

void PageHeap::Mark(mm::FrameDescriptor& page, Kind kind, Page pages) {
  Unmark(page);
  page.SetMark(mm::FrameDescriptor::kMarked | (uint32_t{kind} << kKindShift) | pages);
}

void PageHeap::Unmark(mm::FrameDescriptor& page) {
  if (page.mark() != 0) page.ClearMark();
}

std::optional<PageHeap::Run> PageHeap::FreeRunFrom(Page page) const {
  if (page >= end_) return std::nullopt;
  const uint32_t mark = At(page).mark();
  const uint32_t kind = KindIn(mark);
  if (kind != kClean && kind != kDirty) return std::nullopt;
  return Run{.first = page, .pages = PagesIn(mark), .kind = static_cast<Kind>(kind)};
}

std::optional<PageHeap::Run> PageHeap::FreeRunUpTo(Page page) const {
  std::optional<Run> run = FreeRunFrom(page);
  if (run) run->first = page + 1 - run->pages;
  return run;
}

void PageHeap::Link(const Run& run) {
  Mark(At(run.first), run.kind, run.pages);
  if (run.pages > 1) Mark(At(run.last()), run.kind, run.pages);
  const size_t bin = BinOf(run.pages);
  const Page next = heads_[bin];
  At(run.first).SetOwner(next);
  if (next != 0) {
    mm::FrameDescriptor& after = At(next - 1);
    after.SetOwner((after.owner() & UINT32_MAX) | (uint64_t{run.first + 1} << kLinkShift));
  }
  heads_[bin] = run.first + 1;
  filled_[bin / kBinsPerWord] |= uint64_t{1} << (bin % kBinsPerWord);
  if (run.kind == kDirty) dirty_ += run.pages;
}

void PageHeap::Unlink(const Run& run) {
  const uint64_t links = At(run.first).owner();
  const auto next = static_cast<Page>(links);
  const auto previous = static_cast<Page>(links >> kLinkShift);
  const size_t bin = BinOf(run.pages);
  if (next != 0) {
    mm::FrameDescriptor& after = At(next - 1);
    after.SetOwner((after.owner() & UINT32_MAX) | (uint64_t{previous} << kLinkShift));
  }
  if (previous != 0) {
    mm::FrameDescriptor& before = At(previous - 1);
    before.SetOwner((before.owner() & ~uint64_t{UINT32_MAX}) | next);
  } else {
    heads_[bin] = next;
    if (next == 0) filled_[bin / kBinsPerWord] &= ~(uint64_t{1} << (bin % kBinsPerWord));
  }
  Unmark(At(run.first));
  Unmark(At(run.last()));
  if (run.kind == kDirty) dirty_ -= run.pages;
}

// The first page from `page` on whose address is a multiple of `alignment` pages.
PageHeap::Page PageHeap::FirstAligned(Page page, Page alignment) const {
  const uintptr_t first = (reinterpret_cast<uintptr_t>(base_) >> mm::kPageShift) + page;
  return page + static_cast<Page>((alignment - first % alignment) % alignment);
}

PageHeap::Run PageHeap::Cut(const Run& run, Page first, Page pages) {
  Unlink(run);
  if (first > run.first) Link({run.first, first - run.first, run.kind});
  const Page end = first + pages;
  if (const Page left = run.last() + 1 - end; left > 0) Link({end, left, run.kind});
  return {first, pages, run.kind};
}

// The next bin from `bin` on that has a run; kBins when there is none.
size_t PageHeap::NextFilled(size_t bin) const {
  size_t word = bin / kBinsPerWord;
  if (word >= filled_.size()) return kBins;
  uint64_t bits = filled_[word] & (~uint64_t{0} << (bin % kBinsPerWord));
  while (bits == 0) {
    if (++word == filled_.size()) return kBins;
    bits = filled_[word];
  }
  return word * kBinsPerWord + static_cast<unsigned>(std::countr_zero(bits));
}

// The shortest that does, or nearly.
std::optional<PageHeap::Run> PageHeap::TakeFree(Page pages, Page alignment) {
  unsigned tries = 0;
  for (size_t bin = NextFilled(BinOf(pages)); bin < kBins; bin = NextFilled(bin + 1)) {
    for (Page link = heads_[bin]; link != 0; link = static_cast<Page>(At(link - 1).owner())) {
      const std::optional<Run> run = FreeRunFrom(link - 1);
      CHECK(run.has_value());
      const Page first = FirstAligned(run->first, alignment);
      if (first - run->first + pages <= run->pages) return Cut(*run, first, pages);
      if (++tries == kTries) return TakeLonger(pages, alignment);
    }
  }
  return std::nullopt;
}

// One that is long enough whatever its place.
std::optional<PageHeap::Run> PageHeap::TakeLonger(Page pages, Page alignment) {
  const size_t bin = NextFilled(BinOf(pages + alignment - 1) + 1);
  if (bin == kBins) return std::nullopt;
  const std::optional<Run> run = FreeRunFrom(heads_[bin] - 1);
  CHECK(run.has_value());
  return Cut(*run, FirstAligned(run->first, alignment), pages);
}

base::Result<> PageHeap::Grow(Page pages) {
  if (pages > most_pages_) return std::unexpected(base::Error::kOutOfMemory);
  if (pages <= resized_) return {};
  const Page step = std::max(kLeastGrowth, resized_ / kGrowthShare);
  const Page generous = std::min(most_pages_, std::max(pages, resized_ + step));
  for (const Page wanted : {generous, pages}) {
    if (!region_.Resize(static_cast<size_t>(mm::PageCount{wanted}.bytes()))) continue;
    resized_ = wanted;
    return {};
  }
  return std::unexpected(base::Error::kOutOfMemory);
}

// From the last page that somebody has on.
base::Result<PageHeap::Run> PageHeap::TakeBehind(Page pages, Page alignment) {
  Page start = end_;
  const std::optional<Run> before = end_ == 0 ? std::nullopt : FreeRunUpTo(end_ - 1);
  if (before) start = before->first;
  const Page first = FirstAligned(start, alignment);
  if (first >= most_pages_ || pages > most_pages_ - first) {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  TRY(Grow(first + pages));
  Kind kind = kClean;
  if (before) {
    Unlink(*before);
    if (before->last() >= first) kind = before->kind;
    const Page left = std::min(first, end_) - start;
    if (left > 0) Link({start, left, before->kind});
  }
  if (first > end_) Give({end_, first - end_, kClean});
  end_ = first + pages;
  return Run{first, pages, kind};
}

// The rest of the stretch is free, as far as it goes, and the region has another one.
base::Result<> PageHeap::GoOnElsewhere(Page pages) {
  for (Page more = pages; more > 0; more /= 2) {
    const Page wanted = resized_ + more;
    if (more > most_pages_ - resized_) continue;
    if (region_.Resize(static_cast<size_t>(mm::PageCount{wanted}.bytes()))) resized_ = wanted;
  }
  const size_t start =
      TRY(region_.Skip(static_cast<size_t>(mm::PageCount{pages}.bytes()))) >> mm::kPageShift;
  CHECK(start >= resized_ && start <= most_pages_);
  const Run rest = {end_, resized_ - end_, kClean};
  end_ = resized_;
  if (rest.pages > 0) Give(rest);
  skipped_ += static_cast<Page>(start) - resized_;
  resized_ = end_ = static_cast<Page>(start);
  return {};
}

// Where nothing was yet.
base::Result<PageHeap::Run> PageHeap::TakeNew(Page pages, Page alignment) {
  if (const auto run = TakeBehind(pages, alignment)) return run;
  if (alignment > most_pages_ || pages > most_pages_ - alignment) {
    return std::unexpected(base::Error::kOutOfMemory);
  }
  TRY(GoOnElsewhere(pages + alignment - 1));
  return TakeBehind(pages, alignment);
}

base::Result<PageHeap::Run> PageHeap::Take(Page pages, Page alignment) {
  std::optional<Run> run = TakeFree(pages, alignment);
  if (!run) run = TRY(TakeNew(pages, alignment));
  in_use_ += pages;
  return *run;
}

void PageHeap::Give(Run run) {
  const std::optional<Run> before = run.first == 0 ? std::nullopt : FreeRunUpTo(run.first - 1);
  const std::optional<Run> after = FreeRunFrom(run.last() + 1);
  for (const std::optional<Run>& other : {before, after}) {
    if (!other) continue;
    Unlink(*other);
    run.first = std::min(run.first, other->first);
    run.pages += other->pages;
    run.kind = std::max(run.kind, other->kind);
  }
  Link(run);
}

void PageHeap::Free(Page first, Page pages) {
  in_use_ -= pages;
  Give({first, pages, kDirty});
  if (dirty_ > std::max(kLeastKept, in_use_ / kKeptShare)) PurgeAll();
}

void PageHeap::PurgeAll() {
  for (size_t bin = 1; bin < kBins && dirty_ > 0; ++bin) {
    for (Page link = heads_[bin]; link != 0;) {
      const std::optional<Run> run = FreeRunFrom(link - 1);
      CHECK(run.has_value());
      link = static_cast<Page>(At(run->first).owner());
      if (run->kind != kDirty) continue;
      if (run->last() + 1 == end_) continue;
      region_.Forget(PointerTo(run->first), static_cast<size_t>(mm::PageCount{run->pages}.bytes()));
      // It stays where it is in its list.
      Mark(At(run->first), kClean, run->pages);
      if (run->pages > 1) Mark(At(run->last()), kClean, run->pages);
      dirty_ -= run->pages;
    }
  }
  if (end_ == 0) return;
  if (const std::optional<Run> top = FreeRunUpTo(end_ - 1)) {
    Unlink(*top);
    end_ = top->first;
    if (region_.Resize(static_cast<size_t>(mm::PageCount{end_}.bytes()))) resized_ = end_;
  }
}

base::Result<void*> PageHeap::AllocatePages(unsigned order) {
  const MutexHolder holder(mutex_);
  const Page pages = Page{1} << order;
  return PointerTo(TRY(Take(pages, pages)).first);
}

void PageHeap::FreePages(void* pages, unsigned order) {
  const MutexHolder holder(mutex_);
  const Page first = PageOf(pages);
  const Page count = Page{1} << order;
  for (Page page = first; page < first + count; ++page) {
    notes_[page].store(0, std::memory_order_relaxed);
  }
  Free(first, count);
}

mm::PageCount PageHeap::pages_in_use() const {
  const MutexHolder holder(mutex_);
  return {in_use_};
}

mm::PageCount PageHeap::pages_kept() const {
  const MutexHolder holder(mutex_);
  return {dirty_};
}

mm::PageCount PageHeap::extent() const {
  const MutexHolder holder(mutex_);
  return {end_};
}

void PageHeap::Purge() {
  const MutexHolder holder(mutex_);
  PurgeAll();
}

}  // namespace libatlas
