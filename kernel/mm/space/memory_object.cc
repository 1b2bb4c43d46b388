#include "kernel/mm/space/memory_object.h"

#include "kernel/base/check.h"
#include "kernel/sync/spin_lock.h"

namespace mm {

MemoryObject::~MemoryObject() { CHECK(views() == 0); }

void MemoryObject::LinkAsSeen(ObjectView& view) {
  view.round = round_;
  view.next = nullptr;
  view.previous = last_;
  (last_ != nullptr ? last_->next : first_) = &view;
  last_ = &view;
}

void MemoryObject::Unlink(ObjectView& view) {
  (view.previous != nullptr ? view.previous->next : first_) = view.next;
  (view.next != nullptr ? view.next->previous : last_) = view.previous;
}

// A new one counts as seen: it takes its first page after the object's end has moved.
void MemoryObject::AddView(ObjectView& view) {
  const locking::SpinLockHolder holder(views_lock_);
  LinkAsSeen(view);
  ++views_;
}

void MemoryObject::RemoveView(ObjectView& view) {
  const locking::SpinLockHolder holder(views_lock_);
  Unlink(view);
  --views_;
}

void MemoryObject::MarkSeen(ObjectView& view) {
  const locking::SpinLockHolder holder(views_lock_);
  Unlink(view);
  LinkAsSeen(view);
}

size_t MemoryObject::views() const {
  const locking::SpinLockHolder holder(views_lock_);
  return views_;
}

// A space that this round has not seen, in use; nothing when there is none.
ObjectViewer* MemoryObject::TakeUnseenViewer() {
  const locking::SpinLockHolder holder(views_lock_);
  while (first_ != nullptr && first_->round != round_) {
    ObjectView& view = *first_;
    if (view.viewer->TryUse()) return view.viewer;
    // Its end has begun: it unmaps everything by itself.
    Unlink(view);
    LinkAsSeen(view);
  }
  return nullptr;
}

void MemoryObject::UnmapEverywhere(uint64_t first) {
  {
    const locking::SpinLockHolder holder(views_lock_);
    ++round_;
  }
  while (ObjectViewer* const viewer = TakeUnseenViewer()) {
    viewer->UnmapObject(*this, first);
    viewer->EndUse();
  }
}

}  // namespace mm
