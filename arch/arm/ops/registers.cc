#include "arch/ops/registers.h"

#include <string_view>

#include "arch/arm/facts/registers.h"

namespace arch {
namespace {

std::string_view ModeName(uint32_t cpsr) {
  switch (cpsr & arm::psr::kModeMask) {
    case arm::psr::kUser:
      return "user";
    case arm::psr::kFiq:
      return "FIQ";
    case arm::psr::kIrq:
      return "IRQ";
    case arm::psr::kSupervisor:
      return "supervisor";
    case arm::psr::kAbort:
      return "abort";
    case arm::psr::kUndefined:
      return "undefined";
    case arm::psr::kSystem:
      return "system";
    default:
      return "unknown";
  }
}

}  // namespace

mm::VirtAddr InstructionPointer(const RegisterState& registers) {
  return mm::VirtAddr{registers.pc};
}

mm::VirtAddr StackPointer(const RegisterState& registers) { return mm::VirtAddr{registers.sp}; }

void PrintRegisters(base::Sink& sink, const RegisterState& registers) {
  const auto& r = registers.general;
  base::Print(sink, "  r0  {:08x}  r1  {:08x}  r2  {:08x}  r3  {:08x}\n", r[0], r[1], r[2], r[3]);
  base::Print(sink, "  r4  {:08x}  r5  {:08x}  r6  {:08x}  r7  {:08x}\n", r[4], r[5], r[6], r[7]);
  base::Print(sink, "  r8  {:08x}  r9  {:08x}  r10 {:08x}  r11 {:08x}\n", r[8], r[9], r[10], r[11]);
  base::Print(sink, "  r12 {:08x}  sp  {:08x}  lr  {:08x}  pc  {:08x}\n", r[12], registers.sp,
              registers.lr, registers.pc);
  base::Print(sink, "  cpsr {:08x} ({} mode)\n", registers.cpsr, ModeName(registers.cpsr));
}

}  // namespace arch
