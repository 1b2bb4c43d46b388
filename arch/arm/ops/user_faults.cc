// Exceptions that user mode caused, in words that every architecture shares. Entered from vectors.S
// on the thread's kernel stack, interrupts masked.
#include <cstddef>

#include "arch/arm/facts/exceptions.h"
#include "arch/arm/facts/paging_policy.h"
#include "arch/arm/ops/coprocessor.h"
#include "arch/ops/user_mode.h"
#include "kernel/sched/traps.h"

namespace arch {
namespace {

// As vectors.S has them.
static_assert(arm::PagingPolicy::kUserClosed == 0x1 && arm::PagingPolicy::kUserOpen == 0x5);
static_assert(offsetof(kernel::TrapHandlers, on_return_to_user) == 3 * sizeof(uint32_t));
static_assert(offsetof(UserRegisters, state) == 3 * sizeof(uint32_t));

void Raise(kernel::UserException exception, UserRegisters& registers) {
  kernel_trap_handlers.on_user_exception(exception, InstructionPointer(registers), registers);
}

void Raise(const mm::FaultInfo& fault, UserRegisters& registers) {
  switch (fault.cause) {
    case mm::FaultCause::kNotMapped:
    case mm::FaultCause::kPermission:
      kernel_trap_handlers.on_user_fault(fault, registers);
      return;
    case mm::FaultCause::kAlignment:
      Raise(kernel::UserException::kAlignment, registers);
      return;
    case mm::FaultCause::kOther:
      Raise(kernel::UserException::kBus, registers);
      return;
  }
}

}  // namespace
}  // namespace arch

extern "C" {

void ArmOnUserDataAbort(arch::UserRegisters& registers) {
  using namespace arch::arm;  // NOLINT(google-build-using-namespace)
  arch::Raise(DecodeDataAbort(ReadDfsr(), mm::VirtAddr{ReadDfar()}, registers.state.cpsr),
              registers);
}

void ArmOnUserPrefetchAbort(arch::UserRegisters& registers) {
  using namespace arch::arm;  // NOLINT(google-build-using-namespace)
  const uint32_t status = ReadIfsr();
  // BKPT (C3.3): no hardware breakpoint is ever set.
  if (StatusOf(status) == FaultStatus::kDebugEvent) {
    arch::Raise(kernel::UserException::kBreakpoint, registers);
    return;
  }
  arch::Raise(DecodePrefetchAbort(status, mm::VirtAddr{ReadIfar()}, registers.state.cpsr),
              registers);
}

// Of a privileged instruction the processor says no more (B1.8.5).
void ArmOnUserUndefinedInstruction(arch::UserRegisters& registers) {
  arch::Raise(kernel::UserException::kIllegalInstruction, registers);
}

}  // extern "C"
