#include "tools/layoutcheck/check.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <format>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/direct_map_check.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/frame_set.h"
#include "tools/layoutcheck/guest_memory.h"
#include "tools/layoutcheck/image_check.h"
#include "tools/layoutcheck/image_parts.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/rights.h"
#include "tools/layoutcheck/table_walk.h"

namespace layoutcheck {
namespace {

Rights Either(const Attributes& attributes) { return attributes.user | attributes.kernel; }

bool IsWritable(const Attributes& attributes) { return Has(Either(attributes), Rights::kWrite); }
bool IsExecutable(const Attributes& attributes) {
  return Has(Either(attributes), Rights::kExecute);
}

std::string RightsText(Rights user, Rights kernel) {
  return std::format("user {} kernel {}", Text(user), Text(kernel));
}

// The part of `mapping` that `region` holds.
Mapping CutTo(const Mapping& mapping, const Region& region) {
  const VirtualAddress first = std::max(mapping.first, region.first);
  const VirtualAddress last = std::min(mapping.last(), region.last);
  const uint64_t entry_bytes = mapping.bytes / mapping.entries;
  Mapping piece = mapping;
  piece.target = mapping.target + (first - mapping.first);
  piece.first = first;
  piece.bytes = last - first + 1;
  piece.entries = (piece.bytes + entry_bytes - 1) / entry_bytes;
  return piece;
}

class Checker {
 public:
  explicit Checker(const CheckInput& input) : input_(input) {
    report_.regions.resize(input.layout.regions.size());
    shown_.resize(input.layout.regions.size());
  }

  CheckReport Check() {
    CollectCode();
    for (const WalkFault& fault : input_.walk_faults) {
      const Region* const region = FindRegion(input_.layout, fault.at);
      Report(FaultKind::kBrokenTable, region, fault.at, fault.at, fault.what);
    }
    const Mapping* before = nullptr;
    for (const Mapping& run : input_.runs) {
      report_.mappings += run.entries;
      CheckRun(run, before);
      before = &run;
    }
    CheckHoles();
    CheckImage();
    report_.findings.append_range(CheckImageParts(input_.layout, input_.runs));
    if (input_.image != nullptr) {
      report_.findings.append_range(CheckImagePages(input_.layout, *input_.image, input_.runs));
    }
    report_.findings = Join(std::move(report_.findings));
    return std::move(report_);
  }

 private:
  void Report(FaultKind kind, const Region* region, VirtualAddress first, VirtualAddress last,
              std::string detail) {
    report_.findings.push_back(
        {kind, region == nullptr ? "" : region->name, first, last, std::move(detail)});
  }
  void Report(FaultKind kind, const Region& region, const Mapping& piece, std::string detail) {
    Report(kind, &region, piece.first, piece.last(), std::move(detail));
  }

  void CollectCode() {
    for (const Mapping& run : input_.runs) {
      if (!IsExecutable(run.attributes)) continue;
      const bool is_kernels = run.attributes.user == Rights::kNone || IsInImage(run.first);
      (is_kernels ? kernel_code_ : user_code_).Add(run.frames());
    }
    kernel_code_.Seal();
    user_code_.Seal();
  }

  // Code of the kernel's region stays the kernel's where user mode runs it, too.
  bool IsInImage(VirtualAddress va) const {
    if (!input_.layout.image_link_base) return false;
    const Region* const region = FindRegion(input_.layout, *input_.layout.image_link_base);
    return region != nullptr && region->Contains(va);
  }

  // Cuts a run at the borders of regions; `before` is the run below it.
  void CheckRun(const Mapping& run, const Mapping* before) {
    VirtualAddress next = run.first;
    for (size_t index = FirstRegionAt(run.first); index < input_.layout.regions.size(); ++index) {
      const Region& region = input_.layout.regions[index];
      if (run.last() < region.first) break;
      if (next < region.first) ReportOutside(next, {region.first.value - 1});
      const Mapping piece = CutTo(run, region);
      report_.regions[index].pages += piece.bytes / kPageBytes;
      report_.regions[index].mappings += piece.entries;
      CheckPiece(index, piece);
      CheckGuards(region, piece, run, before);
      if (piece.last() == run.last()) return;
      next = piece.last() + 1;
    }
    ReportOutside(next, run.last());
  }

