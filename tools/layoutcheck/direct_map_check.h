// Whether a direct map shows the memory it should.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/layout.h"

namespace layoutcheck {

// Firmware keeps some memory at the ends of a range of RAM: so much may be missing there.
inline constexpr uint64_t kMostMissingAtEnds = uint64_t{1} << 20;

// RAM that the direct map could show and does not.
struct DirectMapHoles {
  std::vector<PhysicalRange> faults;
  // Not shown, and no fault: single pages, as the guard page of a stack is one, and ends of RAM.
  uint64_t single_pages = 0;
  uint64_t bytes_at_ends = 0;
};

// `region` is the direct map of `target`; `shown` are the frames it maps, ascending and disjoint.
[[nodiscard]] DirectMapHoles FindHoles(const Region& region, PhysicalAddress target,
                                       std::span<const PhysicalRange> ram,
                                       std::span<const PhysicalRange> shown);

}  // namespace layoutcheck
