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
#include "kernel/mm/checks/layout_report.h"
#include "kernel/mm/checks/layout_verify.h"
#include "kernel/mm/tables/page_table.h"

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

// Calls `visit` for what the hardware translates through these tables.
template <class Roots>
void WalkRoots(const Roots& roots, const System& system, mm::MappingVisitor visit) {
  for (const arch::LiveRoot& root : roots) {
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
}

// Room for the ranges of memory that nobody may write: the static one, or frames where a process
// has much code.
class Scratch {
 public:
  template <class Roots>
  Scratch(const Roots& roots, const System& system) : memory_(system.memory) {
    size_t needed = 0;
    for (const arch::LiveRoot& root : roots) {
      if (root.table == system.space.root()) continue;
      TableAt(root, system).ForEachMapping([&](const mm::Mapping& mapping) {
        if (mm::Has(mapping.attributes.user, mm::Access::kExecute)) needed += kRoomForEach;
      });
    }
    if (needed <= span_.size()) return;
    const mm::PageCount pages = mm::PagesFor(needed * sizeof(mm::PhysRange));
    const auto frames = memory_.Allocate({.pages = pages});
    if (!frames) return;  // the report says that there is too little room
    frames_ = *frames;
    pages_ = pages;
    span_ = {static_cast<mm::PhysRange*>(memory_.table().Pointer(frames_)), needed};
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    if (pages_.value > 0) CHECK(memory_.Free(frames_, pages_).has_value());
  }

  [[nodiscard]] std::span<mm::PhysRange> span() const { return span_; }

 private:
  // The user's half of it, not more than half full.
  static constexpr size_t kRoomForEach = 4;

  mm::PhysicalMemory& memory_;
  mm::FrameNumber frames_;
  mm::PageCount pages_;
  std::span<mm::PhysRange> span_ = verify_room.protected_ranges;
};

// The walk passes over what it does not know, so that this comes first.
template <class Roots>
bool AreAllKnown(base::Sink& sink, const System& system, const Roots& roots) {
  for (const arch::LiveRoot& root : roots) {
    if (TableAt(root, system).CheckInvariants()) continue;
    base::Print(sink, "LAYOUT FAULT the page table at {} holds an entry of an unknown kind\n",
                root.table);
    return false;
  }
  return true;
}

template <class Roots>
LiveReport VerifyMappings(base::Sink& sink, const System& system, const Roots& roots,
                          mm::UserDevices devices) {
  const auto walk = [&](mm::MappingVisitor visit) { WalkRoots(roots, system, visit); };
  const auto is_guard = [&](mm::VirtAddr va) { return system.stacks.IsInDirectMapGuard(va); };
  const Scratch scratch(roots, system);
  const mm::VerifyInput input = {.layout = system.layout,
                                 .memory = system.memory_map.regions(),
                                 .sections = system.image.sections(),
                                 .guards = CollectGuards(system, verify_room.guards),
                                 .scratch = scratch.span(),
                                 .parts = system.image.parts(),
                                 .user_devices = devices,
                                 .is_direct_map_guard = is_guard};
  const mm::VerifyReport report = mm::VerifyLayout(input, walk);
  mm::PrintReport(sink, system.layout, report);
  if (!report.IsGood()) return {Verdict::kDiffers, report.findings().front()};
  // Nothing of this is in the layout, so that it says less, and is looked for last.
  if (!system.areas.areas().CheckInvariants()) {
    sink.Write("LAYOUT FAULT the page tables do not show what vmalloc's areas say\n");
    return {Verdict::kDiffers, std::nullopt};
  }
  if (!system.stacks.CheckInvariants()) {
    sink.Write("LAYOUT FAULT the page tables do not show kernel stacks and their guards\n");
    return {Verdict::kDiffers, std::nullopt};
  }
  if (!system.objects.pages().CheckInvariants()) {
    sink.Write("LAYOUT FAULT the page tables do not show what the heap's pages say\n");
    return {Verdict::kDiffers, std::nullopt};
  }
  return {Verdict::kMatches, std::nullopt};
}

template <class Roots>
LiveReport Verify(base::Sink& sink, const System& system, const Roots& roots,
                  mm::UserDevices devices) {
  if (!AreAllKnown(sink, system, roots)) return {Verdict::kDiffers, std::nullopt};
  return VerifyMappings(sink, system, roots, devices);
}

class NoSink final : public base::Sink {
 public:
  void Write(std::string_view) override {}
};

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
  return Verify(sink, system, arch::LiveRoots(), mm::UserDevices::kNone);
}

LiveReport VerifyTablesOf(base::Sink& sink, const System& system, const UserTable& process,
                          mm::UserDevices devices) {
  return Verify(sink, system, arch::RootsOf(process.table().root(), process.table().shape()),
                devices);
}

LiveReport VerifyTablesOf(base::Sink& sink, const System& system, const ThreadTable& thread,
                          mm::UserDevices devices) {
  if (!thread.CheckInvariants()) {
    sink.Write("LAYOUT FAULT the page table of a thread is not its process's\n");
    return {Verdict::kDiffers, std::nullopt};
  }
  return VerifyMappings(sink, system, arch::RootsOf(thread.table().root(), thread.table().shape()),
                        devices);
}

void PanicOver(const LiveReport& report) {
  constexpr std::string_view kWhat = "the live page tables differ from the layout";
  if (!report.first) Panic(nullptr, "{}", kWhat);
  Panic(nullptr, "{}: {}: {} at {}", kWhat, report.first->region,
        mm::VerifyFaultName(report.first->fault), report.first->va);
}

bool LiveTablesMatch(const System& system) {
  NoSink nothing;
  return VerifyLiveTables(nothing, system).verdict == Verdict::kMatches;
}

bool TablesMatch(const System& system, const UserTable& process) {
  NoSink nothing;
  return VerifyTablesOf(nothing, system, process).verdict == Verdict::kMatches;
}

bool TablesMatch(const System& system, const ThreadTable& thread) {
  NoSink nothing;
  return VerifyTablesOf(nothing, system, thread).verdict == Verdict::kMatches;
}

}  // namespace kernel
