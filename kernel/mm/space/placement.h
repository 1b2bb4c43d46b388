// Where in a process each kind of area goes, from the layout's table.
//
// Layouts with a region for each purpose have it there. Where one region is all of the process, the
// program and its heap are at the bottom, the stack is at the top with room to grow, and everything
// else comes below that room, downwards. A layout whose page tables are as large as the process
// (process_parts) does the same in the lowest part of its region, and goes on above it when that is
// full.
//
// Blocks of global shared memory have the layout's region for them, or where there is none, a part
// of the process's region that nothing else is given: the same in every process.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/ranges/vma_tree.h"
#include "kernel/mm/space/vma.h"

namespace mm {

// Room to look for a gap, and from which end.
struct PlacementWindow {
  VirtRange range;  // of one region, whole pages
  PageSpan pages;   // the same
  GapSide side;
  Access may;  // the most rights that pages there may have
};

// What each native thread has of its own, at the same addresses as every other one.
struct ThreadPlaces {
  VirtRange control;  // one page
  VirtRange queue;    // of messages, and a window for the pages that come with them
  VirtRange stack;    // as far as it may ever grow
};

class Placement {
 public:
  // What is kept free for a stack in a region that is not the stacks' own.
  static constexpr uint64_t kStackRoomBytes = uint64_t{8} << 20;
  // Never mapped, between a stack as far as it may grow and what is below.
  static constexpr uint64_t kGuardBytes = kPageSize;
  // Below it is a process that can do with a small page table: 256 bytes with TTBCR.N = 6.
  static constexpr uint64_t kSmallProcessBytes = uint64_t{64} << 20;
  // Below it a process has a small page table even when it uses shared memory: 1 KiB, TTBCR.N = 4.
  static constexpr uint64_t kSharedTopBytes = uint64_t{256} << 20;
  // Which part of the only region is for shared memory, and a multiple of what it is.
  static constexpr uint64_t kSharedDivisor = 8;
  static constexpr uint64_t kSharedAlignment = uint64_t{2} << 20;

  // `layout` stays.
  explicit Placement(const Layout& layout);

  // Where to look, first choice first. Empty: the layout has no place for it.
  [[nodiscard]] std::span<const PlacementWindow> WindowsFor(VmaKind kind, Access access) const {
    return windows_[RowOf(kind, access)].all();
  }

  // The region of the process that holds all of `range`; nothing if there is none.
  [[nodiscard]] const Region* RegionOf(const VirtRange& range) const;

  // Whether an area of that kind may lie in `range`, which is in one region: blocks where blocks
  // are, all else elsewhere. No stack grows into it.
  [[nodiscard]] bool IsPlaceFor(VmaKind kind, const VirtRange& range) const {
    return kind == VmaKind::kBlock ? shared_blocks_.Contains(range)
                                   : !shared_blocks_.Overlaps(range);
  }

  // Where blocks of global shared memory are.
  [[nodiscard]] const VirtRange& shared_blocks() const { return shared_blocks_; }

  // Whether pages of that region may have such an access and such memory.
  [[nodiscard]] static bool Admits(const Region& region, Access access, VmaKind kind);

  // The most rights that such pages may have.
  [[nodiscard]] static constexpr Access MostAccess(const Region& region) {
    return Has(region.user, Access::kImage) ? kAnyUserAccess : region.user;
  }

  // Where the heap starts in a process whose program ends with `program_last`.
  [[nodiscard]] VirtAddr HeapBase(VirtAddr program_last) const;

  // Nothing, where the layout has no rows for a thread's control block and its messages. The
  // stack's place is that of a process's first stack.
  [[nodiscard]] const std::optional<ThreadPlaces>& thread_places() const { return thread_places_; }

  // The first and the last byte that a process may ever map.
  [[nodiscard]] const VirtRange& bounds() const { return bounds_; }
  // The same of regions that are each process's own. A region for shared blocks may lie far behind,
  // with the kernel's or what no address is in between.
  [[nodiscard]] const VirtRange& own_bounds() const { return own_bounds_; }

 private:
  static constexpr size_t kMostWindows = 3;
  static constexpr size_t kKinds = 8;

  class Windows {
   public:
    void Add(const VirtRange& range, GapSide side, Access may) {
      windows_[count_++] = {range, PagesOf(range), side, may};
    }
    [[nodiscard]] std::span<const PlacementWindow> all() const {
      return std::span(windows_).first(count_);
    }

   private:
    static PageSpan PagesOf(const VirtRange& range) {
      return {static_cast<PageIndex>(range.base.value >> kPageShift),
              static_cast<PageIndex>(range.last().value >> kPageShift)};
    }

    std::array<PlacementWindow, kMostWindows> windows_;
    size_t count_ = 0;
  };

  // What runs may have to go elsewhere.
  static size_t RowOf(VmaKind kind, Access access) {
    return static_cast<size_t>(kind) + (Has(access, Access::kExecute) ? kKinds : 0);
  }
  void PlaceInRegions();
  void PlaceInOneRegion();
  void PlaceThreads(const VirtRange& stack);
  void AddWindow(VmaKind kind, Access access, const Region* region, GapSide side);
  void AddWindowForAll(std::span<const VmaKind> kinds, const VirtRange& range, GapSide side,
                       Access may);

  const Layout* layout_;
  VirtRange bounds_;
  VirtRange own_bounds_;
  std::optional<ThreadPlaces> thread_places_;
  VirtRange shared_blocks_;
  std::array<Windows, 2 * kKinds> windows_;
};

}  // namespace mm
