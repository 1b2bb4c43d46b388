// What is wrong with page tables, and where.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tools/layoutcheck/address.h"

namespace layoutcheck {

enum class FaultKind : uint8_t {
  kOutsideEveryRegion,
  kInUnusedRegion,
  kUserAccess,     // of a page in a region closed to user mode
  kTooMuchAccess,  // a right that the region does not give
  kWritableAndExecutable,
  kWritableAlias,  // of a frame that is executable elsewhere
  kWrongScope,
  kWrongCaching,
  kNoGuard,
  kDirectMapHole,  // RAM that the direct map has room for and does not show
  kDirectMapWrongTarget,
  kImageMisplaced,
  kPartRights,        // of a page in the image, where the layout has another part
  kSegmentRights,     // not those that the image's ELF file says
  kSegmentHole,       // a part of the image with contents that is not mapped
  kOutsideEveryArea,  // of a process: a page of user mode
  kMoreThanArea,      // a right that the process's area does not give
  kPrivateShown,   // a page that a process may write, and has for itself, and somebody else shows
  kBlockDiffers,   // a page of global shared memory that another process has with another frame
  kThreadDiffers,  // what a thread has, or has not, unlike its process
  kTableShown,     // a page of user mode that shows a page table
  kBrokenTable,    // entries that the hardware refuses, or tables where there is no memory
};

// For example "user access".
[[nodiscard]] std::string_view Text(FaultKind kind);

struct Finding {
  FaultKind kind;
  std::string region;  // its name; empty outside every region
  VirtualAddress first;
  VirtualAddress last;
  std::string detail;  // may be empty

  friend bool operator==(const Finding&, const Finding&) = default;
};

// The same findings by address, where neighbours of a kind in one region are one.
[[nodiscard]] std::vector<Finding> Join(std::vector<Finding> findings);

}  // namespace layoutcheck
