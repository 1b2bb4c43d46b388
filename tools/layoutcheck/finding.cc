#include "tools/layoutcheck/finding.h"

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace layoutcheck {
namespace {

// Each missing guard page is a finding of its own.
bool GoesOn(const Finding& finding, const Finding& next) {
  return finding.kind == next.kind && finding.kind != FaultKind::kNoGuard &&
         finding.region == next.region && finding.last.value + 1 == next.first.value;
}

}  // namespace

std::string_view Text(FaultKind kind) {
  switch (kind) {
    case FaultKind::kOutsideEveryRegion:
      return "mapping outside every region";
    case FaultKind::kInUnusedRegion:
      return "mapping in an unused region";
    case FaultKind::kUserAccess:
      return "user access";
    case FaultKind::kTooMuchAccess:
      return "more access than the region allows";
    case FaultKind::kWritableAndExecutable:
      return "writable and executable";
    case FaultKind::kWritableAlias:
      return "writable alias of code";
    case FaultKind::kWrongScope:
      return "wrong scope";
    case FaultKind::kWrongCaching:
      return "wrong caching";
    case FaultKind::kNoGuard:
      return "no guard page";
    case FaultKind::kDirectMapHole:
      return "hole in the direct map";
    case FaultKind::kDirectMapWrongTarget:
      return "direct map shows other memory";
    case FaultKind::kImageMisplaced:
      return "image is elsewhere";
    case FaultKind::kPartRights:
      return "not the rights of the image's part";
    case FaultKind::kSegmentRights:
      return "not the rights of the image's segment";
    case FaultKind::kSegmentHole:
      return "hole in the image";
    case FaultKind::kOutsideEveryArea:
      return "user page outside every area";
    case FaultKind::kMoreThanArea:
      return "more access than the area allows";
    case FaultKind::kPrivateShown:
      return "private page shown elsewhere";
    case FaultKind::kBlockDiffers:
      return "shared page differs between processes";
    case FaultKind::kThreadDiffers:
      return "thread differs from its process";
    case FaultKind::kTableShown:
      return "page table shown to user mode";
    case FaultKind::kBrokenTable:
      return "broken page table";
  }
  return "unknown fault";
}

std::vector<Finding> Join(std::vector<Finding> findings) {
  std::ranges::stable_sort(findings, [](const Finding& left, const Finding& right) {
    return std::pair(left.kind, left.first) < std::pair(right.kind, right.first);
  });
  std::vector<Finding> joined;
  for (Finding& finding : findings) {
    if (!joined.empty() && GoesOn(joined.back(), finding)) {
      joined.back().last = finding.last;
    } else {
      joined.push_back(std::move(finding));
    }
  }
  std::ranges::stable_sort(joined, {}, &Finding::first);
  return joined;
}

}  // namespace layoutcheck
