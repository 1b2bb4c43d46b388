// What start.S needs to know of the layout, the board and the page tables, so that no number is
// written down twice. start.S reads them before the MMU is on, at their physical addresses.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "layouts/selected.h"

namespace arch::arm {

inline constexpr uint64_t kSectionBytes = uint64_t{1} << 20;

inline constexpr mm::VirtRange kDirectMap =
    mm::RegionWith(*layouts::selected::kLayouts.front(), mm::Service::kDirectMap).range;

// How much of the direct map the boot tables show from its start: enough for the image, early
// tables and page descriptors on every machine, and no more than the smallest has.
inline constexpr uint64_t kBootMappedBytes = std::min(kDirectMap.size_bytes, 64 * kSectionBytes);

// The longest device tree whose every byte start.S is sure to map.
inline constexpr uint64_t kMaxTreeBytes = 2 * kSectionBytes;

}  // namespace arch::arm
