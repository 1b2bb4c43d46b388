// One descriptor for each page frame, and where frames can be reached.
//
// What a frame is used for is written here by its owner: a slab allocator finds the slab of an
// object by one load. The frame allocator itself does not read descriptors, and a frame that nobody
// shares never touches its count.
//
// No lock: a descriptor belongs to whoever owns the frame, its count is atomic.
#pragma once

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "kernel/base/check.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"

namespace mm {

// A word of the frame's owner, and beside it either a mark or how many owners there are besides the
// first: a marked frame has one. Not initialised; see FrameTable::Of().
class FrameDescriptor {
 public:
  // Marks have this bit; the others are their owner's choice.
  static constexpr uint32_t kMarked = uint32_t{1} << 31;
  // So far from marks that processors which find it reached together do not come to them.
  static constexpr uint32_t kMostReferences = kMarked - (1 << 16);

  // 0, a pointer, or what else the owner likes.
  [[nodiscard]] uint64_t owner() const { return std::bit_cast<uint64_t>(owner_); }
  void SetOwner(uint64_t owner) { owner_ = std::bit_cast<Halves>(owner); }

  // Less than kMarked when there is none. Who asks for that of a frame that is not his may be told
  // what was there before the owner's last change.
  [[nodiscard]] uint32_t mark() const { return Word().load(std::memory_order_relaxed); }
  // Of a frame that is not shared, and has no mark yet. It is cleared before the frame is freed.
  void SetMark(uint32_t mark) {
    CHECK(mark >= kMarked);
    CHECK(this->mark() == 0);
    Word().store(mark, std::memory_order_relaxed);
  }
  void ClearMark() {
    CHECK(mark() >= kMarked);
    Word().store(0, std::memory_order_relaxed);
  }

 private:
  friend class FrameTable;

  // 64 bits that need no more than 32 bits' alignment.
  using Halves = std::array<uint32_t, 2>;

  [[nodiscard]] std::atomic_ref<uint32_t> Word() const {
    return std::atomic_ref<uint32_t>(references_or_mark_);
  }

  Halves owner_;
  mutable uint32_t references_or_mark_;  // others read it
};

// With the third of a byte that the frame allocator takes, a frame's metadata stays below 16 bytes:
// a 16 TiB machine spends 48 GiB on descriptors, 0.3 %.
static_assert(sizeof(FrameDescriptor) == 12);

// Frames that can be reached by arithmetic.
struct DirectMapping {
  FrameNumber first;
  PageCount pages;
  void* base;  // of `first`
};

// A descriptor for each page of a stretch of addresses, found by one addition.
class PageDescriptors {
 public:
  // `first` is the address of the descriptor of the page at `base`; a stretch that has none there
  // gives the address that it would have.
  PageDescriptors(const void* base, PageCount pages, uintptr_t first)
      : base_(reinterpret_cast<uintptr_t>(base)), pages_(pages.value), first_(first) {}

  // Which page of the stretch holds the byte; what lies outside has a number from pages() on.
  [[nodiscard]] uintptr_t IndexOf(const void* pointer) const {
    return (reinterpret_cast<uintptr_t>(pointer) - base_) >> kPageShift;
  }
  // Of the page that holds a byte of the stretch.
  [[nodiscard]] FrameDescriptor& Of(const void* pointer) const {
    return *reinterpret_cast<FrameDescriptor*>(first_ + IndexOf(pointer) * sizeof(FrameDescriptor));
  }

  [[nodiscard]] uintptr_t base() const { return base_; }
  [[nodiscard]] uint64_t pages() const { return pages_; }

 private:
  uintptr_t base_;
  uint64_t pages_;
  uintptr_t first_;
};

class FrameTable {
 public:
  // `storage`, which need not be initialised, describes the frames from `first` on.
  FrameTable(std::span<FrameDescriptor> storage, FrameNumber first, const DirectMapping& direct_map)
      : descriptors_(storage),
        first_(first.value),
        direct_first_(direct_map.first.value),
        direct_(
            direct_map.base, direct_map.pages,
            reinterpret_cast<uintptr_t>(storage.data()) +
                static_cast<uintptr_t>((direct_map.first.value - first.value) * kDescriptorBytes)) {
  }

