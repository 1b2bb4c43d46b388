#include "kernel/init/process_layout.h"

#include <optional>

#include "kernel/init/reports.h"
#include "kernel/mm/address.h"
#include "kernel/mm/range.h"
#include "kernel/mm/space_table.h"

namespace kernel {

void ProcessLayout::Print(process::Process& process, base::Sink& sink) {
  static_cast<void>(VerifyTablesOf(sink, system_, process.space->table()));
  if (const auto shared = FindPageOfImage(process)) {
    return base::Print(sink, "PROCESS FAULT a page of the image at {}\n", *shared);
  }
  sink.Write("PROCESS OK with nothing of the image\n");
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

}  // namespace kernel
