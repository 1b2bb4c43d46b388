#include "kernel/mm/checks/layout_verify.h"

#include <array>
#include <cstddef>
#include <optional>
#include <string_view>

#include "kernel/base/check.h"
#include "kernel/mm/checks/layout_packing.h"
#include "kernel/mm/checks/layout_parts.h"
#include "kernel/mm/checks/verify_fault.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/mapping.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/frames/memory_facts.h"
#include "kernel/mm/frames/protected_frames.h"

namespace mm {
namespace {

using layout_parts::Coverage;
using layout_parts::Cut;
using layout_parts::Run;
using layout_parts::RunMerger;
using layout_parts::SplitBy;

constexpr Access kAnyAccess = Access::kReadWrite | Access::kExecute;
constexpr Access kWriteExecute = Access::kWrite | Access::kExecute;

// Rights of a row as rights that a page can have.
constexpr Access PageRights(Access row) { return Has(row, Access::kImage) ? kAnyAccess : row; }

// Sections of the image, its stacks and scratchpad included.
bool HostsSections(const Region& region) {
  if (region.service == Service::kScratchpad) return true;
  return IsKernelService(region.service) && Has(region.kernel, Access::kImage);
}

// One comparison of tables and layout.
class Verifier {
 public:
  explicit Verifier(const VerifyInput& input)
      : input_(input),
        kernel_code_(input.scratch.first(input.scratch.size() / 2)),
        user_code_(input.scratch.subspan(input.scratch.size() / 2)) {
    CHECK(input.layout.regions.size() <= kMaximumRegions);
    CHECK(input.sections.size() <= kMaximumSections);
    const Region* const direct = FindService(input.layout, Service::kDirectMap);
    if (direct != nullptr) direct_coverage_ = Coverage(direct->range);
    for (size_t index = 0; index < input.sections.size(); ++index) {
      section_coverage_[index] = Coverage(input.sections[index].range);
    }
  }

  VerifyReport Verify(MappingWalk walk) {
    CheckParts();
    CollectProtectedFrames(walk);
    if (!sorted_) return report_;
    const auto check_run = [this](const Run& run) { CheckRun(run); };
    RunMerger merger(check_run);
    walk([&merger](const Mapping& mapping) { merger.Add(mapping); });
    merger.Finish();
    FinishCoverage();
    return report_;
  }

 private:
  void Report(VerifyFault fault, const Region* region, VirtAddr va) {
    const std::string_view name = region == nullptr ? "none" : region->name;
    if (report_.faults < report_.kept.size()) {
      report_.kept[static_cast<size_t>(report_.faults)] = {fault, name, va};
    }
    ++report_.faults;
    if (region != nullptr) ++SummaryOf(*region).faults;
  }

  RegionSummary& SummaryOf(const Region& region) {
    return report_.regions[static_cast<size_t>(&region - input_.layout.regions.data())];
  }

  void CheckParts() {
    const auto misplaced =
        FindMisplacedPart(input_.layout.image_parts, input_.parts, input_.layout.image_link_base);
    if (misplaced) ReportAt(VerifyFault::kPartMisplaced, *misplaced);
  }

  // First walk: executable memory, and whether the walk is in order at all.
  void CollectProtectedFrames(MappingWalk walk) {
    for (const ImageSection& section : input_.sections) {
      if (Has(section.access, Access::kWrite)) continue;
      Protect(kernel_code_, section.target, section.range);
    }
    std::optional<VirtAddr> previous_last;
    walk([&](const Mapping& mapping) {
      if (previous_last && mapping.range.base <= *previous_last) {
        if (sorted_) ReportAt(VerifyFault::kUnsortedWalk, mapping.range.base);
        sorted_ = false;
      }
      previous_last = mapping.range.last();
      const PageAttributes& attributes = mapping.attributes;
      if (!Has(attributes.user | attributes.kernel, Access::kExecute)) return;
      const bool is_kernel = attributes.user == Access::kNone;
      Protect(is_kernel ? kernel_code_ : user_code_, mapping.target, mapping.range);
    });
    kernel_code_.Seal();
    user_code_.Seal();
  }

