// Whether the parts of an image, or of a process, lie as their layout packs them.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"

namespace mm {

// A part where it was put; an empty one keeps its place in the order.
struct PlacedPart {
  std::string_view name;
  VirtRange range;
};

// The address at which the first part begins that is not the one its table names there, or does not
// begin where the part before it ends; the first begins at `base`. When the parts placed end early,
// the address where the next should be. Nothing when all is as it should be.
[[nodiscard]] constexpr std::optional<VirtAddr> FindMisplacedPart(
    std::span<const Part> parts, std::span<const PlacedPart> placed, VirtAddr base) {
  VirtAddr next = base;
  for (size_t index = 0; index < placed.size(); ++index) {
    const PlacedPart& at = placed[index];
    if (index >= parts.size() || parts[index].name != at.name) return at.range.base;
    if (parts[index].start == PartStart::kPage) next = AlignUp(next, kPageSize);
    if (at.range.base != next) return at.range.base;
    if (!at.range.IsEmpty()) next = at.range.last() + 1;
  }
  if (placed.size() < parts.size()) return next;
  return std::nullopt;
}

}  // namespace mm
