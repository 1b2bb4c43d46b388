// What page tables map: single entries, and maximal runs of them.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {

// A run of pages of one size with the same attributes, contiguous on both sides.
struct Mapping {
  VirtualAddress first;
  uint64_t bytes;  // at most 2^63: half of the address space
  PhysicalAddress target;
  uint64_t page_bytes;
  Attributes attributes;
  uint64_t entries = 1;  // table entries, one for each page

  [[nodiscard]] constexpr VirtualAddress last() const { return first + (bytes - 1); }
  [[nodiscard]] constexpr PhysicalRange frames() const { return {target, target + (bytes - 1)}; }
  friend constexpr bool operator==(const Mapping&, const Mapping&) = default;
};

// Gathers mappings into runs, up to a number that no sound guest needs.
class MappingCollector {
 public:
  static constexpr size_t kMostRuns = size_t{1} << 22;

  void Add(const Mapping& mapping);

  // Whether there was no room for a mapping.
  [[nodiscard]] bool IsFull() const { return runs_.size() == kMostRuns; }

  // Everything added, ascending, in maximal runs. The collector is empty afterwards.
  [[nodiscard]] std::vector<Mapping> TakeRuns();

 private:
  std::vector<Mapping> runs_;
};

}  // namespace layoutcheck
