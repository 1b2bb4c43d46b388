// What the layout verifier finds wrong with a mapping.
#pragma once

#include <cstdint>
#include <string_view>

namespace mm {

enum class VerifyFault : uint8_t {
  kOutsideEveryRegion,
  kInUnusedRegion,
  kUserAccess,     // user mode may use a page of a region closed to it
  kTooMuchAccess,  // a right beyond the row's
  kWritableAndExecutable,
  kWritableAlias,  // a second, writable mapping of code or of read-only data
  kWrongCaching,
  kUserDevice,  // of a process that drives none
  kWrongScope,
  kGuardMapped,
  kDirectMapHole,  // RAM that the direct map should show and does not
  kDirectMapWrongTarget,
  kOutsideImage,   // in the image's region, but in no section
  kSectionRights,  // not exactly the rights of the section
  kSectionHole,
  kSectionWrongTarget,
  kPartMisplaced,    // a part of the image is not where the layout packs it
  kUnsortedWalk,     // the walk reported mappings out of order: the rest cannot be trusted
  kScratchTooSmall,  // more ranges of executable memory than the scratch space holds
};

// For example "user access".
[[nodiscard]] constexpr std::string_view VerifyFaultName(VerifyFault fault) {
  switch (fault) {
    case VerifyFault::kOutsideEveryRegion:
      return "mapping outside every region";
    case VerifyFault::kInUnusedRegion:
      return "mapping in an unused region";
    case VerifyFault::kUserAccess:
      return "user access";
    case VerifyFault::kTooMuchAccess:
      return "more access than the region allows";
    case VerifyFault::kWritableAndExecutable:
      return "writable and executable";
    case VerifyFault::kWritableAlias:
      return "writable alias of code or constants";
    case VerifyFault::kWrongCaching:
      return "wrong caching";
    case VerifyFault::kUserDevice:
      return "device of a process that drives none";
    case VerifyFault::kWrongScope:
      return "wrong scope";
    case VerifyFault::kGuardMapped:
      return "guard page mapped";
    case VerifyFault::kDirectMapHole:
      return "hole in the direct map";
    case VerifyFault::kDirectMapWrongTarget:
      return "direct map shows other memory";
    case VerifyFault::kOutsideImage:
      return "mapping outside the image's sections";
    case VerifyFault::kSectionRights:
      return "not the rights of the image's section";
    case VerifyFault::kSectionHole:
      return "hole in the image's section";
    case VerifyFault::kSectionWrongTarget:
      return "image's section shows other memory";
    case VerifyFault::kPartMisplaced:
      return "image's part not as the layout packs it";
    case VerifyFault::kUnsortedWalk:
      return "page table walk out of order";
    case VerifyFault::kScratchTooSmall:
      return "too many executable ranges to check";
  }
  return "unknown fault";
}

}  // namespace mm
