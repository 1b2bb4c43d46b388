#include "kernel/init/kernel_space.h"

#include <optional>
#include <utility>

namespace kernel {
namespace {

constexpr mm::PageAttributes KernelPage(mm::Access access) {
  return {.user = mm::Access::kNone,
          .kernel = access,
          .caching = mm::Caching::kNormal,
          .scope = mm::Scope::kGlobal};
}

// Firmware's own memory is not ours to touch, and nobody needs defective pages.
bool IsOurRam(mm::MemoryState state) {
  return state != mm::MemoryState::kFirmwareReserved && state != mm::MemoryState::kUnusable;
}

// The next stretch of RAM at or after `index`, across regions that touch; moves `index` past it.
std::optional<mm::PhysRange> NextRun(std::span<const mm::MemoryRegion> regions, size_t& index) {
  while (index < regions.size() && !IsOurRam(regions[index].state)) ++index;
  if (index == regions.size()) return std::nullopt;
  mm::PhysRange run = regions[index++].range();
  while (index < regions.size() && IsOurRam(regions[index].state) &&
         mm::IsFollowedBy(run, regions[index].range())) {
    run.size_bytes += regions[index++].range().size_bytes;
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
    TRY(table_.Map(section.range, section.target, KernelPage(section.access)));
  }
  return {};
}

base::Result<> KernelSpace::MapRam(const mm::MemoryMap& map, const DirectMap& direct_map,
                                   const Image& image) {
  size_t index = 0;
  while (const auto run = NextRun(map.regions(), index)) {
    const mm::PhysRange shown = mm::Intersection(*run, direct_map.target());
    if (!shown.IsEmpty()) TRY(MapRun(shown, direct_map, image));
  }
  return {};
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
