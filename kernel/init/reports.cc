#include "kernel/init/reports.h"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>

#include "arch/ops/paging.h"
#include "kernel/base/print_size.h"
#include "kernel/init/live_tables.h"
#include "kernel/init/panic.h"
#include "kernel/mm/layout_report.h"
#include "kernel/mm/layout_verify.h"
#include "kernel/mm/page_table.h"

namespace kernel {
namespace {

// Code and constants: the image's sections, and later each executable mapping.
constexpr size_t kMaxProtectedRanges = 64;

// Those of the image's stacks and of vmalloc's areas. Of more areas only the first ones' are
// compared with the layout; that no guard is mapped is an invariant of the areas, which is checked
// for all.
constexpr size_t kMaxGuards = 512;

// Too large for a stack, and of no use in between.
struct VerifyRoom {
  std::array<mm::VirtRange, kMaxGuards> guards;
  std::array<mm::PhysRange, kMaxProtectedRanges> protected_ranges;
};
[[gnu::section(".scratchpad")]] constinit VerifyRoom verify_room{};

std::span<const mm::VirtRange> CollectGuards(const System& system, std::span<mm::VirtRange> room) {
  const std::span<const mm::VirtRange> of_image = system.image.guards();
  std::ranges::copy(of_image, room.begin());
  const auto of_areas = system.areas.CollectGuards(room.subspan(of_image.size()));
  const auto guards = room.first(of_image.size() + of_areas.size());
  std::ranges::sort(guards, {}, &mm::VirtRange::base);
  return guards;
}

}  // namespace

void PrintMemoryMap(base::Sink& sink, const mm::MemoryMap& map) {
  base::Print(sink, "memory map: {} regions\n", map.regions().size());
  for (const mm::MemoryRegion& region : map.regions()) {
    const mm::PhysRange range = region.range();
    base::Print(sink, "  {}-{} ", range.base, range.last());
    base::PrintSize(sink, range.size_bytes);
    base::Print(sink, " {}\n", mm::MemoryStateName(region.state));
  }
  sink.Write("usable:");
  base::PrintSize(sink, map.UsablePages().bytes());
  sink.Write("\n");
}

void PrintFrames(base::Sink& sink, mm::PhysicalMemory& memory) {
  for (const mm::ZoneKind kind : {mm::ZoneKind::kDma, mm::ZoneKind::kNormal, mm::ZoneKind::kHigh}) {
    const mm::ZoneStatistics zone = memory.Statistics(kind);
    base::Print(sink,
                "zone {:<6} usable {:>8} free {:>8} cached {:>4} not yet prepared {:>8} pages\n",
                mm::ZoneName(kind), zone.usable, zone.free, zone.cached, zone.unprepared);
    sink.Write("  free blocks by order:");
    for (const uint64_t blocks : zone.free_blocks) base::Print(sink, " {}", blocks);
    sink.Write("\n");
  }
  base::Print(sink, "double frees noticed late: {}\n", memory.late_faults());
}

LiveReport VerifyLiveTables(base::Sink& sink, const System& system) {
  const auto walk = [&system](mm::MappingVisitor visit) {
    for (const arch::LiveRoot& root : arch::LiveRoots()) {
      // A table may have entries for addresses that the hardware translates through another one.
      TableAt(root, system).ForEachMapping([&root, visit](mm::Mapping mapping) {
        const mm::VirtAddr first = std::max(mapping.range.base, root.first);
        const mm::VirtAddr last = std::min(mapping.range.last(), root.last);
        if (last < first) return;
        mapping.target = mapping.target + mapping.range.OffsetOf(first);
        mapping.range = mm::FromFirstToLast(first, last);
        visit(mapping);
      });
    }
  };
  // The walk passes over what it does not know, so that is looked for first.
  for (const arch::LiveRoot& root : arch::LiveRoots()) {
    if (TableAt(root, system).CheckInvariants()) continue;
    base::Print(sink, "LAYOUT FAULT the page table at {} holds an entry of an unknown kind\n",
                root.table);
    return {Verdict::kDiffers, std::nullopt};
  }
  const mm::VerifyInput input = {.layout = system.layout,
                                 .memory = system.memory_map.regions(),
                                 .sections = system.image.sections(),
                                 .guards = CollectGuards(system, verify_room.guards),
                                 .scratch = verify_room.protected_ranges,
                                 .parts = system.image.parts()};
  const mm::VerifyReport report = mm::VerifyLayout(input, walk);
  mm::PrintReport(sink, system.layout, report);
  if (!report.IsGood()) return {Verdict::kDiffers, report.findings().front()};
  // Nothing of this is in the layout, so that it says less, and is looked for last.
  if (!system.areas.areas().CheckInvariants()) {
    sink.Write("LAYOUT FAULT the page tables do not show what vmalloc's areas say\n");
    return {Verdict::kDiffers, std::nullopt};
  }
  if (!system.objects.pages().CheckInvariants()) {
    sink.Write("LAYOUT FAULT the page tables do not show what the heap's pages say\n");
    return {Verdict::kDiffers, std::nullopt};
  }
  return {Verdict::kMatches, std::nullopt};
}

void PanicOver(const LiveReport& report) {
  constexpr std::string_view kWhat = "the live page tables differ from the layout";
  if (!report.first) Panic(nullptr, "{}", kWhat);
  Panic(nullptr, "{}: {}: {} at {}", kWhat, report.first->region,
        mm::VerifyFaultName(report.first->fault), report.first->va);
}

bool LiveTablesMatch(const System& system) {
  class NoSink final : public base::Sink {
   public:
    void Write(std::string_view) override {}
  };
  NoSink nothing;
  return VerifyLiveTables(nothing, system).verdict == Verdict::kMatches;
}

}  // namespace kernel
