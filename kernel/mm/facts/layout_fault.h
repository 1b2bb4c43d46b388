// What makes a layout unsound, found while compiling. Every table ends with
// `static_assert(mm::IsSound(kLayout))`, and testing/compile_fail shows each fault refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/base/bits.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/layout_fault_name.h"
#include "kernel/mm/facts/range.h"

namespace mm {

struct FaultAt {
  LayoutFault fault;
  size_t row;  // index into Layout::regions; their number where the table as a whole is at fault

  friend constexpr bool operator==(const FaultAt&, const FaultAt&) = default;
};

namespace layout_fault {

// x86_64 has most: Intel SDM vol. 3A 4.1.4, MAXPHYADDR.
inline constexpr unsigned kMostPhysicalBits = 52;

[[nodiscard]] constexpr bool IsPossible(const HardwareShape& shape) {
  constexpr unsigned kWordBits = 64;
  return shape.page_bytes == kPageSize && shape.address_bits > kPageShift &&
         shape.address_bits <= kWordBits;
}

// Both ends addressable, and no hole between them.
[[nodiscard]] constexpr bool FitsHardware(const HardwareShape& shape, const VirtRange& range) {
  constexpr unsigned kTopBit = 63;
  const bool same_half = (range.base.value ^ range.last().value) >> kTopBit == 0;
  const bool has_hole = shape.extension == HardwareShape::Extension::kSign;
  return IsAddressable(shape, range.base) && IsAddressable(shape, range.last()) &&
         (same_half || !has_hole);
}

// Whether vmalloc's areas are in this row: see AreasRegion().
[[nodiscard]] constexpr bool HoldsAreas(const Layout& layout, const Region& region) {
  if (region.service == Service::kVmalloc) return true;
  return region.service == Service::kKernelHeap &&
         FindService(layout, Service::kVmalloc) == nullptr;
}

[[nodiscard]] constexpr bool LacksGuard(const Layout& layout, const Region& region) {
  if (region.growth == Growth::kDown) return region.guards == Guards::kNone;
  return HoldsAreas(layout, region) && region.guards != Guards::kAround;
}

// Services that the kernel asks FindService() for: one row each.
[[nodiscard]] constexpr bool IsSingle(Service service) {
  return service >= Service::kDirectMap && service != Service::kImage;
}

[[nodiscard]] constexpr bool IsPrivate(Service service) {
  switch (service) {
    case Service::kThreadControl:
    case Service::kProgram:
    case Service::kLibraries:
    case Service::kUserHeap:
    case Service::kUserStack:
      return true;
    default:
      return false;
  }
}

// The image's rights are judged with its place.
[[nodiscard]] constexpr bool LacksRight(const Region& region) {
  if (region.service == Service::kUnused || region.service == Service::kImage) return false;
  if (!IsKernelService(region.service)) return region.user == Access::kNone;
  return !Has(region.kernel, Access::kReadWrite);
}

[[nodiscard]] constexpr std::optional<LayoutFault> FindInRange(const HardwareShape& shape,
                                                               const VirtRange& range) {
  if (range.IsEmpty()) return LayoutFault::kEmpty;
  if (!range.IsAligned(shape.page_bytes)) return LayoutFault::kNotAligned;
  if (range.Wraps()) return LayoutFault::kWraps;
  if (!FitsHardware(shape, range)) return LayoutFault::kOutsideHardware;
  return std::nullopt;
}

[[nodiscard]] constexpr std::optional<LayoutFault> FindInRights(const Region& region) {
  const Access either = region.user | region.kernel;
  if (Has(either, Access::kWrite | Access::kExecute)) return LayoutFault::kWritableAndExecutable;
  if (region.service == Service::kUnused && either != Access::kNone) {
    return LayoutFault::kRightInUnusedRegion;
  }
  if (LacksRight(region)) return LayoutFault::kMissingRight;
  return std::nullopt;
}

[[nodiscard]] constexpr std::optional<LayoutFault> FindInScope(const Region& region) {
  const bool is_global = region.scope == Scope::kGlobal;
  if (region.service >= Service::kDirectMap && !is_global) return LayoutFault::kKernelRowNotGlobal;
  if (IsPrivate(region.service) && is_global) return LayoutFault::kPrivateRowGlobal;
  return std::nullopt;
}

[[nodiscard]] constexpr std::optional<LayoutFault> FindInCaching(const Layout& layout,
                                                                 const Region& region) {
  const bool has_devices = region.caching == Caching::kDevice;
  if (HoldsAreas(layout, region)) {
    return has_devices ? std::nullopt : std::optional(LayoutFault::kNoDevices);
  }
  if (IsKernelService(region.service) && has_devices) return LayoutFault::kDevicesAmongRam;
  return std::nullopt;
}

[[nodiscard]] constexpr std::optional<LayoutFault> FindInDirectMap(const Layout& layout,
                                                                   const Region& region) {
  const PhysRange target = {layout.direct_map_target, region.range.size_bytes};
  if (region.range.size_bytes < layout.promised_ram_bytes) return LayoutFault::kDirectMapTooSmall;
  if (!IsAligned(target.base, layout.shape.page_bytes)) return LayoutFault::kTargetNotAligned;
  if (target.Wraps() || target.last().value > base::LowBits(kMostPhysicalBits)) {
    return LayoutFault::kBeyondPhysical;
  }
  return std::nullopt;
}

// User rights in the kernel's own memory are an image's that processes share, part by part.
[[nodiscard]] constexpr bool SharesImage(const Layout& layout, const Region& region) {
  return region.user == Access::kImage && Has(region.kernel, Access::kImage) &&
         region.range.Contains(layout.image_link_base) && !layout.image_parts.empty();
}

[[nodiscard]] constexpr std::optional<LayoutFault> FindInRow(const Layout& layout, size_t row) {
  const Region& region = layout.regions[row];
  if (region.name.empty() || region.why.empty()) return LayoutFault::kUnnamed;
  if (const auto fault = FindInRange(layout.shape, region.range)) return fault;
  if (const auto fault = FindInRights(region)) return fault;
  if (IsKernelService(region.service) && region.user != Access::kNone &&
      !SharesImage(layout, region)) {
    return LayoutFault::kUserRightInKernelRegion;
  }
  if (const auto fault = FindInScope(region)) return fault;
  if (LacksGuard(layout, region)) return LayoutFault::kMissingGuard;
  if (const auto fault = FindInCaching(layout, region)) return fault;
  if (region.service == Service::kDirectMap) return FindInDirectMap(layout, region);
  return std::nullopt;
}

// `row` against the rows before it.
[[nodiscard]] constexpr std::optional<LayoutFault> FindInOrder(const Layout& layout, size_t row) {
  if (row == 0) return std::nullopt;
  const Region& region = layout.regions[row];
  const Region& previous = layout.regions[row - 1];
  if (region.range.base < previous.range.base) return LayoutFault::kUnsorted;
  if (region.range.Overlaps(previous.range)) return LayoutFault::kOverlap;
  for (size_t earlier = 0; earlier < row; ++earlier) {
    const Region& other = layout.regions[earlier];
    const bool unused = region.service == Service::kUnused;
    if (!unused && other.name == region.name) return LayoutFault::kDuplicateName;
    if (IsSingle(region.service) && other.service == region.service) {
      return LayoutFault::kDuplicateService;
    }
  }
  return std::nullopt;
}

// The image runs in a row that hosts one, and when that is the direct map, at the very place where
// the direct map shows it.
[[nodiscard]] constexpr bool HoldsImage(const Layout& layout, const Region& region) {
  if (!Has(region.kernel, Access::kImage)) return false;
  if (region.service != Service::kDirectMap) return true;
  return layout.direct_map_target <= layout.image_load_base &&
         layout.image_load_base - layout.direct_map_target ==
             region.range.OffsetOf(layout.image_link_base);
}

[[nodiscard]] constexpr std::optional<FaultAt> FindInImage(const Layout& layout) {
  for (size_t row = 0; row < layout.regions.size(); ++row) {
    const Region& region = layout.regions[row];
    if (!region.range.Contains(layout.image_link_base)) continue;
    if (!IsAligned(layout.image_link_base, layout.shape.page_bytes) ||
        !IsAligned(layout.image_load_base, layout.shape.page_bytes)) {
      return FaultAt{LayoutFault::kImageNotAligned, row};
    }
    if (HoldsImage(layout, region)) return std::nullopt;
    return FaultAt{LayoutFault::kImageMisplaced, row};
  }
  return FaultAt{LayoutFault::kImageMisplaced, layout.regions.size()};
}

// What no row by itself is to blame for.
[[nodiscard]] constexpr std::optional<LayoutFault> FindInTable(const Layout& layout) {
  if (FindService(layout, Service::kDirectMap) == nullptr) return LayoutFault::kNoDirectMap;
  const bool has_areas = FindService(layout, Service::kVmalloc) != nullptr ||
                         FindService(layout, Service::kKernelHeap) != nullptr;
  if (!has_areas) return LayoutFault::kNoAreas;
  return std::nullopt;
}

[[nodiscard]] constexpr std::optional<LayoutFault> FindInParts(std::span<const Part> parts) {
  for (size_t index = 0; index < parts.size(); ++index) {
    const Part& part = parts[index];
    if (part.name.empty() || part.why.empty()) return LayoutFault::kUnnamed;
    if (Has(part.user | part.kernel, Access::kWrite | Access::kExecute)) {
      return LayoutFault::kWritableAndExecutable;
    }
    if (FindPart(parts, part.name) != &part) return LayoutFault::kDuplicateName;
    if (index == 0) continue;
    const Part& below = parts[index - 1];
    const bool alike = part.user == below.user && part.kernel == below.kernel;
    if (part.start == PartStart::kPacked && !alike) return LayoutFault::kPackedRights;
    if (part.growth == Growth::kDown && Has(below.user | below.kernel, Access::kWrite)) {
      return LayoutFault::kStackAboveData;
    }
  }
  return std::nullopt;
}

// The parts of the image belong to its row, those of a process to the program's.
[[nodiscard]] constexpr std::optional<FaultAt> FindInAllParts(const Layout& layout) {
  for (size_t row = 0; row < layout.regions.size(); ++row) {
    const Region& region = layout.regions[row];
    if (region.range.Contains(layout.image_link_base)) {
      if (const auto fault = FindInParts(layout.image_parts)) return FaultAt{*fault, row};
    }
    if (region.service == Service::kProgram) {
      if (const auto fault = FindInParts(layout.process_parts)) return FaultAt{*fault, row};
    }
  }
  return std::nullopt;
}

}  // namespace layout_fault

// The first fault and its row; nothing for a sound layout. Rows are judged in order, the table and
// the image after them, parts last.
[[nodiscard]] constexpr std::optional<FaultAt> FindFault(const Layout& layout) {
  if (!layout_fault::IsPossible(layout.shape)) {
    return FaultAt{LayoutFault::kImpossibleShape, layout.regions.size()};
  }
  if (layout.regions.empty()) return FaultAt{LayoutFault::kEmpty, 0};
  for (size_t row = 0; row < layout.regions.size(); ++row) {
    if (row == kMaximumRegions) return FaultAt{LayoutFault::kTooManyRows, row};
    if (const auto fault = layout_fault::FindInRow(layout, row)) return FaultAt{*fault, row};
    if (const auto fault = layout_fault::FindInOrder(layout, row)) return FaultAt{*fault, row};
  }
  if (const auto fault = layout_fault::FindInTable(layout)) {
    return FaultAt{*fault, layout.regions.size()};
  }
  if (const auto fault = layout_fault::FindInImage(layout)) return fault;
  return layout_fault::FindInAllParts(layout);
}

// Not constexpr on purpose: reaching it while compiling is the error, and the compiler's notes show
// the arguments of the call.
inline void LayoutIsUnsound() {}

constexpr bool Refuse([[maybe_unused]] size_t row, [[maybe_unused]] std::string_view region,
                      [[maybe_unused]] std::string_view fault) {
  LayoutIsUnsound();
  return false;
}

// What a table asserts. An unsound layout does not compile, and the message names row, region and
// fault: in call to 'Refuse(3, {4, &"libs"[0]}, {24, &"overlaps the row before it"[0]})'.
[[nodiscard]] consteval bool IsSound(const Layout& layout) {
  const std::optional<FaultAt> found = FindFault(layout);
  if (!found) return true;
  const std::string_view region =
      found->row < layout.regions.size() ? layout.regions[found->row].name : "the table";
  return Refuse(found->row, region, LayoutFaultName(found->fault));
}

}  // namespace mm