  void ReportAt(VerifyFault fault, VirtAddr va) {
    Report(fault, FindRegion(input_.layout, va), va);
  }

  void Protect(ProtectedFrames& frames, PhysAddr target, const VirtRange& range) {
    if (!frames.Add({target, range.size_bytes})) {
      ReportAt(VerifyFault::kScratchTooSmall, range.base);
    }
  }

  // Second walk.
  void CheckRun(const Run& run) {
    report_.mappings += run.entries;
    bool counted = false;
    const auto range_of = [](const Region& region) { return region.range; };
    SplitBy(run.mapping.range, input_.layout.regions, range_of,
            [&](const VirtRange& part, const Region* region) {
              const Mapping piece = Cut(run.mapping, part);
              if (region == nullptr) {
                return Report(VerifyFault::kOutsideEveryRegion, nullptr, part.base);
              }
              RegionSummary& summary = SummaryOf(*region);
              summary.pages += PagesFor(part.size_bytes);
              if (!counted) summary.mappings += run.entries;
              counted = true;
              CheckPiece(*region, piece);
            });
  }

  // A mapping that lies in one region.
  void CheckPiece(const Region& region, const Mapping& piece) {
    if (region.service == Service::kUnused) {
      return Report(VerifyFault::kInUnusedRegion, &region, piece.range.base);
    }
    CheckRights(region, piece);
    CheckCaching(region, piece);
    CheckAlias(region, piece);
    CheckGuards(region, piece);
    const bool is_of_all = region.scope == Scope::kGlobal && IsKernelService(region.service);
    if ((piece.attributes.scope == Scope::kGlobal) != is_of_all) {
      Report(VerifyFault::kWrongScope, &region, piece.range.base);
    }
    if (region.service == Service::kDirectMap) CheckDirectMap(region, piece);
    if (HostsSections(region)) CheckImage(region, piece);
  }

  void CheckRights(const Region& region, const Mapping& piece) {
    const VirtAddr va = piece.range.base;
    const Access user = piece.attributes.user;
    const Access kernel = piece.attributes.kernel;
    if (Has(user | kernel, kWriteExecute)) {
      Report(VerifyFault::kWritableAndExecutable, &region, va);
    }
    if (region.user == Access::kNone && user != Access::kNone) {
      return Report(VerifyFault::kUserAccess, &region, va);
    }
    // Hardware gives the kernel what it gives the user; checked copies keep the kernel from it.
    const Access kernel_allowed = PageRights(region.kernel) | PageRights(region.user);
    if (!Has(PageRights(region.user), user) || !Has(kernel_allowed, kernel)) {
      Report(VerifyFault::kTooMuchAccess, &region, va);
    }
  }

  void CheckCaching(const Region& region, const Mapping& piece) {
    const PhysRange target = {piece.target, piece.range.size_bytes};
    const bool is_device = piece.attributes.caching == Caching::kDevice;
    if (is_device && region.caching != Caching::kDevice) {
      return Report(VerifyFault::kWrongCaching, &region, piece.range.base);
    }
    const bool is_users = piece.attributes.user != Access::kNone;
    if (is_device && is_users && input_.user_devices == UserDevices::kNone) {
      Report(VerifyFault::kUserDevice, &region, piece.range.base);
    }
    const std::optional<PhysAddr> wrong =
        is_device ? FindRam(input_.memory, target) : FindUnknown(input_.memory, target);
    if (!wrong) return;
    Report(VerifyFault::kWrongCaching, &region, piece.range.base + (*wrong - piece.target));
  }

  // A page that is writable and executable by itself has been reported already.
  void CheckAlias(const Region& region, const Mapping& piece) {
    const Access either = piece.attributes.user | piece.attributes.kernel;
    if (!Has(either, Access::kWrite) || Has(either, Access::kExecute)) return;
    const PhysRange target = {piece.target, piece.range.size_bytes};
    std::optional<PhysAddr> shared = kernel_code_.FindOverlap(target);
    const bool reaches_all_frames =
        region.service == Service::kDirectMap || region.service == Service::kWindow;
    if (!shared && !reaches_all_frames) shared = user_code_.FindOverlap(target);
    if (!shared) return;
    Report(VerifyFault::kWritableAlias, &region, piece.range.base + (*shared - piece.target));
  }

