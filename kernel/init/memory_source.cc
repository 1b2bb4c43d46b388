#include "kernel/init/memory_source.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>

#include "kernel/mm/frames/frame_types.h"
#include "kernel/mm/heap/slab_cache.h"
#include "kernel/mm/regions/vmalloc_areas.h"
#include "kernel/process/memory_totals.h"

namespace kernel {
namespace {

constexpr std::array kZones = {mm::ZoneKind::kDma, mm::ZoneKind::kNormal, mm::ZoneKind::kHigh};

// As Linux calls them: what reads /proc knows these names.
std::string_view LinuxName(mm::ZoneKind kind) {
  switch (kind) {
    case mm::ZoneKind::kDma:
      return "DMA";
    case mm::ZoneKind::kNormal:
      return "Normal";
    case mm::ZoneKind::kHigh:
      return "HighMem";
  }
  return "unknown";
}

// Calls `visitor` with everything that `list` adds, when `list` is through: a piece each time it
// lists. What changes in between may come twice or not at all.
template <class Facts, class List>
void InPieces(base::FunctionRef<void(const Facts&)> visitor, List&& list) {
  constexpr size_t kPiece = 16;
  std::array<Facts, kPiece> piece;
  size_t done = 0;
  size_t count = 0;
  do {
    size_t at = 0;
    count = 0;
    list([&](const Facts& facts) {
      if (at++ >= done && count < kPiece) piece[count++] = facts;
    });
    for (const Facts& facts : std::span(piece).first(count)) visitor(facts);
    done += count;
  } while (count == kPiece);
}

}  // namespace

fs::MemoryFacts SystemMemory::Facts() {
  fs::MemoryFacts facts;
  for (const mm::ZoneKind kind : kZones) {
    const mm::ZoneStatistics zone = system_.memory.Statistics(kind);
    facts.total += zone.usable;
    facts.free += zone.free;
    if (kind == mm::ZoneKind::kHigh) {
      facts.high_total = zone.usable;
      facts.high_free = zone.free;
    }
  }
  facts.free += system_.table_frames.spare_frames();
  facts.available = facts.free;
  facts.cached = user_.objects().pages();
  facts.shared = facts.cached;
  facts.slabs =
      user_.node_pages() + system_.areas.nodes().pages() + system_.objects.pages().extra_pages();
  system_.objects.ForEachCache([&facts](const mm::SlabCache& cache) {
    facts.slabs += mm::PageCount{cache.Statistics().pages};
  });
  facts.kernel_stacks = {stack_pages_.value * processes_.thread_count()};
  facts.slabs += mm::PageCount{system_.objects.RecordBytes() / mm::kPageSize};
  facts.page_tables = system_.table_frames.frames();
  const auto areas = system_.areas.areas().statistics();
  facts.vmalloc_used_bytes = areas.addresses.allocated_bytes;
  facts.vmalloc_total_bytes = areas.addresses.allocated_bytes + areas.addresses.free_bytes;
  facts.vmalloc_largest_gap_bytes = areas.addresses.largest_free_bytes;
  return facts;
}

fs::MappedFacts SystemMemory::Mapped() { return process::MeasureAllMemory(processes_); }

void SystemMemory::VisitZones(base::FunctionRef<void(const fs::ZoneFacts&)> visitor) {
  for (const mm::ZoneKind kind : kZones) {
    const mm::ZoneStatistics zone = system_.memory.Statistics(kind);
    if (zone.usable == mm::PageCount{0}) continue;
    fs::ZoneFacts facts = {.name = LinuxName(kind),
                           .first = zone.first,
                           .spanned = zone.usable,
                           .present = zone.usable,
                           .managed = zone.usable,
                           .free = zone.free};
    std::ranges::copy(zone.free_blocks, facts.free_blocks.begin());
    visitor(facts);
  }
}

// The visitor may allocate, which those who list hold locks against.
void SystemMemory::VisitSlabs(base::FunctionRef<void(const fs::SlabFacts&)> visitor) {
  InPieces<fs::SlabFacts>(visitor, [this](auto add) {
    system_.objects.ForEachCache([&add](const mm::SlabCache& cache) {
      const mm::SlabStatistics is = cache.Statistics();
      if (is.slabs == 0) return;
      add({.name = cache.name(),
           .active_objects = is.allocated,
           .objects = is.objects,
           .object_bytes = is.stride_bytes,
           .objects_per_slab = is.objects / is.slabs,
           .pages_per_slab = is.pages / is.slabs,
           .active_slabs = is.slabs,
           .slabs = is.slabs});
    });
  });
}

void SystemMemory::VisitVmallocAreas(base::FunctionRef<void(const fs::VmallocFacts&)> visitor) {
  InPieces<fs::VmallocFacts>(visitor, [this](auto add) {
    system_.areas.areas().ForEachArea([&add](const mm::VmallocArea& area) {
      if (area.state != mm::AreaState::kLive) return;
      const bool is_device = area.kind == mm::AreaKind::kDevice;
      add({.range = area.range,
           .name = area.name,
           .pages = area.pages(),
           .is_device = is_device,
           .device = is_device ? area.target.base : mm::PhysAddr{}});
    });
  });
}

void SystemMemory::VisitCounters(base::FunctionRef<void(const fs::Counter&)> visitor) {
  visitor({"double_frees_noticed_late", system_.memory.late_faults()});
}

}  // namespace kernel
