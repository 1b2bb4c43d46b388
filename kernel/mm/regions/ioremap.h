// ioremap and iounmap: a device's registers in the kernel's address space.
#pragma once

#include <cstdint>
#include <expected>
#include <span>
#include <string_view>

#include "kernel/base/result.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/memory_facts.h"
#include "kernel/mm/regions/vmalloc_areas.h"

namespace mm {

// Maps `size_bytes` of registers at `base`, uncached, in an area of `areas`, a Vmalloc. `base` need
// not be aligned: the result addresses the same byte. Each request has pages of its own, also where
// requests overlap or share a page: all of them are uncached, so that one sees what another writes,
// and each is unmapped by itself. `memory` is the memory map's regions: RAM is cached in the direct
// map, and a second, uncached mapping of it would be undefined on ARM (DDI 0406C, A3.5.7).
// Errors: kInvalidArgument (empty or wrapping), kOverlap (some of it is RAM), kOutOfRange (beyond
// what page tables can address), kOutOfMemory. `name` outlives the mapping.
template <class Areas>
[[nodiscard]] base::Result<VirtAddr> IoRemap(Areas& areas, std::span<const MemoryRegion> memory,
                                             PhysAddr base, uint64_t size_bytes,
                                             std::string_view name) {
  const PhysRange registers{base, size_bytes};
  if (registers.IsEmpty() || registers.Wraps()) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  const PhysAddr first_page = AlignDown(base, kPageSize);
  const PhysAddr last_page = AlignDown(registers.last(), kPageSize);
  const PhysRange pages = FromFirstToLast(first_page, last_page + (kPageSize - 1));
  if (FindRam(memory, pages)) return std::unexpected(base::Error::kOverlap);
  return areas.MapDevice(registers, name);
}

// Unmaps what IoRemap() returned; never fails for lack of memory.
template <class Areas>
[[nodiscard]] std::expected<void, AreaFault> IoUnmap(Areas& areas, VirtAddr va) {
  return areas.UnmapDevice(va);
}

}  // namespace mm
