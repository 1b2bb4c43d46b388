#pragma once

#include <signal.h>
#include <ucontext.h>

#include <csignal>
#include <cstdint>

#include "userspace/machine/system_call.h"

// What a program must not do and a processor has instructions for.
namespace machine {

struct Instruction {
  const char* name;
  void (*execute)(uintptr_t);
  int signal;  // what it ends in
};

// ARM ARM B3.17: registers of the system control coprocessor at PL1, which are undefined
// instructions at PL0.
inline constexpr Instruction kPrivilegedInstructions[] = {
    {"read SCTLR", [](uintptr_t) { asm volatile("mrc p15, 0, r0, c1, c0, 0"
                                                :
                                                :
                                                : "r0"); }, SIGILL},
    {"write SCTLR", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c1, c0, 0"
                                                 :
                                                 : "r"(0)); },
     SIGILL},
    {"read TTBR0", [](uintptr_t) { asm volatile("mrc p15, 0, r0, c2, c0, 0"
                                                :
                                                :
                                                : "r0"); }, SIGILL},
    {"write TTBR0", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c2, c0, 0"
                                                 :
                                                 : "r"(0)); },
     SIGILL},
    {"write TTBCR", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c2, c0, 2"
                                                 :
                                                 : "r"(0)); },
     SIGILL},
    {"write DACR", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c3, c0, 0"
                                                :
                                                : "r"(~0)); },
     SIGILL},
    {"read DFAR", [](uintptr_t) { asm volatile("mrc p15, 0, r0, c6, c0, 0"
                                               :
                                               :
                                               : "r0"); }, SIGILL},
    {"ICIALLU", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c7, c5, 0"
                                             :
                                             : "r"(0)); }, SIGILL},
    {"DCIMVAC", [](uintptr_t at) { asm volatile("mcr p15, 0, %0, c7, c6, 1"
                                                :
                                                : "r"(at)); },
     SIGILL},
    {"TLBIALL", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c8, c7, 0"
                                             :
                                             : "r"(0)); }, SIGILL},
    {"write VBAR", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c12, c0, 0"
                                                :
                                                : "r"(0)); },
     SIGILL},
    {"write CONTEXTIDR", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c13, c0, 1"
                                                      :
                                                      : "r"(0)); },
     SIGILL},
    {"write TPIDRURO", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c13, c0, 3"
                                                    :
                                                    : "r"(0)); },
     SIGILL},
    {"read TPIDRPRW", [](uintptr_t) { asm volatile("mrc p15, 0, r0, c13, c0, 4"
                                                   :
                                                   :
                                                   : "r0"); },
     SIGILL},
    {"write CNTKCTL", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c14, c1, 0"
                                                   :
                                                   : "r"(0)); },
     SIGILL},
    {"write CNTP_TVAL", [](uintptr_t) { asm volatile("mcr p15, 0, %0, c14, c2, 0"
                                                     :
                                                     : "r"(1)); },
     SIGILL},
    {"smc", [](uintptr_t) { asm volatile(".inst 0xe1600070"); }, SIGILL},
    {"hvc", [](uintptr_t) { asm volatile(".inst 0xe1400070"); }, SIGILL},
};

// Instructions that do nothing in user mode but what it may: returns whether that is so.
inline bool StaysInUserMode() {
  constexpr uint32_t kMode = 0x1f;
  constexpr uint32_t kUserMode = 0x10;
  constexpr uint32_t kInterruptsOff = 0xc0;
  uint32_t status = 0;
  asm volatile(
      ".inst 0xf10c00c0\n\t"  // cpsid if
      ".inst 0xf1020013\n\t"  // cps #0x13, to the supervisor mode
      "mrs r1, cpsr\n\t"
      "orr r1, r1, #0xc0\n\t"
      "bic r1, r1, #0x1f\n\t"
      "orr r1, r1, #0x13\n\t"
      "msr cpsr_c, r1\n\t"
      "mrs %0, cpsr"
      : "=r"(status)
      :
      : "r1", "cc", "memory");
  return (status & kMode) == kUserMode && (status & kInterruptsOff) == 0;
}

// What a handler does to the registers that its return will put back. The process does not survive
// any of it.
struct Forgery {
  const char* name;
  void (*forge)(ucontext_t&);
};

inline constexpr Forgery kForgeries[] = {
    {"the supervisor mode", [](ucontext_t& context) { context.uc_mcontext.arm_cpsr = 0x13; }},
    {"the system mode", [](ucontext_t& context) { context.uc_mcontext.arm_cpsr = 0x1f; }},
    {"the monitor mode", [](ucontext_t& context) { context.uc_mcontext.arm_cpsr = 0x16; }},
    {"to the kernel", [](ucontext_t& context) { context.uc_mcontext.arm_pc = ~0UL << 30; }},
    {"to the vectors", [](ucontext_t& context) { context.uc_mcontext.arm_pc = ~0UL << 12; }},
};

// Flags that a handler's return has to leave alone: interrupts off.
inline void ForgeFlags(ucontext_t&) {}

// getppid, called with a stack pointer that leads anywhere.
inline long CallWithStackPointer(uintptr_t stack_pointer) {
  register long r7 asm("r7") = SYS_getppid;
  register long r0 asm("r0") = 0;
  asm volatile(
      "mov r4, sp\n\t"
      "mov sp, %2\n\t"
      "svc #0\n\t"
      "mov sp, r4"
      : "+r"(r0)
      : "r"(r7), "r"(stack_pointer)
      : "r4", "memory");
  return r0;
}

// A fault with a stack pointer that leads anywhere.
[[noreturn]] inline void FaultWithStackPointer(uintptr_t stack_pointer) {
  asm volatile(
      "mov sp, %0\n\t"
      "mov r0, #0\n\t"
      "str r0, [r0]\n\t"
      "udf #0"
      :
      : "r"(stack_pointer)
      : "r0", "memory");
  __builtin_unreachable();
}

// bx lr: returns to its caller.
inline constexpr unsigned char kReturnInstruction[] = {0x1e, 0xff, 0x2f, 0xe1};

}  // namespace machine
