#include "arch/ops/user_mode.h"

#include "arch/arm/facts/signal_frame.h"

namespace arch {

UserRegisters StartRegisters(mm::VirtAddr entry, mm::VirtAddr stack_pointer) {
  const auto target = static_cast<uint32_t>(entry.value);
  UserRegisters registers{};
  registers.state.sp = static_cast<uint32_t>(stack_pointer.value);
  registers.state.pc = arm::AddressOfEntry(target);
  registers.state.cpsr = arm::StatusAtEntry(arm::psr::kUser, target);
  return registers;
}

}  // namespace arch
