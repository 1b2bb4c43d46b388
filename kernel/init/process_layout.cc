#include "kernel/init/process_layout.h"

#include <optional>

#include "arch/ops/paging.h"
#include "kernel/base/check.h"
#include "kernel/init/reports.h"
#include "kernel/mm/checks/process_plan.h"
#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/attributes.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/space/vma.h"
#include "kernel/mm/tables/space_table.h"

namespace kernel {
namespace {

void PrintParts(base::Sink& sink, const mm::Layout& layout, const mm::ProcessPlan& plan,
                const mm::ProcessExtent& extent) {
  for (const mm::PlacedPart& placed : plan.PartsOf(extent)) {
    const mm::Part* const part = mm::FindPart(layout.process_parts, placed.name);
    CHECK(part != nullptr);
    base::Print(sink, "  {} {:>10} bytes {:<14} user {} {}\n", placed.range.base,
                placed.range.size_bytes, placed.name, mm::AccessName(part->user),
                mm::PartStartName(part->start));
  }
}

}  // namespace

void ProcessLayout::Print(process::Process& process, base::Sink& sink) {
  static_cast<void>(VerifyTablesOf(sink, system_, process.space->table(), DevicesOf(process)));
  if (const auto shared = FindPageOfImage(process)) {
    return base::Print(sink, "PROCESS FAULT a page of the image at {}\n", *shared);
  }
  if (const auto block = FindWrongBlock(process)) {
    return base::Print(sink, "PROCESS FAULT a shared block is elsewhere at {}\n", *block);
  }
  if (process.plan) return PrintPlanned(process, sink);
  sink.Write("PROCESS OK with nothing of the image\n");
}

void ProcessLayout::PrintPlanned(process::Process& process, base::Sink& sink) {
  const mm::ProcessPlan& plan = *process.plan;
  UserTable& table = process.space->table();
  mm::ProcessVerifier verifier(system_.layout, plan);
  process.space->ForEachVma(
      [&](const mm::Vma& area) { verifier.AddArea(area.range, area.access); });
  table.ForEachPage(process.space->bounds(), [&](mm::VirtAddr va, const mm::UserPage& page) {
    verifier.AddPage(va, page.access);
  });
  if (const auto finding = verifier.Finish()) {
    return base::Print(sink, "PROCESS FAULT {} at {}\n", mm::ProcessFaultName(finding->fault),
                       finding->va);
  }
  PrintParts(sink, system_.layout, plan, verifier.extent());
  if (table.table().shape() != arch::ContextRoot(plan.whole().last())) {
    return base::Print(sink, "PROCESS FAULT a root of {} bytes\n", RootBytes(table));
  }
  base::Print(sink, "PROCESS OK root {} bytes, to {}\n", RootBytes(table), plan.whole().last());
}

std::optional<mm::VirtAddr> ProcessLayout::FindPageOfImage(process::Process& process) const {
  const mm::PhysRange image = system_.image.physical_range();
  std::optional<mm::VirtAddr> first;
  const auto look = [&](mm::VirtAddr va, const mm::UserPage& page) {
    if (!first && image.Contains(mm::BaseOf(page.frame))) first = va;
  };
  process.space->table().ForEachPage(process.space->bounds(), look);
  return first;
}

// Without the space's lock: the region's is taken for each area.
std::optional<mm::VirtAddr> ProcessLayout::FindWrongBlock(process::Process& process) const {
  const mm::VirtRange& region = shared_region_.range();
  auto area = process.space->FindFirstNotBelow(region.base);
  for (; area && area->range.base <= region.last();
       area = process.space->FindFirstNotBelow(area->range.last() + 1)) {
    const auto block = shared_region_.Find(area->range.base);
    const bool is_right = block && block->range.Contains(area->range) &&
                          block->object == area->object &&
                          area->offset_bytes == block->range.OffsetOf(area->range.base);
    if (!is_right) return area->range.base;
  }
  return std::nullopt;
}

}  // namespace kernel
