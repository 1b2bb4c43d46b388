#include "kernel/mm/frames/boot_allocator.h"

#include <bit>
#include <optional>

namespace mm {
namespace {

// The highest run in `range` of the wanted size and alignment.
std::optional<PhysRange> HighestRun(const PhysRange& range, uint64_t size_bytes,
                                    uint64_t alignment) {
  if (range.size_bytes < size_bytes) return std::nullopt;
  const PhysAddr base = AlignDown(range.base + (range.size_bytes - size_bytes), alignment);
  if (base < range.base) return std::nullopt;
  return PhysRange{base, size_bytes};
}

// The whole pages in `range`.
PhysRange WholePages(const PhysRange& range) {
  const uint64_t offset = (kPageSize - range.base.value % kPageSize) % kPageSize;
  if (range.size_bytes < offset + kPageSize) return {range.base, 0};
  return {range.base + offset, base::AlignDown(range.size_bytes - offset, kPageSize)};
}

}  // namespace

base::Result<PhysRange> BootAllocator::Allocate(PageCount pages, uint64_t alignment,
                                                MemoryState state) {
  if (pages.value == 0 || !std::has_single_bit(alignment) || alignment < kPageSize) {
    return std::unexpected(base::Error::kInvalidArgument);
  }
  const PhysRange limits = WholePages(reachable_);
  const std::span<const MemoryRegion> regions = map_.regions();
  for (size_t i = regions.size(); i-- > 0;) {
    if (regions[i].state != MemoryState::kUsable) continue;
    const PhysRange available = Intersection(regions[i].range(), limits);
    const std::optional<PhysRange> run = HighestRun(available, pages.bytes(), alignment);
    if (!run) continue;
    TRY(map_.Reserve(*run, state));
    return *run;
  }
  return std::unexpected(base::Error::kOutOfMemory);
}

}  // namespace mm
