// What a range allocator should do, granule by granule: for tests.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/ranges/range_allocator.h"

namespace mm {

// A space of kGranules granules. Addresses are counted in granules from its base.
template <size_t kGranules>
class RangeAllocatorModel {
 public:
  struct Run {
    size_t first;
    size_t count;
  };

  RangeAllocatorModel(VirtAddr base, uint64_t granule_bytes)
      : base_(base), granule_bytes_(granule_bytes) {}

  [[nodiscard]] VirtRange space() const { return RangeOf({0, kGranules}); }
  [[nodiscard]] VirtRange RangeOf(const Run& run) const {
    return {base_ + run.first * granule_bytes_, run.count * granule_bytes_};
  }

  // Where AllocateAligned() has to place `count` granules.
  [[nodiscard]] std::optional<Run> Place(size_t count, uint64_t alignment) const {
    std::optional<Run> fits;  // the first that fits at all
    unsigned tries = 0;
    std::optional<Run> free = NextFree(std::nullopt, count);
    for (; free; free = NextFree(free, count)) {
      const std::optional<Run> placed = PlaceIn(*free, count, alignment);
      const uint64_t most_skipped = alignment > granule_bytes_ ? alignment - granule_bytes_ : 0;
      const bool sure = free->count * granule_bytes_ >= count * granule_bytes_ + most_skipped;
      if (placed && (tries < RangeAllocator::kAlignedTries || sure)) return placed;
      if (placed && !fits) fits = placed;
      ++tries;
    }
    return fits;
  }

  [[nodiscard]] bool IsFree(const Run& run) const {
    for (size_t i = run.first; i < run.first + run.count; ++i) {
      if (owner_[i] != kFree) return false;
    }
    return true;
  }

  void Take(const Run& run) {
    ++last_owner_;
    for (size_t i = run.first; i < run.first + run.count; ++i) owner_[i] = last_owner_;
  }

  // What Free() has to say; on success the run is free.
  [[nodiscard]] std::optional<RangeFault> Free(const Run& run) {
    if (IsFree(run)) return RangeFault::kDoubleFree;
    const std::optional<Run> held = AllocatedAt(run.first);
    if (!held || held->first != run.first) return RangeFault::kNeverAllocated;
    if (held->count != run.count) return RangeFault::kWrongSize;
    for (size_t i = run.first; i < run.first + run.count; ++i) owner_[i] = kFree;
    return std::nullopt;
  }

  // The allocated run that holds a granule.
  [[nodiscard]] std::optional<Run> AllocatedAt(size_t granule) const {
    if (owner_[granule] == kFree) return std::nullopt;
    return RunAt(granule);
  }

  // Whether the allocator shows exactly this.
  [[nodiscard]] bool Shows(const RangeAllocator& allocator) const {
    size_t next = 0;
    bool same = true;
    RangeAllocator::Statistics counted;
    allocator.ForEach([&](const VirtRange& range, RangeAllocator::State state) {
      if (!same || next >= kGranules) {
        same = false;
        return;
      }
      const Run run = RunAt(next);
      const bool is_free = owner_[next] == kFree;
      same = range == RangeOf(run) && is_free == (state == RangeAllocator::State::kFree);
      (is_free ? counted.free_bytes : counted.allocated_bytes) += range.size_bytes;
      ++(is_free ? counted.free_ranges : counted.allocated_ranges);
      if (is_free && range.size_bytes > counted.largest_free_bytes) {
        counted.largest_free_bytes = range.size_bytes;
      }
      next += run.count;
    });
    const RangeAllocator::Statistics said = allocator.statistics();
    return same && next == kGranules && said.free_bytes == counted.free_bytes &&
           said.free_ranges == counted.free_ranges &&
           said.largest_free_bytes == counted.largest_free_bytes &&
           said.allocated_bytes == counted.allocated_bytes &&
           said.allocated_ranges == counted.allocated_ranges;
  }

 private:
  static constexpr uint32_t kFree = 0;

  [[nodiscard]] Run RunAt(size_t granule) const {
    size_t first = granule;
    size_t last = granule;
    while (first > 0 && owner_[first - 1] == owner_[granule]) --first;
    while (last + 1 < kGranules && owner_[last + 1] == owner_[granule]) ++last;
    return {first, last - first + 1};
  }

  // The free run that comes next by size and address after `previous`, of at least `count`.
  [[nodiscard]] std::optional<Run> NextFree(const std::optional<Run>& previous,
                                            size_t count) const {
    std::optional<Run> best;
    for (size_t i = 0; i < kGranules;) {
      const Run run = RunAt(i);
      const bool is_free = owner_[i] == kFree;
      i += run.count;
      if (!is_free || run.count < count) continue;
      if (previous && !Comes(*previous, run)) continue;
      if (!best || Comes(run, *best)) best = run;
    }
    return best;
  }

  static bool Comes(const Run& before, const Run& after) {
    return before.count != after.count ? before.count < after.count : before.first < after.first;
  }

  [[nodiscard]] std::optional<Run> PlaceIn(const Run& free, size_t count,
                                           uint64_t alignment) const {
    for (size_t first = free.first; first + count <= free.first + free.count; ++first) {
      if (IsAligned(base_ + first * granule_bytes_, alignment)) return Run{first, count};
    }
    return std::nullopt;
  }

  VirtAddr base_;
  uint64_t granule_bytes_;
  uint32_t last_owner_ = kFree;
  std::array<uint32_t, kGranules> owner_{};
};

}  // namespace mm
