#include "tools/layoutcheck/image_parts.h"

#include <algorithm>
#include <cstddef>
#include <format>
#include <span>
#include <string>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

struct Sides {
  Rights user = Rights::kNone;
  Rights kernel = Rights::kNone;

  friend bool operator==(const Sides&, const Sides&) = default;
};

Sides SidesOf(const Part& part) { return {part.user, part.kernel}; }

std::string TextOf(const Sides& sides) {
  return std::format("user {} kernel {}", Text(sides.user), Text(sides.kernel));
}

// Pages that lie side by side and are mapped alike, or not at all.
struct Stretch {
  VirtualAddress first;
  VirtualAddress last;
  Sides sides;
};

// All of [first, last], holes included.
std::vector<Stretch> Cut(std::span<const Mapping> runs, VirtualAddress first, VirtualAddress last) {
  std::vector<Stretch> stretches;
  VirtualAddress next = first;
  for (const Mapping& run : runs) {
    if (run.last() < next) continue;
    if (last < run.first) break;
    const VirtualAddress from = std::max(run.first, next);
    const VirtualAddress to = std::min(run.last(), last);
    if (next < from) stretches.push_back({next, {from.value - 1}, {}});
    stretches.push_back({from, to, {run.attributes.user, run.attributes.kernel}});
    if (to == last) return stretches;
    next = to + 1;
  }
  stretches.push_back({next, last, {}});
  return stretches;
}

// The last part that has the rights of the one at `index` and follows it side by side.
size_t LastAlike(std::span<const Part> parts, size_t index) {
  while (index + 1 < parts.size() && SidesOf(parts[index + 1]) == SidesOf(parts[index])) ++index;
  return index;
}

}  // namespace

std::vector<Finding> CheckImageParts(const Layout& layout, std::span<const Mapping> runs) {
  std::vector<Finding> findings;
  const std::span<const Part> parts = layout.image_parts;
  if (parts.empty() || !layout.image_link_base) return findings;
  const Region* const region = FindRegion(layout, *layout.image_link_base);
  if (region == nullptr) return findings;

  size_t at = LastAlike(parts, 0);
  for (const Stretch& stretch : Cut(runs, *layout.image_link_base, region->last)) {
    if (stretch.sides == SidesOf(parts[at])) continue;
    const bool is_last = at + 1 == parts.size();
    if (!is_last && stretch.sides == SidesOf(parts[at + 1])) {
      at = LastAlike(parts, at + 1);
      continue;
    }
    if (is_last && stretch.sides == Sides{}) continue;
    const bool is_opened = parts[at].user == Rights::kNone && stretch.sides.user != Rights::kNone;
    findings.push_back({is_opened ? FaultKind::kUserAccess : FaultKind::kPartRights, region->name,
                        stretch.first, stretch.last,
                        std::format("{}, where part '{}' has {}", TextOf(stretch.sides),
                                    parts[at].name, TextOf(SidesOf(parts[at])))});
  }
  if (at + 1 < parts.size()) {
    findings.push_back({FaultKind::kPartRights, region->name, region->last, region->last,
                        std::format("nothing has the rights of part '{}', {}", parts[at + 1].name,
                                    TextOf(SidesOf(parts[at + 1])))});
  }
  return findings;
}

}  // namespace layoutcheck
