// An address-space layout as data: one row per region, each with its reason. layouts/ holds the
// tables; layout_fault.h refuses unsound ones while compiling, layout_digest.h names their content
// in 64 bits, layout_verify.h compares live page tables with them.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/bits.h"
#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/range.h"

namespace mm {

struct Region {
  std::string_view name;
  VirtRange range;
  Access user;    // upper bound of what user mode may do with a page here
  Access kernel;  // the same for the kernel; a user region's pages are read by checked copies only
  Caching caching;
  Scope scope;
  Service service;
  Growth growth;
  Guards guards;
  std::string_view why;  // the reason of this row, for the documentation and the boot log
};

// Where a part begins.
enum class PartStart : uint8_t {
  kPage,    // with the first page that the part before it leaves
  kPacked,  // with the first byte that it leaves: the two share a page, and so their rights
};

[[nodiscard]] constexpr std::string_view PartStartName(PartStart start) {
  return start == PartStart::kPage ? "page" : "packed";
}

// A part of the kernel image or of a process. Where one region holds several things side by side,
// their order and packing are the layout's, and their sizes are known when they are linked or run.
struct Part {
  std::string_view name;
  PartStart start;
  Access user;
  Access kernel;
  Growth growth;  // kDown: a stack, whose overflow meets the part before it
  std::string_view why;
};

// Which virtual addresses the machine can form.
struct HardwareShape {
  enum class Extension : uint8_t {
    kSign,  // bits above the top one repeat it: x86_64 canonical addresses, with a hole in the
            // middle
    kZero,  // bits above the top one are 0: a 32-bit machine
  };

  unsigned address_bits;
  Extension extension;
  uint64_t page_bytes;
};

// Rows of a table, so that what is found out about each has a place without an allocator.
inline constexpr size_t kMaximumRegions = 32;

struct Layout {
  std::string_view name;
  HardwareShape shape;
  std::span<const Region> regions;           // ascending, at most kMaximumRegions
  uint64_t promised_ram_bytes;               // RAM that the direct map must have room for
  PhysAddr direct_map_target;                // what the first byte of the direct map reaches
  VirtAddr image_link_base;                  // where the first byte of the kernel image runs
  PhysAddr image_load_base;                  // and where it lies
  std::span<const Part> image_parts = {};    // from image_link_base up; none: sections of rx, r, rw
  std::span<const Part> process_parts = {};  // from the bottom of the process's region up
};

// Whether the machine can form this address.
[[nodiscard]] constexpr bool IsAddressable(const HardwareShape& shape, VirtAddr va) {
  constexpr unsigned kWordBits = 64;
  if (shape.extension == HardwareShape::Extension::kZero) {
    return va.value <= base::LowBits(shape.address_bits);
  }
  const unsigned unused_bits = kWordBits - shape.address_bits;
  return static_cast<int64_t>(va.value << unused_bits) >> unused_bits ==
         static_cast<int64_t>(va.value);
}

// The row that holds `va`, or nothing. O(log n): rows are sorted and disjoint.
[[nodiscard]] constexpr const Region* FindRegion(const Layout& layout, VirtAddr va) {
  const auto row = std::ranges::upper_bound(layout.regions, va, {},
                                            [](const Region& region) { return region.range.base; });
  if (row == layout.regions.begin()) return nullptr;
  const Region& region = *(row - 1);
  return region.range.Contains(va) ? &region : nullptr;
}

// The first row with this service, or nothing.
[[nodiscard]] constexpr const Region* FindService(const Layout& layout, Service service) {
  const auto row = std::ranges::find(layout.regions, service, &Region::service);
  return row == layout.regions.end() ? nullptr : &*row;
}

// The part of that name, or nothing.
[[nodiscard]] constexpr const Part* FindPart(std::span<const Part> parts, std::string_view name) {
  const auto part = std::ranges::find(parts, name, &Part::name);
  return part == parts.end() ? nullptr : &*part;
}

// The first row with this service; a layout without one fails a CHECK.
[[nodiscard]] constexpr const Region& RegionWith(const Layout& layout, Service service) {
  const Region* const region = FindService(layout, service);
  CHECK(region != nullptr);
  return *region;
}

// Where vmalloc's areas are: in a row of their own, or else in the kernel heap's. A layout with
// neither fails a CHECK.
[[nodiscard]] constexpr const Region& AreasRegion(const Layout& layout) {
  const Region* const vmalloc = FindService(layout, Service::kVmalloc);
  return vmalloc != nullptr ? *vmalloc : RegionWith(layout, Service::kKernelHeap);
}

// Physical addresses that the direct map has room for.
[[nodiscard]] constexpr PhysRange DirectMapTarget(const Layout& layout) {
  return {layout.direct_map_target, RegionWith(layout, Service::kDirectMap).range.size_bytes};
}

// Where the direct map shows `pa`, which lies in DirectMapTarget(layout).
[[nodiscard]] constexpr VirtAddr DirectMapAddress(const Layout& layout, PhysAddr pa) {
  const VirtAddr base = RegionWith(layout, Service::kDirectMap).range.base;
  return base + DirectMapTarget(layout).OffsetOf(pa);
}

// What the direct map shows at `va`, which lies in its row.
[[nodiscard]] constexpr PhysAddr DirectMapTargetOf(const Layout& layout, VirtAddr va) {
  const Region& direct = RegionWith(layout, Service::kDirectMap);
  return layout.direct_map_target + direct.range.OffsetOf(va);
}

}  // namespace mm
