// Compares what page tables map with a layout.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/elf_image.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/table_walk.h"

namespace layoutcheck {

struct RegionSummary {
  uint64_t pages = 0;     // of kPageBytes
  uint64_t mappings = 0;  // table entries
};

struct CheckInput {
  const Layout& layout;
  std::span<const PhysicalRange> ram;  // ascending, disjoint
  std::span<const Mapping> runs;       // ascending, maximal
  std::span<const WalkFault> walk_faults;
  const ElfImage* image = nullptr;  // if it is known
};

struct CheckReport {
  std::vector<RegionSummary> regions;  // one for each, in the layout's order
  uint64_t mappings = 0;
  std::vector<Finding> findings;   // by address; neighbours of a kind are one
  std::vector<std::string> notes;  // what is no fault and yet worth knowing
};

[[nodiscard]] CheckReport CheckLayout(const CheckInput& input);

}  // namespace layoutcheck