  size_t FirstRegionAt(VirtualAddress va) const {
    const auto found = std::ranges::lower_bound(input_.layout.regions, va, {}, &Region::last);
    return static_cast<size_t>(found - input_.layout.regions.begin());
  }

  void ReportOutside(VirtualAddress first, VirtualAddress last) {
    Report(FaultKind::kOutsideEveryRegion, nullptr, first, last, "");
  }

  void CheckPiece(size_t index, const Mapping& piece) {
    const Region& region = input_.layout.regions[index];
    if (region.service == Service::kUnused) {
      return Report(FaultKind::kInUnusedRegion, region, piece,
                    RightsText(piece.attributes.user, piece.attributes.kernel));
    }
    CheckRights(region, piece);
    CheckAlias(region, piece);
    // Shared memory is mapped by processes, each for itself.
    const std::optional<Reach> reach =
        region.service == Service::kShared ? Reach::kOneSpace : region.reach;
    if (reach && *reach != piece.attributes.reach) {
      const bool is_global = piece.attributes.reach == Reach::kGlobal;
      Report(FaultKind::kWrongScope, region, piece, is_global ? "is global" : "is not global");
    }
    if (region.caching) CheckCaching(region, piece);
    if (region.service == Service::kDirectMap) CheckDirectMap(index, piece);
  }

  void CheckRights(const Region& region, const Mapping& piece) {
    const Attributes& has = piece.attributes;
    const std::string rights = RightsText(has.user, has.kernel);
    if (IsWritable(has) && IsExecutable(has)) {
      Report(FaultKind::kWritableAndExecutable, region, piece, rights);
    }
    if (region.user == Rights::kNone && has.user != Rights::kNone) {
      return Report(FaultKind::kUserAccess, region, piece, rights);
    }
    // Hardware lets the kernel do what the user may.
    if (Has(region.user, has.user) && Has(region.user | region.kernel, has.kernel)) return;
    Report(FaultKind::kTooMuchAccess, region, piece,
           std::format("{}, allowed {}", rights, RightsText(region.user, region.kernel)));
  }

  // Kernel code is writable nowhere. User code is writable only where the kernel reaches every
  // frame, which is how it came there.
  void CheckAlias(const Region& region, const Mapping& piece) {
    if (!IsWritable(piece.attributes) || IsExecutable(piece.attributes)) return;
    const bool reaches_all_frames =
        region.service == Service::kDirectMap || region.service == Service::kWindows;
    std::optional<PhysicalRange> shared = kernel_code_.FindOverlap(piece.frames());
    const bool is_kernel_code = shared.has_value();
    if (!shared && !reaches_all_frames) shared = user_code_.FindOverlap(piece.frames());
    if (!shared) return;
    const VirtualAddress first = piece.first + (shared->first - piece.target);
    Report(FaultKind::kWritableAlias, &region, first, first + (shared->last - shared->first),
           std::format("the frame at {} is {} code", Text(shared->first),
                       is_kernel_code ? "kernel" : "user"));
  }

  // RAM is cached, and nothing else is.
  void CheckCaching(const Region& region, const Mapping& piece) {
    const Cache cache = piece.attributes.cache;
    const PhysicalRange frames = piece.frames();
    const PhysicalRange* const holder = FindRange(input_.ram, frames.first);
    const bool is_ram = holder != nullptr && holder->Contains(frames.last);
    const bool has_ram = std::ranges::any_of(
        input_.ram, [&](const PhysicalRange& ram) { return ram.Overlaps(frames); });
    const bool good = IsCached(cache) ? is_ram : *region.caching == Caching::kMixed && !has_ram;
    if (good) return;
    Report(FaultKind::kWrongCaching, region, piece,
           std::format("{} mapping of {} at {}", Text(cache),
                       is_ram    ? "RAM"
                       : has_ram ? "RAM and what is none"
                                 : "what is no RAM",
                       Text(frames.first)));
  }