  void CheckGuards(const Region& region, const Mapping& piece) {
    const auto range_of = [](const VirtRange& guard) { return guard; };
    SplitBy(piece.range, input_.guards, range_of,
            [&](const VirtRange& part, const VirtRange* guard) {
              if (guard != nullptr) Report(VerifyFault::kGuardMapped, &region, part.base);
            });
  }

  void CheckDirectMap(const Region& region, const Mapping& piece) {
    direct_coverage_.Cover(piece.range, [&](const VirtRange& gap) { CheckHole(region, gap); });
    if (DirectMapTargetOf(input_.layout, piece.range.base) != piece.target) {
      Report(VerifyFault::kDirectMapWrongTarget, &region, piece.range.base);
    }
  }

  // A gap in the direct map is a hole where it hides memory that the kernel reaches through it.
  void CheckHole(const Region& region, const VirtRange& gap) {
    const bool is_page = gap.size_bytes == kPageSize;
    if (is_page && input_.is_direct_map_guard && (*input_.is_direct_map_guard)(gap.base)) return;
    const PhysAddr target = DirectMapTargetOf(input_.layout, gap.base);
    const auto hidden = FindReachedByKernel(input_.memory, {target, gap.size_bytes});
    if (hidden) Report(VerifyFault::kDirectMapHole, &region, gap.base + (*hidden - target));
  }

  void CheckImage(const Region& region, const Mapping& piece) {
    const auto range_of = [](const ImageSection& section) { return section.range; };
    SplitBy(piece.range, input_.sections, range_of,
            [&](const VirtRange& part, const ImageSection* section) {
              if (section == nullptr) return CheckOutsideSections(region, Cut(piece, part));
              CheckSection(region, *section, Cut(piece, part));
            });
  }

  // Beside sections a region that hosts them holds nothing, and a direct map with the image in it
  // holds plain memory.
  void CheckOutsideSections(const Region& region, const Mapping& piece) {
    if (region.service != Service::kDirectMap) {
      return Report(VerifyFault::kOutsideImage, &region, piece.range.base);
    }
    if (piece.attributes.user != Access::kNone) {
      return Report(VerifyFault::kUserAccess, &region, piece.range.base);
    }
    const Access allowed = Without(region.kernel, Access::kImage);
    if (!Has(allowed, piece.attributes.kernel)) {
      Report(VerifyFault::kTooMuchAccess, &region, piece.range.base);
    }
  }

  void CheckSection(const Region& region, const ImageSection& section, const Mapping& piece) {
    const uint64_t offset = section.range.OffsetOf(piece.range.base);
    if (section.target + offset != piece.target) {
      Report(VerifyFault::kSectionWrongTarget, &region, piece.range.base);
    }
    if (piece.attributes.kernel != section.access || piece.attributes.user != section.user) {
      Report(VerifyFault::kSectionRights, &region, piece.range.base);
    }
    const size_t index = static_cast<size_t>(&section - input_.sections.data());
    section_coverage_[index].Cover(piece.range, [&](const VirtRange& gap) {
      Report(VerifyFault::kSectionHole, &region, gap.base);
    });
  }

  void FinishCoverage() {
    const Region* const direct = FindService(input_.layout, Service::kDirectMap);
    if (direct != nullptr) {
      direct_coverage_.Finish([&](const VirtRange& gap) { CheckHole(*direct, gap); });
    }
    for (size_t index = 0; index < input_.sections.size(); ++index) {
      section_coverage_[index].Finish(
          [&](const VirtRange& gap) { ReportAt(VerifyFault::kSectionHole, gap.base); });
    }
  }

  const VerifyInput& input_;
  ProtectedFrames kernel_code_;  // and constants
  ProtectedFrames user_code_;
  Coverage direct_coverage_;
  std::array<Coverage, kMaximumSections> section_coverage_;
  VerifyReport report_;
  bool sorted_ = true;
};

}  // namespace

VerifyReport VerifyLayout(const VerifyInput& input, MappingWalk walk) {
  return Verifier(input).Verify(walk);
}

}  // namespace mm
