// Questions about the memory map that the layout verifier asks. `memory` is ascending and disjoint;
// each answer is the first byte of `range` that is so, and costs O(log n) and the regions crossed.
#pragma once

#include <optional>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"

namespace mm {

// Memory that stores bytes, and must be cached wherever it is mapped.
[[nodiscard]] std::optional<PhysAddr> FindRam(std::span<const MemoryRegion> memory,
                                              const PhysRange& range);

// Memory that the kernel reaches by arithmetic: free frames, page tables, page descriptors.
[[nodiscard]] std::optional<PhysAddr> FindReachedByKernel(std::span<const MemoryRegion> memory,
                                                          const PhysRange& range);

// What the memory map does not mention: device registers, or nothing at all.
[[nodiscard]] std::optional<PhysAddr> FindUnknown(std::span<const MemoryRegion> memory,
                                                  const PhysRange& range);

}  // namespace mm
