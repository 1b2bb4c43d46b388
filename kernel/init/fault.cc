#include "kernel/init/fault.h"

#include <optional>

#include "arch/ops/registers.h"
#include "kernel/base/units.h"
#include "kernel/init/image.h"
#include "kernel/init/kernel_areas.h"
#include "kernel/init/panic.h"
#include "kernel/init/system.h"
#include "kernel/mm/facts/layout.h"
#include "kernel/mm/facts/range.h"
#include "kernel/mm/regions/vmalloc_areas.h"

namespace kernel {
namespace {

using base::literals::operator""_KiB;

// An access this close to address 0 is a null pointer with an offset in it. Where the image begins
// there, all but the first page is as good as other code.
bool IsNullReach(mm::VirtAddr va) {
  constexpr uint64_t kReachBytes = 64_KiB;
  return va.value < (ImageStart().value < kReachBytes ? mm::kPageSize : kReachBytes);
}

[[noreturn]] void PanicOverflow(const KernelStack& stack, const mm::FaultInfo& fault,
                                const arch::RegisterState& registers) {
  Panic(&registers, "kernel stack overflow: {} at {} is in the {} below the {}",
        mm::AccessKindName(fault.access), fault.va, stack.below, stack.name);
}

[[noreturn]] void PanicSection(const mm::ImageSection& section, const mm::FaultInfo& fault,
                               const arch::RegisterState& registers) {
  if (fault.access == mm::AccessKind::kWrite && !mm::Has(section.access, mm::Access::kWrite)) {
    Panic(&registers, "write to read-only data: {} lies in the image's {} section", fault.va,
          section.name);
  }
  Panic(&registers, "{} at {} in the image's {} section: {}", mm::AccessKindName(fault.access),
        fault.va, section.name, mm::FaultCauseName(fault.cause));
}

// The area of a thread's stack, if the fault is in the guard page below it, and the stack pointer
// there, too, or right above.
std::optional<mm::VmallocArea> FindOverflownStack(const mm::FaultInfo& fault,
                                                  const arch::RegisterState& registers,
                                                  const KernelAreas::Areas& areas) {
  const mm::VirtAddr guard = mm::AlignDown(fault.va, mm::kPageSize);
  const mm::VirtAddr stack_pointer = arch::StackPointer(registers);
  if (!mm::VirtRange{guard, 2 * mm::kPageSize}.Contains(stack_pointer)) return std::nullopt;
  const auto above = areas.FindUnlocked(guard + mm::kPageSize);
  if (!above || above->where != mm::AreaPlace::Where::kInside) return std::nullopt;
  return above->area;
}

[[noreturn]] void PanicArea(const mm::AreaPlace& place, const mm::FaultInfo& fault,
                            const arch::RegisterState& registers) {
  using Where = mm::AreaPlace::Where;
  const mm::VmallocArea& area = place.area;
  const std::string_view access = mm::AccessKindName(fault.access);
  if (place.where != Where::kInside) {
    Panic(&registers, "vmalloc overrun: {} at {} is in the guard page {} area '{}', {}-{}", access,
          fault.va, place.where == Where::kGuardBehind ? "behind" : "before", area.name,
          area.range.base, area.range.last());
  }
  if (area.state == mm::AreaState::kParked) {
    Panic(&registers, "use after vfree: {} at {} in area '{}', which was freed", access, fault.va,
          area.name);
  }
  Panic(&registers, "{} at {} in vmalloc area '{}': {}", access, fault.va, area.name,
        mm::FaultCauseName(fault.cause));
}

}  // namespace

void OnKernelFault(const mm::FaultInfo& fault, const arch::RegisterState& registers) {
  const System* const system = RunningSystem();
  if (IsNullReach(fault.va)) {
    Panic(&registers, "null dereference: {} at {}", mm::AccessKindName(fault.access), fault.va);
  }
  if (system == nullptr) {
    Panic(&registers, "{} at {} during early start-up: {}", mm::AccessKindName(fault.access),
          fault.va, mm::FaultCauseName(fault.cause));
  }
  for (const KernelStack& stack : system->image.stacks()) {
    if (stack.guard.Contains(fault.va)) PanicOverflow(stack, fault, registers);
  }
  for (const mm::ImageSection& section : system->image.sections()) {
    if (section.range.Contains(fault.va)) PanicSection(section, fault, registers);
  }
  const mm::Region* const region = mm::FindRegion(system->layout, fault.va);
  const std::string_view region_name = region != nullptr ? region->name : "(none)";
  if (fault.cause == mm::FaultCause::kNotMapped && system->objects.pages().Holds(fault.va)) {
    Panic(&registers, "no kernel object: {} at {} in region {}, freed or never allocated",
          mm::AccessKindName(fault.access), fault.va, region_name);
  }
  if (system->stacks.IsInDirectMapGuard(fault.va)) {
    Panic(&registers, "kernel stack overflow: {} at {} is in the guard page below a kernel stack",
          mm::AccessKindName(fault.access), fault.va);
  }
  if (const auto place = system->areas.areas().FindUnlocked(fault.va)) {
    const bool in_guard = place->where != mm::AreaPlace::Where::kInside;
    const auto stack =
        in_guard ? FindOverflownStack(fault, registers, system->areas.areas()) : std::nullopt;
    if (stack) {
      Panic(&registers, "kernel stack overflow: {} at {} is in the guard page below the {}",
            mm::AccessKindName(fault.access), fault.va, stack->name);
    }
    PanicArea(*place, fault, registers);
  }
  Panic(&registers, "{} at {} in region {}: {}", mm::AccessKindName(fault.access), fault.va,
        region_name, mm::FaultCauseName(fault.cause));
}

void OnUnexpectedException(std::string_view name, uint64_t code,
                           const arch::RegisterState& registers) {
  Panic(&registers, "unexpected exception: {} (code {:#x})", name, code);
}

}  // namespace kernel
