#include "kernel/process/fault_report.h"

#include <optional>

#include "kernel/base/print.h"
#include "kernel/process/system.h"

namespace process {
namespace {

constexpr std::string_view kSegmentationFault = "Segmentation fault";

std::string_view NameOf(posix::Signal signal) {
  return signal == posix::Signal::kBus ? "Bus error" : kSegmentationFault;
}

struct Nearest {
  mm::VmaKind kind;
  mm::VirtRange range;
};

// O(areas): the process is about to die.
std::optional<Nearest> ScanForNearest(const kernel::AddressSpace& space, mm::VirtAddr va) {
  std::optional<Nearest> nearest;
  uint64_t nearest_bytes = 0;
  space.ForEachVma([&](const mm::Vma& area) {
    uint64_t distance_bytes = 0;
    if (va < area.range.base) distance_bytes = area.range.base - va;
    if (area.range.last() < va) distance_bytes = va - area.range.last();
    if (nearest && distance_bytes >= nearest_bytes) return;
    nearest = {.kind = area.kind, .range = area.range};
    nearest_bytes = distance_bytes;
  });
  return nearest;
}

void Report(std::string_view what, const UserThread& thread, std::string_view access,
            mm::VirtAddr va, const arch::UserRegisters& registers) {
  base::Sink& log = TheSystem().environment().log;
  const Process& process = thread.process();
  base::Print(log, "{}: {} ({}) {} at {} ip {}", what, process.NameText(), process.id(), access, va,
              arch::InstructionPointer(registers));
  if (const auto nearest = ScanForNearest(*process.space, va)) {
    base::Print(log, "; nearest region {} {}-{}", mm::VmaKindName(nearest->kind),
                nearest->range.base, nearest->range.last());
  }
  log.Write("\n");
}

}  // namespace

void ReportFault(const UserThread& thread, posix::Signal signal, const mm::FaultInfo& fault,
                 const arch::UserRegisters& registers) {
  Report(NameOf(signal), thread, mm::AccessKindName(fault.access), fault.va, registers);
}

void ReportException(const UserThread& thread, posix::Signal signal,
                     const arch::UserRegisters& registers) {
  Report(NameOf(signal), thread, "instruction", arch::InstructionPointer(registers), registers);
}

void ReportOutOfMemory(const UserThread& thread, const mm::FaultInfo& fault,
                       const arch::UserRegisters& registers) {
  Report("Out of memory", thread, mm::AccessKindName(fault.access), fault.va, registers);
}

void ReportBrokenStack(const UserThread& thread, const arch::UserRegisters& registers) {
  Report(kSegmentationFault, thread, "signal frame", arch::StackPointer(registers), registers);
}

}  // namespace process
