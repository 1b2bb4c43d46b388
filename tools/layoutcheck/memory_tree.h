// What QEMU's monitor says of the guest's physical memory: `info mtree -f`.
#pragma once

#include <string_view>
#include <vector>

#include "tools/layoutcheck/address.h"

namespace layoutcheck {

// Both ascending and disjoint; neighbours are joined.
struct MemoryTree {
  std::vector<PhysicalRange> ram;
  std::vector<PhysicalRange> memory;  // RAM and ROM: reading it has no side effects
};

// Reads the flat view of the address space "memory". Empty if there is none.
[[nodiscard]] MemoryTree ParseMemoryTree(std::string_view text);

}  // namespace layoutcheck
