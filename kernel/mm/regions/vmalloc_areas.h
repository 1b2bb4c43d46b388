// Areas of the layout's vmalloc region: which addresses are whose. Knows nothing of page tables.
//
// Each area has an unmapped page behind it, its guard, and the region starts with one, so that
// there is a guard on both sides of every area. A freed area is parked: its addresses stay taken
// until no processor can reach memory through them any more. Not locked: Vmalloc orders the calls.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>

#include "kernel/base/function_ref.h"
#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/node_pool.h"
#include "kernel/mm/frames/page_source.h"
#include "kernel/mm/ranges/key_tree.h"
#include "kernel/mm/ranges/range_allocator.h"
#include "kernel/mm/ranges/spare_nodes.h"

namespace mm {

enum class AreaKind : uint8_t {
  kMemory,    // frames of its own
  kDevice,    // registers
  kReserved,  // addresses only; whoever has them maps what he likes
};

// What a person reads, for example "memory".
[[nodiscard]] std::string_view AreaKindName(AreaKind kind);

enum class AreaState : uint8_t {
  kUnfinished,  // its maker still maps it
  kLive,
  kParked,  // freed
};

struct VmallocArea {
  // What the area's owner may use. Its guard is the page behind.
  VirtRange range = {};
  std::string_view name = {};  // whose; outlives the area
  AreaKind kind = AreaKind::kMemory;
  AreaState state = AreaState::kUnfinished;
  // kMemory: its frames, in the order of its pages; each one's descriptor leads to the next.
  FrameNumber first_frame = {};
  uint64_t frames = 0;
  // kDevice: what was asked for; its first byte need not be a page's.
  PhysRange target = {};
  VmallocArea* next_parked = nullptr;

  [[nodiscard]] PageCount pages() const { return PagesIn(range.size_bytes); }
  [[nodiscard]] VirtRange guard() const { return {range.last() + 1, kPageSize}; }
};

// Why an area cannot be freed. Nothing has changed.
enum class AreaFault : uint8_t {
  kNeverAllocated,   // no area holds the address
  kInteriorAddress,  // an area holds it, but does not start there
  kDoubleFree,       // its area is parked: freed before
  kWrongKind,        // a device freed as memory, or the like
};

[[nodiscard]] std::string_view AreaFaultName(AreaFault fault);

// Where an address lies, for the report of a fault.
struct AreaPlace {
  enum class Where : uint8_t { kInside, kGuardBehind, kGuardBefore };
  Where where;
  VmallocArea area;
};

class VmallocAreas {
 public:
  struct Statistics {
    uint64_t areas = 0;  // those that are not parked
    PageCount memory_pages;
    PageCount device_pages;
    uint64_t parked_areas = 0;
    PageCount parked_pages;
    RangeAllocator::Statistics addresses;
  };

  // `source` outlives this.
  explicit VmallocAreas(PageSource& source);
  VmallocAreas(const VmallocAreas&) = delete;
  VmallocAreas& operator=(const VmallocAreas&) = delete;
  ~VmallocAreas();

  // Called once, before all else. `region` is whole pages. Errors: those of RangeAllocator::Start.
  [[nodiscard]] base::Result<> Start(const VirtRange& region);

  // A new area of whole pages, unfinished. Errors: those of RangeAllocator::AllocateAligned.
  [[nodiscard]] base::Result<VmallocArea*> Add(PageCount pages, uint64_t alignment, AreaKind kind,
                                               std::string_view name);

  // From here on it may be freed.
  void Finish(VmallocArea& area);

  // The live area of this kind that starts at `base`.
  [[nodiscard]] std::expected<VmallocArea*, AreaFault> FindLive(VirtAddr base, AreaKind kind);

  // Of a live or unfinished area; its addresses stay taken. Cannot fail.
  void Park(VmallocArea& area);
  // The area that was parked last, which is parked no more and must be removed.
  [[nodiscard]] VmallocArea* TakeParked();
  // Gives the addresses of what TakeParked() gave back. Cannot fail.
  void Remove(VmallocArea& area);

  // The area that holds `va`, or whose guard, or the guard before it, does. O(log n).
  [[nodiscard]] std::optional<AreaPlace> Find(VirtAddr va) const;

  // Ascending, live and parked ones. O(n).
  using Visitor = base::FunctionRef<void(const VmallocArea&)>;
  void ForEach(Visitor visit) const;

  [[nodiscard]] bool has_parked() const { return parked_ != nullptr; }
  [[nodiscard]] PageCount parked_pages() const { return counts_.parked_pages; }

  // O(log n).
  [[nodiscard]] Statistics statistics() const;
  [[nodiscard]] base::Result<> CheckInvariants() const;

 private:
  struct ByBase {
    struct Key {
      uint64_t base;
      VmallocArea* area;
    };
    static bool IsNotAfter(const Key& left, const Key& right) { return left.base <= right.base; }
    static Key Before(const Key& key) { return key; }
  };
  using Index = KeyTree<ByBase>;

  // The area with the highest base up to `va`.
  [[nodiscard]] VmallocArea* FindLastUpTo(VirtAddr va) const;
  void CountIn(const VmallocArea& area);
  void CountOut(const VmallocArea& area);

  RangeAllocator ranges_;
  NodePool records_;
  SpareNodes nodes_;
  Index index_;
  VmallocArea* parked_ = nullptr;
  Statistics counts_;
};

}  // namespace mm
