#include "tools/layoutcheck/image_check.h"

#include <algorithm>
#include <cstdint>
#include <format>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tools/layoutcheck/address.h"
#include "tools/layoutcheck/elf_image.h"
#include "tools/layoutcheck/finding.h"
#include "tools/layoutcheck/layout.h"
#include "tools/layoutcheck/mapping.h"
#include "tools/layoutcheck/rights.h"

namespace layoutcheck {
namespace {

// Whole pages, both ends inclusive.
struct Pages {
  VirtualAddress first;
  VirtualAddress last;
};

VirtualAddress EndOfPage(VirtualAddress va) { return {va.value | (kPageBytes - 1)}; }

class ImageChecker {
 public:
  ImageChecker(const Layout& layout, const ElfImage& image, std::span<const Mapping> runs)
      : layout_(layout), image_(image), runs_(runs) {}

  std::vector<Finding> Check() {
    for (const Segment& segment : image_.segments) {
      CheckRights(segment);
      CheckContents(segment);
    }
    CheckBesideCode();
    CheckGuards();
    return std::move(findings_);
  }

 private:
  void Report(FaultKind kind, const Pages& pages, std::string detail) {
    const Region* const region = FindRegion(layout_, pages.first);
    findings_.push_back(
        {kind, region == nullptr ? "" : region->name, pages.first, pages.last, std::move(detail)});
  }

  // Calls `use(part, run)` for what is mapped of `pages`, ascending.
  template <class Use>
  void ForEachMapped(const Pages& pages, Use use) const {
    auto run = std::ranges::lower_bound(runs_, pages.first, {}, &Mapping::last);
    for (; run != runs_.end() && run->first <= pages.last; ++run) {
      use(Pages{std::max(run->first, pages.first), std::min(run->last(), pages.last)}, *run);
    }
  }

  void CheckRights(const Segment& segment) {
    const Pages pages = {segment.first, EndOfPage(segment.last())};
    ForEachMapped(pages, [&](const Pages& part, const Mapping& run) {
      if (run.attributes.kernel == segment.rights) return;
      Report(FaultKind::kSegmentRights, part,
             std::format("kernel {}, the image says {}", Text(run.attributes.kernel),
                         Text(segment.rights)));
    });
  }

  void CheckContents(const Segment& segment) {
    // What nobody may use need not be mapped.
    if (segment.file_bytes == 0 || segment.rights == Rights::kNone) return;
    const Pages pages = {segment.first, EndOfPage(segment.first + (segment.file_bytes - 1))};
    VirtualAddress next = pages.first;
    bool is_whole = false;
    ForEachMapped(pages, [&](const Pages& part, const Mapping&) {
      if (next < part.first) ReportHole({next, {part.first.value - 1}});
      is_whole = part.last == pages.last;
      next = is_whole ? part.last : part.last + 1;
    });
    if (!is_whole) ReportHole({next, pages.last});
  }

  void ReportHole(const Pages& pages) { Report(FaultKind::kSegmentHole, pages, ""); }

  // A layout gives all rights to a region with code, constants and data in it. Only the file knows
  // which pages of it are code.
  void CheckBesideCode() {
    if (!layout_.image_link_base) return;
    const Region* const region = FindRegion(layout_, *layout_.image_link_base);
    if (region == nullptr) return;
    ForEachMapped({region->first, region->last}, [&](const Pages& part, const Mapping& run) {
      const Attributes& has = run.attributes;
      if (!Has(has.kernel, Rights::kExecute) || has.user != Rights::kNone) return;
      ForEachBeside(part, [this](const Pages& pages) {
        Report(FaultKind::kTooMuchAccess, pages, "executable, and not of the image");
      });
    });
  }

  // Calls `use(pages)` for what no segment has of `whole`.
  template <class Use>
  void ForEachBeside(const Pages& whole, Use use) const {
    VirtualAddress next = whole.first;
    for (const Segment& segment : image_.segments) {
      const VirtualAddress last = EndOfPage(segment.last());
      if (last < next) continue;
      if (whole.last < segment.first) break;
      if (next < segment.first) use(Pages{next, {segment.first.value - 1}});
      if (whole.last <= last) return;
      next = last + 1;
    }
    use(Pages{next, whole.last});
  }

  void CheckGuards() {
    for (const GuardPage& guard : image_.guards) {
      ForEachMapped({guard.page, EndOfPage(guard.page)}, [&](const Pages& part, const Mapping&) {
        Report(FaultKind::kNoGuard, part, std::format("{} is mapped", guard.name));
      });
    }
  }

  const Layout& layout_;
  const ElfImage& image_;
  std::span<const Mapping> runs_;
  std::vector<Finding> findings_;
};

}  // namespace

std::vector<Finding> CheckImagePages(const Layout& layout, const ElfImage& image,
                                     std::span<const Mapping> runs) {
  return ImageChecker(layout, image, runs).Check();
}

}  // namespace layoutcheck
