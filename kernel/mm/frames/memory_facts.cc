#include "kernel/mm/frames/memory_facts.h"

#include <algorithm>
#include <optional>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/memory_map.h"
#include "kernel/mm/facts/range.h"

namespace mm {
namespace {

using Regions = std::span<const MemoryRegion>;

// The first region that does not lie wholly below `pa`.
Regions::iterator FirstAtOrAfter(Regions memory, PhysAddr pa) {
  return std::ranges::lower_bound(memory, FrameContaining(pa), {}, &MemoryRegion::last);
}

template <class Predicate>
std::optional<PhysAddr> FindState(Regions memory, const PhysRange& range, Predicate wanted) {
  for (auto region = FirstAtOrAfter(memory, range.base); region != memory.end(); ++region) {
    if (!region->range().Overlaps(range)) return std::nullopt;
    if (wanted(region->state)) return std::max(region->range().base, range.base);
  }
  return std::nullopt;
}

bool IsRam(MemoryState state) {
  switch (state) {
    case MemoryState::kUsable:
    case MemoryState::kFirmwareReclaimable:
    case MemoryState::kFirmwareTables:
    case MemoryState::kKernelImage:
    case MemoryState::kModule:
    case MemoryState::kKernelTables:
    case MemoryState::kPageDescriptors:
      return true;
    case MemoryState::kFirmwareReserved:  // may be flash, or registers
    case MemoryState::kUnusable:
      return false;
  }
  return false;
}

bool IsReachedByKernel(MemoryState state) {
  return state == MemoryState::kUsable || state == MemoryState::kKernelTables ||
         state == MemoryState::kPageDescriptors;
}

}  // namespace

std::optional<PhysAddr> FindRam(Regions memory, const PhysRange& range) {
  return FindState(memory, range, IsRam);
}

std::optional<PhysAddr> FindReachedByKernel(Regions memory, const PhysRange& range) {
  return FindState(memory, range, IsReachedByKernel);
}

std::optional<PhysAddr> FindUnknown(Regions memory, const PhysRange& range) {
  PhysAddr at = range.base;
  for (auto region = FirstAtOrAfter(memory, at); region != memory.end(); ++region) {
    if (!region->range().Contains(at)) return at;
    if (region->range().last() >= range.last()) return std::nullopt;
    at = region->range().last() + 1;
  }
  return at;
}

}  // namespace mm