  void CheckDirectMap(size_t index, const Mapping& piece) {
    const Region& region = input_.layout.regions[index];
    if (!input_.layout.direct_map_target) return;
    const PhysicalAddress wanted = *input_.layout.direct_map_target + (piece.first - region.first);
    if (piece.target == wanted) {
      // What nobody may read is not shown.
      if (Has(piece.attributes.kernel, Rights::kRead)) shown_[index].push_back(piece.frames());
      return;
    }
    Report(FaultKind::kDirectMapWrongTarget, region, piece,
           std::format("shows {} instead of {}", Text(piece.target), Text(wanted)));
  }

  // A guard page belongs before what is mapped first in a region and, around areas, after what is
  // mapped last. Inside a region a missing one shows only where two areas cannot be one.
  void CheckGuards(const Region& region, const Mapping& piece, const Mapping& run,
                   const Mapping* before) {
    if (region.guards == Guards::kNone) return;
    const bool run_goes_on_below = run.first < piece.first;
    const bool touches_before = before != nullptr && piece.first == run.first &&
                                before->last().value + 1 == run.first.value;
    const bool is_first = piece.first == region.first;
    if (is_first && (run_goes_on_below || touches_before)) {
      ReportNoGuard(region, piece.first, "the page below is mapped");
    }
    if (region.guards != Guards::kAround) return;
    const bool both_devices =
        touches_before && !IsCached(before->attributes.cache) && !IsCached(run.attributes.cache);
    const bool differ =
        touches_before && IsCached(before->attributes.cache) != IsCached(run.attributes.cache);
    if (!is_first && (both_devices || differ)) {
      ReportNoGuard(region, piece.first, "two areas touch each other here");
    }
    if (piece.last() == region.last && NextIsMapped(run, piece)) {
      ReportNoGuard(region, {region.last.value - (kPageBytes - 1)}, "the page above is mapped");
    }
  }

  void ReportNoGuard(const Region& region, VirtualAddress page, std::string detail) {
    Report(FaultKind::kNoGuard, &region, page, page + (kPageBytes - 1), std::move(detail));
  }

  bool NextIsMapped(const Mapping& run, const Mapping& piece) const {
    if (piece.last() < run.last()) return true;
    const size_t next = static_cast<size_t>(&run - input_.runs.data()) + 1;
    return next < input_.runs.size() && input_.runs[next].first.value == run.last().value + 1;
  }

  void CheckHoles() {
    for (size_t index = 0; index < input_.layout.regions.size(); ++index) {
      const Region& region = input_.layout.regions[index];
      if (region.service != Service::kDirectMap || !input_.layout.direct_map_target) continue;
      const PhysicalAddress target = *input_.layout.direct_map_target;
      const DirectMapHoles holes = FindHoles(region, target, input_.ram, shown_[index]);
      for (const PhysicalRange& hole : holes.faults) {
        const VirtualAddress first = region.first + (hole.first - target);
        Report(FaultKind::kDirectMapHole, &region, first, first + (hole.last - hole.first),
               std::format("RAM at {} is not shown", Text(hole.first)));
      }
      constexpr uint64_t kKib = 1024;
      report_.notes.push_back(
          std::format("{}: RAM not shown, and no fault: {} single pages, {} KiB at ends of RAM",
                      region.name, holes.single_pages, holes.bytes_at_ends / kKib));
    }
  }

  void CheckImage() {
    if (!input_.layout.image_link_base || !input_.layout.image_load_base) return;
    const VirtualAddress base = *input_.layout.image_link_base;
    const PhysicalAddress wanted = *input_.layout.image_load_base;
    const auto run = std::ranges::lower_bound(input_.runs, base, {}, &Mapping::last);
    const bool is_mapped = run != input_.runs.end() && run->first <= base;
    if (is_mapped && run->target + (base - run->first) == wanted) return;
    Report(FaultKind::kImageMisplaced, FindRegion(input_.layout, base), base, base,
           is_mapped ? std::format("shows {} instead of {}",
                                   Text(run->target + (base - run->first)), Text(wanted))
                     : "is not mapped");
  }

  const CheckInput& input_;
  FrameSet kernel_code_;
  FrameSet user_code_;
  std::vector<std::vector<PhysicalRange>> shown_;  // by direct maps, ascending
  CheckReport report_;
};

}  // namespace

CheckReport CheckLayout(const CheckInput& input) { return Checker(input).Check(); }

}  // namespace layoutcheck
