#include "kernel/process/memory_totals.h"

#include "kernel/mm/facts/address.h"
#include "kernel/mm/space/space_request.h"
#include "kernel/process/areas.h"
#include "kernel/process/process.h"

namespace process {
namespace {

// A child of vfork() uses its parent's.
bool HasSpaceOfItsOwn(const Process& process) {
  if (!process.space) return false;
  return process.parent == nullptr || process.parent->space.get() != process.space.get();
}

// Shares that were rounded down come to whole pages again.
mm::PageCount PagesOfShares(uint64_t bytes) {
  return {(bytes + mm::kPageSize / 2) / mm::kPageSize};
}

}  // namespace

fs::MappedFacts MeasureAllMemory(System& system) {
  fs::MappedFacts totals{.faults = system.ended_minor_faults()};
  mm::VmaUsage usage;
  for (Pid id = system.pids().ScanForProcess(0); id != 0; id = system.pids().ScanForProcess(id)) {
    const Process& process = *system.pids().Find(id).process;
    totals.faults += process.usage.minor_faults;
    if (!HasSpaceOfItsOwn(process)) continue;
    totals.locked += process.space->counters().areas.locked;
    ForEachArea(*process.space, [&](const mm::VmaReport& area) {
      usage += process.space->MeasureUsage(area.range);
      if (IsPrivateAndWritable(area)) totals.committed += mm::PagesFor(area.range.size_bytes);
    });
  }
  totals.anonymous = PagesOfShares(usage.own_share_bytes);
  totals.mapped_files = PagesOfShares(usage.object_share_bytes);
  return totals;
}

}  // namespace process
