// System V's shared memory: segments by key and number. A segment that has been removed lives on
// for those who have it mapped, and its number with it.
//
// Belongs to whoever is in the kernel: not locked.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/result.h"
#include "kernel/ipc/id_table.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/heap/kernel_heap.h"
#include "kernel/mm/space/memory_object.h"
#include "kernel/mm/space/paged_object.h"
#include "kernel/posix/errno.h"

namespace ipc {

class SharedSegments {
 public:
  static constexpr size_t kMostSegments = 256;

  // Knows when its object's last user is gone.
  class Segment final : public mm::PageFiller {
   public:
    [[nodiscard]] int32_t id() const { return id_; }
    [[nodiscard]] mm::PagedObject& object() const { return *object_; }
    // As asked for; the object has whole pages.
    [[nodiscard]] uint64_t size_bytes() const { return size_bytes_; }
    [[nodiscard]] bool IsRemoved() const { return !keep_; }

    uint32_t mode = 0;
    int32_t creator = 0;
    int32_t last_user = 0;
    uint64_t attached_seconds = 0;
    uint64_t detached_seconds = 0;
    uint64_t changed_seconds = 0;

    base::Result<> FillPage(uint64_t, std::span<std::byte, mm::kPageSize>) override { return {}; }
    void ObjectEnded() override;

   private:
    friend class SharedSegments;
    Segment(SharedSegments& segments, uint64_t size_bytes)
        : segments_(segments), size_bytes_(size_bytes) {}

    SharedSegments& segments_;
    uint64_t size_bytes_;
    int32_t id_ = -1;  // none yet
    mm::PagedObject* object_ = nullptr;
    mm::ObjectReference keep_;  // until the segment is removed
  };

  SharedSegments(mm::KernelHeap& heap, mm::PagedObjectPool& objects)
      : heap_(heap), objects_(objects) {}
  SharedSegments(const SharedSegments&) = delete;
  SharedSegments& operator=(const SharedSegments&) = delete;

  // The number of the segment with this key, made with that size if `flags` (posix/ipc.h) say so.
  // Errors: kNoEntry, kExists, kInvalid (no bytes, or an existing one is smaller), kNoSpace
  // (kMostSegments), kOutOfMemory. `creator` and `seconds` are kept for the status.
  [[nodiscard]] posix::Result<int32_t> Get(int32_t key, size_t bytes, int flags, int32_t creator,
                                           uint64_t seconds);

  // Errors: kInvalid, there is no such segment.
  [[nodiscard]] posix::Result<Segment*> Find(int32_t id) const;
  // The segment whose memory `object` is; null for other objects.
  [[nodiscard]] Segment* FindByObject(const mm::MemoryObject& object) const;
  [[nodiscard]] int32_t KeyOf(const Segment& segment) const { return table_.KeyOf(segment.id()); }

  // No key leads to it any more. It ends with its last mapping, which may be at once.
  void Remove(Segment& segment);

 private:
  [[nodiscard]] posix::Result<int32_t> Make(int32_t key, size_t bytes);
  void Free(Segment* segment);

  mm::KernelHeap& heap_;
  mm::PagedObjectPool& objects_;
  IdTable<Segment, kMostSegments> table_;
};

}  // namespace ipc