  // A descriptor means something from its frame's first allocation on; it is zero then, and keeps
  // what its owners write, also while the frame is free. O(1), one addition.
  [[nodiscard]] FrameDescriptor& Of(FrameNumber frame) const {
    return descriptors_[static_cast<size_t>(frame.value - first_)];
  }

  // The descriptors of the direct map's frames.
  [[nodiscard]] const PageDescriptors& direct_map() const { return direct_; }

  // Whether the direct map shows the frame; frames of the high zone need a FrameWindow.
  [[nodiscard]] bool HasPointer(FrameNumber frame) const {
    return frame.value - direct_first_ < direct_.pages();  // wraps for frames below the first
  }

  // Where the direct map shows the frame.
  [[nodiscard]] void* Pointer(FrameNumber frame) const {
    CHECK(HasPointer(frame));
    const uint64_t offset = (frame.value - direct_first_) << kPageShift;
    return reinterpret_cast<void*>(direct_.base() + static_cast<uintptr_t>(offset));
  }

  // The frame that holds a byte of the direct map.
  [[nodiscard]] FrameNumber FrameOf(const void* pointer) const {
    return {direct_first_ + direct_.IndexOf(pointer)};
  }

  // One more owner of a shared or copy-on-write frame, which has no mark. Error: kOutOfRange, when
  // there are kMostReferences already. Takes part in no other ordering: who adds a reference holds
  // one.
  [[nodiscard]] base::Result<> AddReference(FrameNumber frame) const {
    std::atomic_ref<uint32_t> count = Of(frame).Word();
    const uint32_t others = count.fetch_add(1, std::memory_order_relaxed);
    if (others < FrameDescriptor::kMostReferences) [[likely]]
      return {};
    CHECK(others < FrameDescriptor::kMarked);
    count.fetch_sub(1, std::memory_order_relaxed);
    return std::unexpected(base::Error::kOutOfRange);
  }

  // One owner less. True when it was the last: the frame is to be freed. What other owners did with
  // the frame before they dropped it is visible then.
  [[nodiscard]] bool DropReference(FrameNumber frame) const {
    std::atomic_ref<uint32_t> count = Of(frame).Word();
    if (count.load(std::memory_order_acquire) == 0) return true;  // only an owner adds one
    const uint32_t others = count.fetch_sub(1, std::memory_order_acq_rel);
    CHECK(others < FrameDescriptor::kMarked);
    if (others != 0) [[likely]]
      return false;
    count.store(0, std::memory_order_relaxed);  // the others went since; nobody else looks
    return true;
  }

  // Whether others own the frame too. Its only owner may write to it instead of copying it.
  [[nodiscard]] bool IsShared(FrameNumber frame) const {
    const std::atomic_ref<uint32_t> count = Of(frame).Word();
    const uint32_t others = count.load(std::memory_order_acquire);
    return others != 0 && others < FrameDescriptor::kMarked;
  }

  // How many own the frame. 0: nobody counts its owners, as it is a device's or has a mark.
  [[nodiscard]] uint32_t Owners(FrameNumber frame) const {
    if (frame.value - first_ >= descriptors_.size()) return 0;  // wraps for frames below the first
    const std::atomic_ref<uint32_t> count = Of(frame).Word();
    const uint32_t others = count.load(std::memory_order_relaxed);
    return others < FrameDescriptor::kMarked ? others + 1 : 0;
  }

  // The frames described.
  [[nodiscard]] FrameNumber first() const { return {first_}; }
  [[nodiscard]] PageCount pages() const { return {descriptors_.size()}; }

  // Zeroes the descriptors of some frames; those beyond the table do not count. The frame allocator
  // calls it for a block of frames before it gives out the first of them.
  void Prepare(FrameNumber first, PageCount pages) const {
    const uint64_t index = first.value - first_;
    if (index >= descriptors_.size()) return;
    const uint64_t left = descriptors_.size() - index;
    const uint64_t count = pages.value < left ? pages.value : left;
    std::memset(&descriptors_[static_cast<size_t>(index)], 0,
                static_cast<size_t>(count * kDescriptorBytes));
  }

 private:
  static constexpr size_t kDescriptorBytes = sizeof(FrameDescriptor);

  std::span<FrameDescriptor> descriptors_;
  uint64_t first_;  // the frame of descriptors_[0]
  uint64_t direct_first_;
  PageDescriptors direct_;
};

}  // namespace mm
