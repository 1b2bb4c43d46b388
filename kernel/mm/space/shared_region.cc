#include "kernel/mm/space/shared_region.h"

#include <algorithm>
#include <bit>
#include <memory>
#include <new>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/space/vma.h"

namespace mm {

SharedRegion::SharedRegion(SlabDepot& depot, PageSource& nodes, PagedObjectPool& objects,
                           const VirtRange& range)
    : objects_(objects),
      places_(depot,
              {.name = "shared_block", .object_bytes = sizeof(Place), .alignment = alignof(Place)}),
      range_(range),
      index_(nodes),
      next_(range.base) {}

SharedRegion::~SharedRegion() { CHECK(counters() == Counters{}); }

base::Result<SharedRegion::Block> SharedRegion::Make(uint64_t size_bytes, int32_t maker) {
  if (size_bytes == 0) return std::unexpected(base::Error::kInvalidArgument);
  if (!base::IsAligned(size_bytes, kPageSize)) return std::unexpected(base::Error::kNotAligned);
  if (size_bytes > range_.size_bytes) return std::unexpected(base::Error::kOutOfMemory);
  auto* const place = new (TRY(places_.Allocate())) Place(*this, size_bytes, maker);
  auto object = PagedObject::Create(objects_, size_bytes, place);
  if (!object) {
    std::destroy_at(place);
    places_.Free(place);
    return std::unexpected(base::Error::kOutOfMemory);
  }
  place->object_ = &object->object;
  // On an error the object ends here, and the place with it.
  TRY(Insert(*place));
  return Block{place->range_, std::move(object->reference), maker};
}

base::Result<> SharedRegion::Insert(Place& place) {
  const locking::SpinLockHolder holder(lock_);
  const VirtRange range{TRY(FindRoom(place.size_bytes_)), place.size_bytes_};
  TRY(index_.Insert(range, &place));
  place.range_ = range;
  pages_ += PagesIn(range.size_bytes);
  // The region may end where addresses do.
  next_ = range.last() == range_.last() ? range_.base : range.last() + 1;
  return {};
}

// Behind the block that was made last, or when nothing is free there, anywhere.
base::Result<VirtAddr> SharedRegion::FindRoom(uint64_t size_bytes) const {
  VmaGap gap{.size_bytes = size_bytes,
             .alignment = std::min(std::bit_ceil(size_bytes), kMostAlignment),
             .within = FromFirstToLast(next_, range_.last())};
  const base::Result<VirtAddr> found = index_.FindGap(gap);
  if (found || next_ == range_.base) return found;
  gap.within = range_;
  return index_.FindGap(gap);
}

// Also of one that never got a range.
void SharedRegion::Forget(Place& place) {
  if (!place.range_.IsEmpty()) {
    const locking::SpinLockHolder holder(lock_);
    CHECK(index_.Erase(place.range_.base).has_value());
    pages_ -= PagesIn(place.range_.size_bytes);
  }
  std::destroy_at(&place);
  places_.Free(&place);
}

std::optional<SharedRegion::Block> SharedRegion::Find(VirtAddr va) const {
  const locking::SpinLockHolder holder(lock_);
  const Place* const place = index_.ValueNotAbove(va);
  if (place == nullptr || !place->range_.Contains(va)) return std::nullopt;
  // Its memory stays until the place has left the index.
  ObjectReference object = ObjectReference::TryTo(*place->object_);
  if (!object) return std::nullopt;
  return Block{place->range_, std::move(object), place->maker_};
}

MapRequest SharedRegion::Showing(const Block& block) {
  return {.size_bytes = block.range.size_bytes,
          .access = Access::kReadWrite,
          .may = Access::kReadWrite,
          .kind = VmaKind::kBlock,
          .sharing = Sharing::kShared,
          .object = block.object,
          .place = mm::Place::kExactlyFree,
          .va = block.range.base};
}

SharedRegion::Counters SharedRegion::counters() const {
  const locking::SpinLockHolder holder(lock_);
  return {index_.size(), pages_};
}

base::Result<> SharedRegion::CheckInvariants() const {
  const locking::SpinLockHolder holder(lock_);
  TRY(index_.CheckInvariants());
  PageCount pages;
  bool is_sound = range_.IsEmpty() || range_.Contains(next_);
  for (VmaIndex<Place*>::Cursor cursor(index_, range_.base); cursor.IsOnRange(); cursor.Next()) {
    const auto& [range, place] = cursor.entry();
    const uint64_t alignment = std::min(std::bit_ceil(range.size_bytes), kMostAlignment);
    is_sound &= place->range_ == range && range_.Contains(range) &&
                range.size_bytes == place->size_bytes_ && IsAligned(range.base, alignment) &&
                place->object_ != nullptr;
    pages += PagesIn(range.size_bytes);
  }
  if (!is_sound || pages != pages_) return std::unexpected(base::Error::kCorrupt);
  return {};
}

}  // namespace mm
