#include "arch/ops/registers.h"

#include "arch/ops/control_registers.h"
#include "arch/x86_64/facts/registers.h"

namespace arch {

void PrintRegisters(base::Sink& sink, const RegisterState& state) {
  base::Print(sink, "  rip {:016x} rsp {:016x} rbp {:016x}\n", state.rip, state.rsp, state.rbp);
  base::Print(sink, "  rax {:016x} rbx {:016x} rcx {:016x}\n", state.rax, state.rbx, state.rcx);
  base::Print(sink, "  rdx {:016x} rsi {:016x} rdi {:016x}\n", state.rdx, state.rsi, state.rdi);
  base::Print(sink, "  r8  {:016x} r9  {:016x} r10 {:016x}\n", state.r8, state.r9, state.r10);
  base::Print(sink, "  r11 {:016x} r12 {:016x} r13 {:016x}\n", state.r11, state.r12, state.r13);
  base::Print(sink, "  r14 {:016x} r15 {:016x} rflags {:08x}\n", state.r14, state.r15,
              state.rflags);
  base::Print(sink, "  vector {} error {:x} cs {:x} ss {:x}\n", state.vector, state.error_code,
              state.cs, state.ss);
  base::Print(sink, "  cr0 {:x} cr2 {:x} cr3 {:x} cr4 {:x} efer {:x}\n", ReadCr0(), state.cr2,
              ReadCr3(), ReadCr4(), ReadMsr(x86_64::efer::kIndex));
}

}  // namespace arch
