#include "kernel/ipc/shared_segments.h"

#include <memory>
#include <new>
#include <utility>

#include "kernel/base/bits.h"
#include "kernel/posix/ipc.h"

namespace ipc {

using posix::Errno;

void SharedSegments::Segment::ObjectEnded() { segments_.Free(this); }

// Also of one that never got a number.
void SharedSegments::Free(Segment* segment) {
  if (table_.Find(segment->id_) == segment) table_.Remove(segment->id_);
  std::destroy_at(segment);
  heap_.Free(segment);
}

posix::Result<int32_t> SharedSegments::Get(int32_t key, size_t bytes, int flags, int32_t creator,
                                           uint64_t seconds) {
  if (const auto found = table_.ScanForKey(key)) {
    const bool is_new = (flags & posix::ipc::kCreate) != 0 && (flags & posix::ipc::kExclusive) != 0;
    if (is_new) return std::unexpected(Errno::kExists);
    if (bytes > table_.Find(*found)->size_bytes()) return std::unexpected(Errno::kInvalid);
    return *found;
  }
  if (key != posix::ipc::kPrivate && (flags & posix::ipc::kCreate) == 0) {
    return std::unexpected(Errno::kNoEntry);
  }
  const int32_t id = TRY(Make(key, bytes));
  Segment& made = *table_.Find(id);
  made.mode = static_cast<uint32_t>(flags & posix::ipc::kModeMask);
  made.creator = creator;
  made.changed_seconds = seconds;
  return id;
}

posix::Result<int32_t> SharedSegments::Make(int32_t key, size_t bytes) {
  const auto whole_pages = base::TryAlignUp(bytes, mm::kPageSize);
  if (bytes == 0 || !whole_pages) return std::unexpected(Errno::kInvalid);
  const auto memory = heap_.Allocate(sizeof(Segment));
  if (!memory) return std::unexpected(Errno::kOutOfMemory);
  auto* const segment = new (*memory) Segment(*this, bytes);
  auto object = mm::PagedObject::Create(objects_, *whole_pages, segment);
  if (!object) {
    std::destroy_at(segment);
    heap_.Free(segment);
    const bool is_too_large = object.error() == base::Error::kOutOfRange;
    return std::unexpected(is_too_large ? Errno::kInvalid : Errno::kOutOfMemory);
  }
  segment->object_ = &object->object;
  segment->keep_ = std::move(object->reference);
  const auto id = table_.Add(key, segment);
  if (!id) {
    // The object's end frees the segment.
    mm::ObjectReference last = std::move(segment->keep_);
    return std::unexpected(Errno::kNoSpace);
  }
  segment->id_ = *id;
  segment->object_->SetOwner(static_cast<uint64_t>(*id), this);
  return *id;
}

posix::Result<SharedSegments::Segment*> SharedSegments::Find(int32_t id) const {
  Segment* const segment = table_.Find(id);
  if (segment == nullptr) return std::unexpected(Errno::kInvalid);
  return segment;
}

SharedSegments::Segment* SharedSegments::FindByObject(const mm::MemoryObject& object) const {
  if (object.owner() != this) return nullptr;
  return table_.Find(static_cast<int32_t>(object.identity()));
}

void SharedSegments::Remove(Segment& segment) {
  table_.ForgetKey(segment.id_);
  const mm::ObjectReference last = std::move(segment.keep_);
}

}  // namespace ipc
