// The ends of the exceptions that end the kernel. Entered from vectors.S on the fault stack.
#include "arch/arm/facts/exceptions.h"
#include "arch/arm/facts/registers.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/ops/console.h"
#include "arch/ops/power.h"
#include "arch/ops/registers.h"
#include "kernel/init/fault.h"

extern "C" {
extern const char image_entry[];
extern const char image_entry_trap[];
}

namespace arch {
namespace {

// start.S has the image's first instructions lead here when they are called with the MMU on.
bool IsEntryTrap(const RegisterState& registers) {
  return registers.pc == reinterpret_cast<uintptr_t>(image_entry_trap);
}

// The fault handlers run in abort mode, so an exception there is theirs. It reuses the fault
// stack from its top: what the first report had to say is lost, but not the end of the run.
void RefuseNestedFault(const RegisterState& registers) {
  if ((registers.cpsr & arm::psr::kModeMask) != arm::psr::kAbort) return;
  static constinit bool reported = false;
  if (!reported) {
    reported = true;
    WriteText("\nPANIC: a fault while reporting a fault\n");
  }
  ExitWithFailure();
}

[[noreturn]] void Refuse(arm::Vector vector, const RegisterState& registers) {
  RefuseNestedFault(registers);
  kernel::OnUnexpectedException(arm::VectorName(vector), 0, registers);
}

}  // namespace
}  // namespace arch

extern "C" {

[[noreturn]] void ArmOnReset(const arch::RegisterState& registers) {
  arch::Refuse(arch::arm::Vector::kReset, registers);
}

[[noreturn]] void ArmOnUndefinedInstruction(const arch::RegisterState& registers) {
  if (arch::IsEntryTrap(registers)) {
    arch::RefuseNestedFault(registers);
    kernel::OnKernelFault({.va = mm::VirtAddr{reinterpret_cast<uintptr_t>(image_entry)},
                           .access = mm::AccessKind::kExecute,
                           .cause = mm::FaultCause::kPermission,
                           .privilege = mm::Privilege::kKernel},
                          registers);
  }
  arch::Refuse(arch::arm::Vector::kUndefinedInstruction, registers);
}

[[noreturn]] void ArmOnSupervisorCall(const arch::RegisterState& registers) {
  arch::Refuse(arch::arm::Vector::kSupervisorCall, registers);
}

[[noreturn]] void ArmOnHypTrap(const arch::RegisterState& registers) {
  arch::Refuse(arch::arm::Vector::kHypTrap, registers);
}

[[noreturn]] void ArmOnFiq(const arch::RegisterState& registers) {
  arch::Refuse(arch::arm::Vector::kFiq, registers);
}

[[noreturn]] void ArmOnPrefetchAbort(const arch::RegisterState& registers) {
  using namespace arch::arm;
  arch::RefuseNestedFault(registers);
  const uint32_t status = ReadIfsr();
  const mm::FaultInfo fault = DecodePrefetchAbort(status, mm::VirtAddr{ReadIfar()}, registers.cpsr);
  if (fault.cause == mm::FaultCause::kOther) {
    kernel::OnUnexpectedException(FaultStatusName(StatusOf(status)), status, registers);
  }
  kernel::OnKernelFault(fault, registers);
}

[[noreturn]] void ArmOnDataAbort(const arch::RegisterState& registers) {
  using namespace arch::arm;
  arch::RefuseNestedFault(registers);
  const uint32_t status = ReadDfsr();
  const mm::FaultInfo fault = DecodeDataAbort(status, mm::VirtAddr{ReadDfar()}, registers.cpsr);
  if (fault.cause == mm::FaultCause::kOther) {
    kernel::OnUnexpectedException(FaultStatusName(StatusOf(status)), status, registers);
  }
  kernel::OnKernelFault(fault, registers);
}

}  // extern "C"
