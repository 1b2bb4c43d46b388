// What a mapping shows: pages by their number. A file, shared memory, a device's registers.
//
// Counted: each mapping and whoever else uses it holds an ObjectReference. An object knows where it
// is shown, so that pages that it loses disappear from every address space.
//
// Locks: an address space's is taken before an object's.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/user_frames.h"
#include "kernel/sync/spin_lock.h"
#include "kernel/sync/thread_annotations.h"

namespace mm {

class MemoryObject;

// An address space, as far as an object needs it.
class ObjectViewer {
 public:
  // Takes part in the use of the space, unless its end has begun. EndUse() may be the last.
  [[nodiscard]] virtual bool TryUse() = 0;
  virtual void EndUse() = 0;

  // Unmaps whatever shows a page of `object` from number `first` on, private copies too, and calls
  // MarkSeen() for each view of it. Called without locks, in use.
  virtual void UnmapObject(MemoryObject& object, uint64_t first) = 0;

 protected:
  ObjectViewer() = default;
  ~ObjectViewer() = default;
  ObjectViewer(const ObjectViewer&) = default;
  ObjectViewer& operator=(const ObjectViewer&) = default;
};

// A mapping in the list of its object, which alone uses it.
struct ObjectView {
  ObjectViewer* viewer = nullptr;
  ObjectView* next = nullptr;
  ObjectView* previous = nullptr;
  uint64_t round = 0;  // the last of unmapping that has seen it
};

enum class ObjectKind : uint8_t {
  kPaged,   // RAM: each page that is mapped is counted
  kDevice,  // a stretch of physical addresses, not counted and not cached
};

// How the way of pages to an object, or from it, has ended.
enum class PageMove : uint8_t {
  kDone,
  kInterrupted,  // a signal came first
  kFailed,
  kOutOfMemory,
};

class MemoryObject {
 public:
  MemoryObject(const MemoryObject&) = delete;
  MemoryObject& operator=(const MemoryObject&) = delete;

  // The page of that number, made if it is not there yet. Errors: kOutOfRange (beyond the object's
  // end), kNotFound (LoadPage() may bring it), kOutOfMemory, and those of the filler.
  [[nodiscard]] virtual base::Result<FrameReference> TakePage(uint64_t number) = 0;

  // Whether TakePage() may return kNotFound.
  [[nodiscard]] virtual bool LoadsPages() const { return false; }
  // Brings a page that TakePage() has not found; it may be gone again. Blocks: called without locks
  // and windows.
  [[nodiscard]] virtual PageMove LoadPage(uint64_t) { return PageMove::kFailed; }
  // Writes back those pages from `first` to `last` that are here, where there is something behind
  // the object. Blocks likewise.
  [[nodiscard]] virtual PageMove StorePages(uint64_t, uint64_t) { return PageMove::kDone; }

  // Whether TakePage() would find it at once.
  [[nodiscard]] virtual bool HasPage(uint64_t number) const = 0;

  // Its end moves.
  [[nodiscard]] virtual uint64_t size_bytes() const = 0;

  [[nodiscard]] ObjectKind kind() const { return kind_; }

  // What its maker likes: what a list of mappings shows beside it. 0 and null at first.
  [[nodiscard]] uint64_t identity() const { return identity_; }
  [[nodiscard]] const void* owner() const { return owner_; }
  void SetOwner(uint64_t identity, const void* owner) {
    identity_ = identity;
    owner_ = owner;
  }

  // Where it is shown. A view belongs to one object at a time.
  void AddView(ObjectView& view) EXCLUDES(views_lock_);
  void RemoveView(ObjectView& view) EXCLUDES(views_lock_);
  // For ObjectViewer::UnmapObject().
  void MarkSeen(ObjectView& view) EXCLUDES(views_lock_);
  // How many areas show it.
  [[nodiscard]] size_t views() const EXCLUDES(views_lock_);

  [[nodiscard]] uint32_t references() const { return references_.load(std::memory_order_relaxed); }

 protected:
  explicit MemoryObject(ObjectKind kind) : kind_(kind) {}
  // CHECKed: nobody shows it.
  ~MemoryObject();

  // Unmaps the pages from `first` on everywhere. When it returns, none of them that the object had
  // given out before is mapped. One call at a time. O(views and areas of the spaces that have
  // them).
  void UnmapEverywhere(uint64_t first) EXCLUDES(views_lock_);

  // Nobody refers to it any more: give its memory back.
  virtual void Destroy() = 0;

 private:
  friend class ObjectReference;

  [[nodiscard]] ObjectViewer* TakeUnseenViewer() EXCLUDES(views_lock_);
  // Behind those that this round has not seen.
  void LinkAsSeen(ObjectView& view) REQUIRES(views_lock_);
  void Unlink(ObjectView& view) REQUIRES(views_lock_);

  ObjectKind kind_;
  std::atomic<uint32_t> references_ = 0;
  uint64_t identity_ = 0;
  const void* owner_ = nullptr;
  mutable locking::SpinLock views_lock_;
  // By the round that saw them last, ascending.
  ObjectView* first_ GUARDED_BY(views_lock_) = nullptr;
  ObjectView* last_ GUARDED_BY(views_lock_) = nullptr;
  size_t views_ GUARDED_BY(views_lock_) = 0;
  uint64_t round_ GUARDED_BY(views_lock_) = 0;
};

// Keeps an object. May be empty. Copies; the last one that ends destroys the object, perhaps with
// the lock of an address space held that showed it.
class ObjectReference {
 public:
  ObjectReference() = default;
  explicit ObjectReference(MemoryObject& object) : object_(&object) { Add(); }
  ObjectReference(const ObjectReference& other) : object_(other.object_) { Add(); }
  ObjectReference(ObjectReference&& other) noexcept
      : object_(std::exchange(other.object_, nullptr)) {}
  ObjectReference& operator=(ObjectReference other) noexcept {
    std::swap(object_, other.object_);
    return *this;
  }
  ~ObjectReference() { Drop(); }

  [[nodiscard]] MemoryObject* get() const { return object_; }
  [[nodiscard]] MemoryObject& operator*() const { return *object_; }
  [[nodiscard]] MemoryObject* operator->() const { return object_; }
  explicit operator bool() const { return object_ != nullptr; }

  // To an object whose end may have begun: empty then. Whoever calls it keeps the object's memory.
  [[nodiscard]] static ObjectReference TryTo(MemoryObject& object) {
    ObjectReference reference;
    uint32_t references = object.references_.load(std::memory_order_relaxed);
    while (references != 0 && !object.references_.compare_exchange_weak(
                                  references, references + 1, std::memory_order_relaxed)) {
    }
    if (references != 0) reference.object_ = &object;
    return reference;
  }

  friend bool operator==(const ObjectReference&, const ObjectReference&) = default;

 private:
  void Add() {
    if (object_ != nullptr) object_->references_.fetch_add(1, std::memory_order_relaxed);
  }
  void Drop() {
    if (object_ == nullptr) return;
    if (object_->references_.fetch_sub(1, std::memory_order_acq_rel) == 1) object_->Destroy();
  }

  MemoryObject* object_ = nullptr;
};

}  // namespace mm
