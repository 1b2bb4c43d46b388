// A set of physical ranges that is filled first and asked afterwards.
#pragma once

#include <algorithm>
#include <optional>
#include <vector>

#include "tools/layoutcheck/address.h"

namespace layoutcheck {

class FrameSet {
 public:
  void Add(const PhysicalRange& range) { ranges_.push_back(range); }

  // Ends filling.
  void Seal() {
    std::ranges::sort(ranges_, {}, &PhysicalRange::first);
    std::vector<PhysicalRange> joined;
    for (const PhysicalRange& range : ranges_) {
      if (joined.empty() || joined.back().last < range.first) {
        joined.push_back(range);
      } else {
        joined.back().last = std::max(joined.back().last, range.last);
      }
    }
    ranges_ = std::move(joined);
  }

  // The first part of `range` that is in the set. O(log n).
  [[nodiscard]] std::optional<PhysicalRange> FindOverlap(const PhysicalRange& range) const {
    const auto found = std::ranges::lower_bound(ranges_, range.first, {}, &PhysicalRange::last);
    if (found == ranges_.end() || !found->Overlaps(range)) return std::nullopt;
    return PhysicalRange{std::max(found->first, range.first), std::min(found->last, range.last)};
  }

 private:
  std::vector<PhysicalRange> ranges_;
};

}  // namespace layoutcheck
