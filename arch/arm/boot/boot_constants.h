// What start.S needs to know of the layout, the board and the page tables, so that no number is
// written down twice. start.S reads them before the MMU is on, at their physical addresses.
#pragma once

#include <cstdint>

namespace arch::arm {

// How many sections of the direct map the boot tables show from its start: enough for the image,
// early tables and page descriptors on every machine, and no more than the smallest has.
inline constexpr uint32_t kBootMappedSections = 64;
inline constexpr uint64_t kSectionBytes = uint64_t{1} << 20;

// The longest device tree whose every byte start.S is sure to map.
inline constexpr uint64_t kMaxTreeBytes = 2 * kSectionBytes;

}  // namespace arch::arm
