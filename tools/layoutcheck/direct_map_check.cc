#include "tools/layoutcheck/direct_map_check.h"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/layout.h"

namespace layoutcheck {
namespace {

void Judge(const PhysicalRange& hole, const PhysicalRange& reachable, DirectMapHoles& holes) {
  const uint64_t bytes = hole.last - hole.first + 1;
  const bool at_end = hole.first == reachable.first || hole.last == reachable.last;
  if (at_end && bytes <= kMostMissingAtEnds) {
    holes.bytes_at_ends += bytes;
  } else if (bytes == kPageBytes) {
    ++holes.single_pages;
  } else {
    holes.faults.push_back(hole);
  }
}

}  // namespace

DirectMapHoles FindHoles(const Region& region, PhysicalAddress target,
                         std::span<const PhysicalRange> ram, std::span<const PhysicalRange> shown) {
  DirectMapHoles holes;
  const PhysicalRange room = {target, target + (region.last - region.first)};
  for (const PhysicalRange& range : ram) {
    if (!range.Overlaps(room)) continue;
    const PhysicalRange reachable = {std::max(range.first, room.first),
                                     std::min(range.last, room.last)};
    // The first byte that is not known to be shown; nothing after the last one.
    std::optional<PhysicalAddress> next = reachable.first;
    for (const PhysicalRange& part : shown) {
      if (!next || part.last < *next || !part.Overlaps(reachable)) continue;
      if (*next < part.first) Judge({*next, {part.first.value - 1}}, reachable, holes);
      next = part.last < reachable.last ? std::optional(part.last + 1) : std::nullopt;
    }
    if (next) Judge({*next, reachable.last}, reachable, holes);
  }
  return holes;
}

}  // namespace layoutcheck
