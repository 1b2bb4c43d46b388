// Each way a layout can be wrong, with its words for people. layout_fault.h finds them.
#pragma once

#include <cstdint>
#include <string_view>

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
  kImpossibleShape,     // address bits or page size that no machine of ours has
  kTooManyRows,         // a row beyond kMaximumRegions
  kDuplicateService,    // two rows where the kernel asks for the one with this service
  kMissingRight,        // nobody may do with the row's pages what its service is for
  kKernelRowNotGlobal,  // memory of the kernel's that every address space needs
  kPrivateRowGlobal,    // memory of a process or a thread that every address space would show
  kDevicesAmongRam,     // device caching in a row of the kernel's that hosts no areas
  kNoDevices,           // areas where no device can be mapped
  kTargetNotAligned,    // a direct map that starts inside a frame
  kBeyondPhysical,      // a direct map of addresses that no machine has
  kNoDirectMap,         // nothing to reach page tables and descriptors through
  kNoAreas,             // no row for vmalloc, and none for the kernel heap
  kImageNotAligned,     // an image that starts inside a page or a frame
  kPackedRights,        // a part shares a page with the part before it, not its rights
  kStackAboveData,      // nothing stops a stack that runs over: what lies below is written
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
    case LayoutFault::kImpossibleShape:
      return "has addresses or pages of an impossible size";
    case LayoutFault::kTooManyRows:
      return "is one row too many";
    case LayoutFault::kDuplicateService:
      return "has the service of an earlier row";
    case LayoutFault::kMissingRight:
      return "lacks a right that its service needs";
    case LayoutFault::kKernelRowNotGlobal:
      return "is the kernel's and not global";
    case LayoutFault::kPrivateRowGlobal:
      return "is a process's own and global";
    case LayoutFault::kDevicesAmongRam:
      return "lets devices in where only RAM belongs";
    case LayoutFault::kNoDevices:
      return "is for areas and lets no device in";
    case LayoutFault::kTargetNotAligned:
      return "is a direct map that starts inside a frame";
    case LayoutFault::kBeyondPhysical:
      return "is a direct map of more than physical addresses reach";
    case LayoutFault::kNoDirectMap:
      return "has no direct map";
    case LayoutFault::kNoAreas:
      return "has no row for areas";
    case LayoutFault::kImageNotAligned:
      return "holds an image that does not start with a page";
    case LayoutFault::kPackedRights:
      return "has parts that share a page and not their rights";
    case LayoutFault::kStackAboveData:
      return "has a stack above a part that is written";
  }
  return "has an unknown fault";
}

}  // namespace mm
