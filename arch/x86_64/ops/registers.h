// The processor's state at an interrupt or exception.
#pragma once

#include <cstdint>

#include "kernel/base/print.h"
#include "kernel/mm/facts/address.h"

namespace arch {

// In the order in which the processor and interrupt_entry.S push it, lowest address first.
struct RegisterState {
  uint64_t cr2;  // of this exception only if it is a page fault
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
  uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
  uint64_t vector;
  uint64_t error_code;  // 0 where the processor gives none
  uint64_t rip, cs, rflags, rsp, ss;
};

// Several lines, each indented by two blanks: the saved registers, then the control registers as
// they are now.
void PrintRegisters(base::Sink& sink, const RegisterState& state);

inline mm::VirtAddr InstructionPointer(const RegisterState& state) {
  return mm::VirtAddr{state.rip};
}
inline mm::VirtAddr StackPointer(const RegisterState& state) { return mm::VirtAddr{state.rsp}; }

}  // namespace arch
