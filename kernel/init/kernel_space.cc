#include "kernel/init/kernel_space.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "kernel/base/bits.h"

namespace kernel {
namespace {

constexpr mm::PageAttributes KernelPage(mm::Access access, mm::Access user = mm::Access::kNone) {
  return {
      .user = user, .kernel = access, .caching = mm::Caching::kNormal, .scope = mm::Scope::kGlobal};
}

// Firmware's own memory is not ours to touch, and nobody needs defective pages.
bool IsOurRam(mm::MemoryState state) {
  return state != mm::MemoryState::kFirmwareReserved && state != mm::MemoryState::kUnusable;
}

// The first stretch of RAM that starts at or after `from`, across regions that touch.
std::optional<mm::PhysRange> NextRun(std::span<const mm::MemoryRegion> regions, mm::PhysAddr from) {
  const auto base_of = [](const mm::MemoryRegion& region) { return region.range().base; };
  auto region = std::ranges::lower_bound(regions, from, {}, base_of);
  while (region != regions.end() && !IsOurRam(region->state)) ++region;
  if (region == regions.end()) return std::nullopt;
  mm::PhysRange run = region->range();
  for (++region;
       region != regions.end() && IsOurRam(region->state) && mm::IsFollowedBy(run, region->range());
       ++region) {
    run.size_bytes += region->range().size_bytes;
  }
  return run;
}

}  // namespace

KernelSpace::KernelSpace(const mm::Layout& layout, Table table)
    : table_(std::move(table)),
      image_in_direct_map_(mm::FindService(layout, mm::Service::kImage) == nullptr) {}

base::Result<KernelSpace> KernelSpace::Create(const mm::Layout& layout, TableFrames& memory) {
  return KernelSpace(layout,
                     TRY(Table::Create(arch::KernelRoot(), arch::PagingFeatures(), memory)));
}

base::Result<> KernelSpace::MapImage(const Image& image) {
  for (const mm::ImageSection& section : image.sections()) {
    TRY(table_.Map(section.range, section.target, KernelPage(section.access, section.user)));
  }
  return {};
}

base::Result<> KernelSpace::MapRam(const mm::MemoryMap& map, const DirectMap& direct_map,
                                   const Image& image) {
  // Page tables are taken from the same map, which splits regions: a run is found by its address.
  mm::PhysAddr from{0};
  while (const auto run = NextRun(map.regions(), from)) {
    const mm::PhysRange shown = mm::Intersection(*run, direct_map.target());
    if (!shown.IsEmpty()) TRY(MapRun(shown, direct_map, image));
    from = run->last() + 1;
  }
  return {};
}

// Of the highest level on which no entry holds rows of both.
base::Result<> KernelSpace::ShareEntries(const mm::Layout& layout) {
  if (!table_.common().IsEmpty()) return {};
  const auto is_kernels = [](const mm::Region& row) {
    return mm::IsKernelService(row.service) && row.scope == mm::Scope::kGlobal;
  };
  const auto first = std::ranges::find_if(layout.regions, is_kernels);
  const auto last = std::ranges::find_last_if(layout.regions, is_kernels).begin();
  const mm::VirtRange rows = mm::FromFirstToLast(first->range.base, last->range.last());
  if (!arch::ContextReaches(rows.base)) return {};
  const mm::VirtRange& direct_map = mm::RegionWith(layout, mm::Service::kDirectMap).range;
  for (unsigned level = table_.shape().level; level > 0; --level) {
    const unsigned shift = arch::PagingPolicy::Level(level).shift;
    const mm::VirtRange blocks =
        mm::FromFirstToLast(mm::AlignDown(rows.base, base::Bit(shift)),
                            mm::VirtAddr{rows.last().value | base::LowBits(shift)});
    const bool holds_others = std::ranges::any_of(layout.regions, [&](const mm::Region& row) {
      const bool is_others = row.service != mm::Service::kUnused && !is_kernels(row);
      return is_others && row.range.Overlaps(blocks);
    });
    if (!holds_others) return table_.ShareEntries(rows, level, direct_map);
  }
  return std::unexpected(base::Error::kUnsupported);
}

// Cuts `run` at the image: plain RAM before and after it, its sections as they allow.
base::Result<> KernelSpace::MapRun(const mm::PhysRange& run, const DirectMap& direct_map,
                                   const Image& image) {
  const auto map = [&](const mm::PhysRange& part, mm::Access access) -> base::Result<> {
    if (part.IsEmpty()) return {};
    return table_.Map({direct_map.ToVirtual(part.base), part.size_bytes}, part.base,
                      KernelPage(access));
  };
  const mm::PhysRange whole = image.physical_range();
  if (!run.Overlaps(whole)) return map(run, mm::Access::kReadWrite);
  // The memory map holds the image as one region, so that a run has all of it or nothing.
  CHECK(run.Contains(whole));
  TRY(map({run.base, whole.base.value - run.base.value}, mm::Access::kReadWrite));
  if (!image_in_direct_map_) {
    for (const mm::ImageSection& section : image.sections()) {
      TRY(map({section.target, section.range.size_bytes},
              mm::Without(section.access, mm::Access::kExecute)));
    }
  }
  if (run.last() == whole.last()) return {};
  return map(mm::FromFirstToLast(whole.last() + 1, run.last()), mm::Access::kReadWrite);
}

}  // namespace kernel
