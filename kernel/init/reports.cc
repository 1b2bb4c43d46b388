#include "kernel/init/reports.h"

#include <array>

#include "arch/ops/paging.h"
#include "kernel/base/units.h"
#include "kernel/init/kernel_space.h"
#include "kernel/init/table_frames.h"
#include "kernel/mm/layout_digest.h"
#include "kernel/mm/layout_verify.h"
#include "kernel/mm/page_table.h"

namespace kernel {
namespace {

using base::literals::operator""_KiB;

// Code and constants: the image's sections, and later each executable mapping.
constexpr size_t kMaxProtectedRanges = 64;

// A size in the largest unit that leaves no remainder.
struct ReadableSize {
  uint64_t count;
  std::string_view unit;
};

ReadableSize Readable(uint64_t bytes) {
  constexpr std::array<std::string_view, 5> kUnits = {"B", "KiB", "MiB", "GiB", "TiB"};
  size_t unit = 0;
  while (bytes != 0 && bytes % 1_KiB == 0 && unit + 1 < kUnits.size()) {
    bytes /= 1_KiB;
    ++unit;
  }
  return {bytes, kUnits[unit]};
}

}  // namespace

void PrintMemoryMap(base::Sink& sink, const mm::MemoryMap& map) {
  base::Print(sink, "memory map: {} regions\n", map.regions().size());
  for (const mm::MemoryRegion& region : map.regions()) {
    const mm::PhysRange range = region.range();
    const ReadableSize size = Readable(range.size_bytes);
    base::Print(sink, "  {}-{} {:>7} {:<3} {}\n", range.base, range.last(), size.count, size.unit,
                mm::MemoryStateName(region.state));
  }
  const ReadableSize usable = Readable(map.UsablePages().bytes());
  base::Print(sink, "usable: {} {}\n", usable.count, usable.unit);
}

void PrintLayout(base::Sink& sink, const mm::Layout& layout) {
  base::Print(sink, "layout {}: {} regions\n", layout.name, layout.regions.size());
  for (const mm::Region& region : layout.regions) {
    const ReadableSize size = Readable(region.range.size_bytes);
    base::Print(sink, "  {}-{} {:>7} {:<3} {:<8} user {} kernel {} {:<7} {}\n", region.range.base,
                region.range.last(), size.count, size.unit, region.name,
                mm::AccessName(region.user), mm::AccessName(region.kernel),
                mm::ScopeName(region.scope), mm::ServiceName(region.service));
  }
}

void PrintFrames(base::Sink& sink, const mm::FrameAllocator& frames) {
  for (const mm::ZoneKind kind :
       {mm::ZoneKind::kDma, mm::ZoneKind::kNormal, mm::ZoneKind::kHigh}) {
    const mm::ZoneStatistics zone = frames.Statistics(kind);
    base::Print(sink, "zone {:<6} usable {:>8} free {:>8} not yet prepared {:>8} pages\n",
                mm::ZoneName(kind), zone.usable, zone.free, zone.unprepared);
    sink.Write("  free blocks by order:");
    for (const uint64_t blocks : zone.free_blocks) base::Print(sink, " {}", blocks);
    sink.Write("\n");
  }
}

void PrintVerification(base::Sink& sink, const mm::Layout& layout,
                       const mm::VerifyReport& report) {
  for (size_t row = 0; row < layout.regions.size(); ++row) {
    const mm::RegionSummary& region = report.regions[row];
    base::Print(sink, "verify {:<8} ", layout.regions[row].name);
    if (region.faults != 0) {
      base::Print(sink, "{} faults, ", region.faults);
    } else {
      sink.Write("ok, ");
    }
    base::Print(sink, "{} pages in {} mappings\n", region.pages, region.mappings);
  }
  for (const mm::Finding& finding : report.findings()) {
    base::Print(sink, "LAYOUT FAULT {}: {} at {}\n", finding.region,
                mm::VerifyFaultName(finding.fault), finding.va);
  }
  if (report.faults > report.findings().size()) {
    base::Print(sink, "LAYOUT FAULT and {} more\n", report.faults - report.findings().size());
  }
  if (report.IsGood()) {
    base::Print(sink, "LAYOUT OK {} regions={} mappings={} digest={:016x}\n", layout.name,
                layout.regions.size(), report.mappings, mm::Digest(layout));
  }
}

Verdict VerifyLiveTables(base::Sink& sink, const System& system) {
  const auto walk = [&system](mm::MappingVisitor visit) {
    for (const arch::LiveRoot& root : arch::LiveRoots()) {
      const KernelSpace::Table table(root.shape, root.table, arch::PagingFeatures(),
                                     system.table_frames);
      table.ForEachMapping([&root, visit](const mm::Mapping& mapping) {
        if (root.first <= mapping.range.base && mapping.range.base <= root.last) visit(mapping);
      });
    }
  };
  static constinit std::array<mm::PhysRange, kMaxProtectedRanges> scratch{};
  const mm::VerifyInput input = {.layout = system.layout,
                                 .memory = system.memory_map.regions(),
                                 .sections = system.image.sections(),
                                 .guards = system.image.guards(),
                                 .scratch = scratch};
  const mm::VerifyReport report = mm::VerifyLayout(input, walk);
  PrintVerification(sink, system.layout, report);
  return report.IsGood() ? Verdict::kMatches : Verdict::kDiffers;
}

}  // namespace kernel
