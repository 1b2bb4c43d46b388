#include "kernel/mm/checks/layout_report.h"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "kernel/base/print.h"
#include "kernel/base/print_size.h"
#include "kernel/mm/checks/layout_verify.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/layout_digest.h"

namespace mm {
namespace {

void PrintRegion(base::Sink& sink, const Region& region) {
  Print(sink, "  {}-{} ", region.range.base, region.range.last());
  base::PrintSize(sink, region.range.size_bytes);
  Print(sink, " {:<8} user {} kernel {} {:<7} {}\n", region.name, AccessName(region.user),
        AccessName(region.kernel), ScopeName(region.scope), ServiceName(region.service));
}

void PrintPart(base::Sink& sink, const Layout& layout, const PlacedPart& placed) {
  Print(sink, "  {}-{} {:<15}", placed.range.base, placed.range.last(), placed.name);
  const Part* const part = FindPart(layout.image_parts, placed.name);
  if (part != nullptr) {
    Print(sink, " user {} kernel {} {}", AccessName(part->user), AccessName(part->kernel),
          PartStartName(part->start));
  }
  sink.Write("\n");
}

std::string_view Plural(uint64_t count) { return count == 1 ? "" : "s"; }

void PrintSummary(base::Sink& sink, const Region& region, const RegionSummary& summary) {
  Print(sink, "verify {:<8} ", region.name);
  if (summary.faults == 0) {
    Print(sink, "ok, ");
  } else {
    Print(sink, "{} fault{}, ", summary.faults, Plural(summary.faults));
  }
  Print(sink, "{} page{} in {} mapping{}\n", summary.pages, Plural(summary.pages.value),
        summary.mappings, Plural(summary.mappings));
}

}  // namespace

void PrintLayout(base::Sink& sink, const Layout& layout, std::span<const PlacedPart> placed) {
  Print(sink, "layout {}: {} regions\n", layout.name, layout.regions.size());
  for (const Region& region : layout.regions) PrintRegion(sink, region);
  if (placed.empty()) return;
  Print(sink, "image: {} parts\n", placed.size());
  for (const PlacedPart& part : placed) PrintPart(sink, layout, part);
}

void PrintReport(base::Sink& sink, const Layout& layout, const VerifyReport& report) {
  for (size_t row = 0; row < layout.regions.size(); ++row) {
    PrintSummary(sink, layout.regions[row], report.regions[row]);
  }
  if (report.IsGood()) {
    return Print(sink, "LAYOUT OK {} regions={} mappings={} digest={:016x}\n", layout.name,
                 layout.regions.size(), report.mappings, Digest(layout));
  }
  for (const Finding& finding : report.findings()) {
    Print(sink, "LAYOUT FAULT {}: {} at {}\n", finding.region, VerifyFaultName(finding.fault),
          finding.va);
  }
  const uint64_t unshown = report.faults - report.findings().size();
  if (unshown != 0) Print(sink, "LAYOUT FAULT and {} more\n", unshown);
}

}  // namespace mm
