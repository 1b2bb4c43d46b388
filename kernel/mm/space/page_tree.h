// The pages of an object by their number: a radix tree of frames, as deep as the highest page
// needs. An object of one page has no node.
//
// Not locked: it belongs to whoever has one. It owns its nodes and not the frames.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/base/function_ref.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/heap/slab_cache.h"

namespace mm {

class PageTree {
 public:
  static constexpr unsigned kIndexBits = 6;
  static constexpr size_t kSlots = size_t{1} << kIndexBits;
  // Pages have numbers below this: bytes count up to 2^63.
  static constexpr unsigned kNumberBits = 51;

 private:
  // A frame and 1, or the address of a node; 0 for nothing.
  using Slot = uintptr_t;
  struct Node {
    std::array<Slot, kSlots> slots;
  };

 public:
  static constexpr size_t kNodeBytes = sizeof(Node);

  // `nodes` has objects of kNodeBytes, and outlives this.
  explicit PageTree(SlabCache& nodes) : nodes_(nodes) {}
  PageTree(const PageTree&) = delete;
  PageTree& operator=(const PageTree&) = delete;
  // CHECKed: no page is left.
  ~PageTree();

  // O(levels).
  [[nodiscard]] std::optional<FrameNumber> Find(uint64_t number) const;

  // The number of the first page from `number` on. O(levels).
  [[nodiscard]] std::optional<uint64_t> FindFrom(uint64_t number) const;

  // CHECKed: there is no such page. Error: kOutOfMemory, and nothing has changed. O(levels).
  [[nodiscard]] base::Result<> Insert(uint64_t number, FrameNumber frame);

  // Forgets the pages from `first` on, and calls `visit` with each one's frame.
  void RemoveFrom(uint64_t first, base::FunctionRef<void(FrameNumber)> visit);

  // How many pages there are.
  [[nodiscard]] PageCount pages() const { return {pages_}; }

  // Error: kCorrupt. O(nodes).
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  static Slot SlotOf(FrameNumber frame) { return static_cast<Slot>(frame.value) + 1; }
  static FrameNumber FrameOf(Slot slot) { return {slot - 1}; }
  static Node& NodeOf(Slot slot) { return *reinterpret_cast<Node*>(slot); }
  static size_t IndexAt(uint64_t number, unsigned level) {
    return static_cast<size_t>(number >> (level - 1) * kIndexBits) & (kSlots - 1);
  }
  [[nodiscard]] bool Reaches(uint64_t number) const { return number >> levels_ * kIndexBits == 0; }

  [[nodiscard]] base::Result<Slot> NewNode();
  [[nodiscard]] base::Result<> Deepen(uint64_t number);
  void FlattenUnused();
  [[nodiscard]] static std::optional<uint64_t> FindFromIn(Slot slot, unsigned level,
                                                          uint64_t first);
  void RemoveIn(Slot& slot, unsigned level, uint64_t first,
                base::FunctionRef<void(FrameNumber)> visit);
  [[nodiscard]] static base::Result<uint64_t> CountIn(Slot slot, unsigned level);

  SlabCache& nodes_;
  Slot root_ = 0;
  unsigned levels_ = 0;  // of nodes, from the root to a page
  uint64_t pages_ = 0;
};

}  // namespace mm
