#include "arch/ops/user_mode.h"

#include <cstdint>

#include "arch/ops/user_start.h"
#include "arch/x86_64/devices/descriptors.h"
#include "arch/x86_64/facts/registers.h"
#include "kernel/mm/facts/fault_info.h"
#include "kernel/sched/traps.h"

extern "C" {
// Called by user_entry.S instead of a return to an address that is not the lower half's.
void ArchOnReturnBeyondUser(arch::UserRegisters* registers);
}

namespace arch {

using namespace arch::x86_64;

UserRegisters StartRegisters(mm::VirtAddr entry, mm::VirtAddr stack_pointer) {
  UserRegisters registers = {};
  registers.vector = kEntryForgotten;
  registers.rip = entry.value;
  registers.cs = kUserCodeSelector;
  registers.rflags = rflags::kAlwaysOne | rflags::kInterruptEnable;
  registers.rsp = stack_pointer.value;
  registers.ss = kUserDataSelector;
  return registers;
}

void RestartSystemCall(UserRegisters& registers) {
  CHECK(IsSystemCall(registers));
  constexpr uint64_t kInstructionBytes = 2;  // SYSCALL: 0F 05
  registers.rip -= kInstructionBytes;
  registers.rax = registers.error_code;
}

}  // namespace arch

// What the processor would say of the first instruction there, were it in user mode already.
void ArchOnReturnBeyondUser(arch::UserRegisters* registers) {
  const mm::VirtAddr va = arch::InstructionPointer(*registers);
  const bool is_canonical = va.value >= ~arch_last_user_address;
  if (!is_canonical) {
    return kernel_trap_handlers.on_user_exception(kernel::UserException::kPrivileged, va,
                                                  *registers);
  }
  kernel_trap_handlers.on_user_fault({.va = va,
                                      .access = mm::AccessKind::kExecute,
                                      .cause = mm::FaultCause::kPermission,
                                      .privilege = mm::Privilege::kUser},
                                     *registers);
}
