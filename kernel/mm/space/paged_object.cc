#include "kernel/mm/space/paged_object.h"

#include <algorithm>
#include <cstring>
#include <expected>
#include <new>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/sync/cpu.h"

namespace mm {
namespace {

// What a range of bytes touches of its first page.
uint64_t BytesInPage(uint64_t offset, uint64_t bytes) {
  return std::min(bytes, kPageSize - offset % kPageSize);
}

}  // namespace

PagedObjectPool::PagedObjectPool(SlabDepot& depot, UserFrames& frames)
    : frames_(frames),
      nodes_(depot, {.name = "page_tree_node", .object_bytes = PageTree::kNodeBytes}),
      objects_(depot, {.name = "paged_object",
                       .object_bytes = sizeof(PagedObject),
                       .alignment = alignof(PagedObject)}) {}

base::Result<PagedObject::Handle> PagedObject::Create(PagedObjectPool& pool, uint64_t size_bytes,
                                                      PageFiller* filler) {
  if (size_bytes > kMostBytes) return std::unexpected(base::Error::kOutOfRange);
  auto* const object = new (TRY(pool.objects_.Allocate())) PagedObject(pool, size_bytes, filler);
  return Handle{*object, ObjectReference(*object)};
}

void PagedObject::Destroy() {
  PagedObjectPool& pool = pool_;
  PageFiller* const filler = filler_;
  {
    const locking::SpinLockHolder holder(lock_);
    FreePagesFrom(0);
  }
  // First: who looks it up through its filler finds an object that ends, and no other in its place.
  if (filler != nullptr) filler->ObjectEnded();
  this->~PagedObject();
  pool.objects_.Free(this);
}

// The page as it is in the tree, made when it is not there.
base::Result<FrameNumber> PagedObject::FrameFor(uint64_t number) {
  if (const std::optional<FrameNumber> found = tree_.Find(number)) return *found;
  FrameReference frame = TRY(pool_.frames_.AllocateZeroed());
  if (filler_ != nullptr) {
    const locking::CpuPin pin;
    const FrameWindow window = pool_.frames_.windows().Open(pin, frame.frame());
    TRY(filler_->FillPage(number, window.bytes()));
    const uint64_t left = size_bytes_ - std::min(size_bytes_, PageCount{number}.bytes());
    if (left < kPageSize) {
      std::ranges::fill(window.bytes().subspan(static_cast<size_t>(left)), std::byte{0});
    }
  }
  TRY(tree_.Insert(number, frame.frame()));
  pool_.pages_.fetch_add(1, std::memory_order_relaxed);
  return frame.Detach();
}

base::Result<FrameReference> PagedObject::TakePage(uint64_t number) {
  const locking::SpinLockHolder holder(lock_);
  if (number >= PagesFor(size_bytes_).value) return std::unexpected(base::Error::kOutOfRange);
  return pool_.frames_.Share(TRY(FrameFor(number)));
}

bool PagedObject::LoadsPages() const { return filler_ != nullptr && filler_->LoadsPages(); }

PageMove PagedObject::LoadPage(uint64_t number) {
  return filler_ != nullptr ? filler_->LoadPage(number) : PageMove::kFailed;
}

PageMove PagedObject::StorePages(uint64_t first, uint64_t last) {
  return filler_ != nullptr ? filler_->StorePages(first, last) : PageMove::kDone;
}

base::Result<> PagedObject::PutPage(uint64_t number, FrameReference&& frame) {
  FrameReference put = std::move(frame);
  const locking::SpinLockHolder holder(lock_);
  if (number >= PagesFor(size_bytes_).value) return std::unexpected(base::Error::kOutOfRange);
  if (tree_.Find(number)) return std::unexpected(base::Error::kOverlap);
  TRY(tree_.Insert(number, put.frame()));
  pool_.pages_.fetch_add(1, std::memory_order_relaxed);
  static_cast<void>(put.Detach());
  return {};
}

bool PagedObject::HasPage(uint64_t number) const {
  const locking::SpinLockHolder holder(lock_);
  return tree_.Find(number).has_value();
}

uint64_t PagedObject::size_bytes() const {
  const locking::SpinLockHolder holder(lock_);
  return size_bytes_;
}

PageCount PagedObject::pages() const {
  const locking::SpinLockHolder holder(lock_);
  return tree_.pages();
}

std::optional<FrameReference> PagedObject::FindPage(uint64_t number) const {
  const locking::SpinLockHolder holder(lock_);
  const std::optional<FrameNumber> found = tree_.Find(number);
  if (!found) return std::nullopt;
  auto shared = pool_.frames_.Share(*found);
  if (!shared) return std::nullopt;
  return std::move(*shared);
}

std::optional<uint64_t> PagedObject::FindPageFrom(uint64_t number) const {
  const locking::SpinLockHolder holder(lock_);
  return tree_.FindFrom(number);
}

// Within one page and the object. A page that nobody made is zero without a filler.
base::Result<> PagedObject::ReadPiece(uint64_t offset, std::span<std::byte> to) {
  const uint64_t number = offset / kPageSize;
  if (filler_ == nullptr && !tree_.Find(number)) {
    std::ranges::fill(to, std::byte{0});
    return {};
  }
  const FrameNumber frame = TRY(FrameFor(number));
  const locking::CpuPin pin;
  const FrameWindow window = pool_.frames_.windows().Open(pin, frame);
  std::memcpy(to.data(), window.bytes().subspan(offset % kPageSize).data(), to.size());
  return {};
}

base::Result<size_t> PagedObject::Read(uint64_t offset, std::span<std::byte> to) {
  const locking::SpinLockHolder holder(lock_);
  if (offset >= size_bytes_) return 0;
  const uint64_t bytes = std::min(uint64_t{to.size()}, size_bytes_ - offset);
  for (uint64_t done = 0; done < bytes;) {
    const uint64_t piece = BytesInPage(offset + done, bytes - done);
    TRY(ReadPiece(offset + done,
                  to.subspan(static_cast<size_t>(done), static_cast<size_t>(piece))));
    done += piece;
  }
  return static_cast<size_t>(bytes);
}

base::Result<size_t> PagedObject::Write(uint64_t offset, std::span<const std::byte> from) {
  if (offset > kMostBytes || from.size() > kMostBytes - offset) {
    return std::unexpected(base::Error::kOutOfRange);
  }
  const locking::SpinLockHolder holder(lock_);
  const uint64_t bytes = from.size();
  uint64_t done = 0;
  while (done < bytes) {
    const uint64_t at = offset + done;
    const uint64_t piece = BytesInPage(at, bytes - done);
    const base::Result<FrameNumber> frame = FrameFor(at / kPageSize);
    if (!frame) {
      if (done == 0) return std::unexpected(frame.error());
      break;
    }
    if (at > size_bytes_) ClearTail(size_bytes_);
    const locking::CpuPin pin;
    const FrameWindow window = pool_.frames_.windows().Open(pin, *frame);
    std::memcpy(window.bytes().subspan(at % kPageSize).data(),
                from.data() + static_cast<size_t>(done), static_cast<size_t>(piece));
    done += piece;
    size_bytes_ = std::max(size_bytes_, at + piece);
  }
  return static_cast<size_t>(done);
}

// Zeroes what a page holds from there on: a program may have written behind the end, in a page that
// it shares.
void PagedObject::ClearTail(uint64_t from) {
  if (from % kPageSize == 0) return;
  const std::optional<FrameNumber> frame = tree_.Find(from / kPageSize);
  if (!frame) return;
  const locking::CpuPin pin;
  const FrameWindow window = pool_.frames_.windows().Open(pin, *frame);
  std::ranges::fill(window.bytes().subspan(static_cast<size_t>(from % kPageSize)), std::byte{0});
}

void PagedObject::FreePagesFrom(uint64_t first) {
  tree_.RemoveFrom(first, [this](FrameNumber frame) {
    pool_.frames_.Drop(frame);
    pool_.pages_.fetch_sub(1, std::memory_order_relaxed);
  });
}

base::Result<> PagedObject::Resize(uint64_t size_bytes) {
  if (size_bytes > kMostBytes) return std::unexpected(base::Error::kOutOfRange);
  const uint64_t first = PagesFor(size_bytes).value;
  {
    const locking::SpinLockHolder holder(lock_);
    const uint64_t pages = PagesFor(size_bytes_).value;
    ClearTail(std::min(size_bytes, size_bytes_));
    size_bytes_ = size_bytes;
    if (first >= pages) return {};
  }
  // From now on nobody gets one of these pages anew.
  UnmapEverywhere(first);
  const locking::SpinLockHolder holder(lock_);
  FreePagesFrom(first);
  return {};
}

base::Result<> PagedObject::CheckInvariants() const {
  const locking::SpinLockHolder holder(lock_);
  return tree_.CheckInvariants();
}

}  // namespace mm
