// What makes a layout unsound, found while compiling. Every table ends with
// `static_assert(mm::IsSound(kLayout))`, and testing/compile_fail shows each fault refused.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "kernel/mm/attributes.h"
#include "kernel/mm/layout.h"
#include "kernel/mm/range.h"

namespace mm {

enum class LayoutFault : uint8_t {
  kEmpty,                  // a row of no bytes, or a table of no rows
  kNotAligned,             // base or size is not whole pages
  kWraps,                  // the last byte lies beyond the 64-bit space
  kOutsideHardware,        // an address that the machine cannot form, or a row across the hole
  kUnsorted,               // a row starts below the one before it
  kOverlap,                // a row starts inside the one before it
  kWritableAndExecutable,  // w and x at once, user and kernel taken together
  kUserRightInKernelRegion,
  kRightInUnusedRegion,
  kMissingGuard,       // a stack, or a region of areas, without guard pages
  kDirectMapTooSmall,  // smaller than the RAM that the layout promises
  kImageMisplaced,     // linked outside the image, or where the direct map shows other memory
  kUnnamed,            // a row or part without a name or without its reason
  kDuplicateName,
  kPackedRights,    // a part shares a page with the part before it, not its rights
  kStackAboveData,  // nothing stops a stack that runs over: the kernel may write what lies below
};

[[nodiscard]] constexpr std::string_view LayoutFaultName(LayoutFault fault) {
  switch (fault) {
    case LayoutFault::kEmpty:
      return "is empty";
    case LayoutFault::kNotAligned:
      return "is not whole pages";
    case LayoutFault::kWraps:
      return "wraps past the top of the address space";
    case LayoutFault::kOutsideHardware:
      return "lies outside what the hardware can address";
    case LayoutFault::kUnsorted:
      return "is not in ascending order";
    case LayoutFault::kOverlap:
      return "overlaps the row before it";
    case LayoutFault::kWritableAndExecutable:
      return "is writable and executable";
    case LayoutFault::kUserRightInKernelRegion:
      return "gives user mode a right in a kernel region";
    case LayoutFault::kRightInUnusedRegion:
      return "gives a right in an unused region";
    case LayoutFault::kMissingGuard:
      return "lacks a guard page";
    case LayoutFault::kDirectMapTooSmall:
      return "is a direct map smaller than the promised RAM";
    case LayoutFault::kImageMisplaced:
      return "does not hold the kernel image where it is linked";
    case LayoutFault::kUnnamed:
      return "has no name or no reason";
    case LayoutFault::kDuplicateName:
      return "has the name of an earlier row";
    case LayoutFault::kPackedRights:
      return "has parts that share a page and not their rights";
    case LayoutFault::kStackAboveData:
      return "has a stack above a part that is written";
  }
  return "has an unknown fault";
}

struct FaultAt {
  LayoutFault fault;
  size_t row;  // index into Layout::regions

  friend constexpr bool operator==(const FaultAt&, const FaultAt&) = default;
};

namespace layout_fault {

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
  if (LacksGuard(layout, region)) return LayoutFault::kMissingGuard;
  if (region.service == Service::kDirectMap &&
      region.range.size_bytes < layout.promised_ram_bytes) {
    return LayoutFault::kDirectMapTooSmall;
  }
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
    const bool unused = region.service == Service::kUnused;
    if (!unused && layout.regions[earlier].name == region.name) return LayoutFault::kDuplicateName;
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
    if (HoldsImage(layout, region)) return std::nullopt;
    return FaultAt{LayoutFault::kImageMisplaced, row};
  }
  return FaultAt{LayoutFault::kImageMisplaced, 0};
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

// The first fault and its row; nothing for a sound layout. Rows are judged in order, the image
// after them, parts last.
[[nodiscard]] constexpr std::optional<FaultAt> FindFault(const Layout& layout) {
  if (layout.regions.empty()) return FaultAt{LayoutFault::kEmpty, 0};
  for (size_t row = 0; row < layout.regions.size(); ++row) {
    if (const auto fault = layout_fault::FindInRow(layout, row)) return FaultAt{*fault, row};
    if (const auto fault = layout_fault::FindInOrder(layout, row)) return FaultAt{*fault, row};
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
