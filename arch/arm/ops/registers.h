// What an exception saved of the interrupted program.
#pragma once

#include <array>
#include <cstdint>

#include "kernel/base/print.h"
#include "kernel/mm/facts/address.h"

namespace arch {

// As vectors.S lays it out on the stack.
struct RegisterState {
  std::array<uint32_t, 13> general;  // r0..r12
  uint32_t sp;                       // of the interrupted mode, as is lr
  uint32_t lr;
  uint32_t pc;  // the instruction that faulted, or the next one for an interrupt
  uint32_t cpsr;
};
static_assert(sizeof(RegisterState) == 17 * sizeof(uint32_t));

mm::VirtAddr InstructionPointer(const RegisterState& registers);
mm::VirtAddr StackPointer(const RegisterState& registers);

// Several lines, each register by its name.
void PrintRegisters(base::Sink& sink, const RegisterState& registers);

}  // namespace arch
