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

// Intel SDM vol. 3A 5.9: these run at privilege level 0 alone.
inline constexpr Instruction kPrivilegedInstructions[] = {
    {"cli", [](uintptr_t) { asm volatile("cli"); }, SIGSEGV},
    {"sti", [](uintptr_t) { asm volatile("sti"); }, SIGSEGV},
    {"hlt", [](uintptr_t) { asm volatile("hlt"); }, SIGSEGV},
    {"clts", [](uintptr_t) { asm volatile("clts"); }, SIGSEGV},
    {"in", [](uintptr_t) { asm volatile("in $0x60, %%al"
                                        :
                                        :
                                        : "eax"); }, SIGSEGV},
    {"out", [](uintptr_t) { asm volatile("out %%al, $0x80"
                                         :
                                         : "a"(0)); }, SIGSEGV},
    {"out to a far port",
     [](uintptr_t) { asm volatile("out %%ax, %%dx"
                                  :
                                  : "a"(0x2000), "d"(0x604)); }, SIGSEGV},
    {"in from an interrupt controller",
     [](uintptr_t) { asm volatile("in $0x21, %%al"
                                  :
                                  :
                                  : "eax"); }, SIGSEGV},
    {"out to the last port",
     [](uintptr_t) { asm volatile("out %%al, %%dx"
                                  :
                                  : "a"(0), "d"(0xffff)); }, SIGSEGV},
    {"insb", [](uintptr_t to) { asm volatile("insb"
                                             : "+D"(to)
                                             : "d"(0x60)
                                             : "memory"); }, SIGSEGV},
    {"read cr0", [](uintptr_t) { asm volatile("mov %%cr0, %%rax"
                                              :
                                              :
                                              : "rax"); }, SIGSEGV},
    {"read cr3", [](uintptr_t) { asm volatile("mov %%cr3, %%rax"
                                              :
                                              :
                                              : "rax"); }, SIGSEGV},
    {"write cr0", [](uintptr_t) { asm volatile("mov %0, %%cr0"
                                               :
                                               : "r"(0L)); }, SIGSEGV},
    {"write cr3", [](uintptr_t) { asm volatile("mov %0, %%cr3"
                                               :
                                               : "r"(0L)); }, SIGSEGV},
    {"write cr4", [](uintptr_t) { asm volatile("mov %0, %%cr4"
                                               :
                                               : "r"(0L)); }, SIGSEGV},
    {"write dr7", [](uintptr_t) { asm volatile("mov %0, %%db7"
                                               :
                                               : "r"(0L)); }, SIGSEGV},
    {"lgdt", [](uintptr_t at) { asm volatile("lgdt (%0)"
                                             :
                                             : "r"(at)); }, SIGSEGV},
    {"lidt", [](uintptr_t at) { asm volatile("lidt (%0)"
                                             :
                                             : "r"(at)); }, SIGSEGV},
    {"lldt", [](uintptr_t) { asm volatile("lldt %w0"
                                          :
                                          : "r"(0)); }, SIGSEGV},
    {"ltr", [](uintptr_t) { asm volatile("ltr %w0"
                                         :
                                         : "r"(0)); }, SIGSEGV},
    {"rdmsr", [](uintptr_t) { asm volatile("rdmsr"
                                           :
                                           : "c"(0xC0000080)
                                           : "eax", "edx"); }, SIGSEGV},
    {"wrmsr", [](uintptr_t) { asm volatile("wrmsr"
                                           :
                                           : "c"(0xC0000082), "a"(0), "d"(0)); },
     SIGSEGV},
    {"invlpg", [](uintptr_t at) { asm volatile("invlpg (%0)"
                                               :
                                               : "r"(at)); }, SIGSEGV},
    {"wbinvd", [](uintptr_t) { asm volatile("wbinvd"); }, SIGSEGV},
    {"swapgs", [](uintptr_t) { asm volatile("swapgs"); }, SIGSEGV},
    {"sysret", [](uintptr_t) { asm volatile("sysretq"); }, SIGSEGV},
    {"the kernel's data segment", [](uintptr_t) { asm volatile("mov %w0, %%ss"
                                                               :
                                                               : "r"(0x10)); },
     SIGSEGV},
    {"an interrupt gate", [](uintptr_t) { asm volatile("int $0x20"); }, SIGSEGV},
    {"the page fault's gate", [](uintptr_t) { asm volatile("int $0x0e"); }, SIGSEGV},
    {"an address that is none",
     [](uintptr_t) { asm volatile("movb $0, (%0)"
                                  :
                                  : "r"(uintptr_t{1} << 62)); }, SIGSEGV},
};

// Instructions that do nothing in user mode but what it may: returns whether that is so.
inline bool StaysInUserMode() {
  constexpr uintptr_t kInterruptsOn = 1 << 9;
  constexpr uintptr_t kInputOutputLevel = 3 << 12;
  uintptr_t flags = 0;
  asm volatile(
      "pushfq\n\t"
      "andq %1, (%%rsp)\n\t"  // interrupts off
      "orq %2, (%%rsp)\n\t"   // and ports for everybody
      "popfq\n\t"
      "pushfq\n\t"
      "popq %0"
      : "=&r"(flags)
      : "r"(~kInterruptsOn), "r"(kInputOutputLevel)
      : "memory", "cc");
  return (flags & kInterruptsOn) != 0 && (flags & kInputOutputLevel) == 0;
}

// What a handler does to the registers that its return will put back. The process does not survive
// any of it.
struct Forgery {
  const char* name;
  void (*forge)(ucontext_t&);
};

inline constexpr Forgery kForgeries[] = {
    {"the kernel's code segment",
     [](ucontext_t& context) { context.uc_mcontext.gregs[REG_CSGSFS] = 0x10; }},
    {"a task's segment", [](ucontext_t& context) { context.uc_mcontext.gregs[REG_CSGSFS] = 0x40; }},
    {"to the kernel", [](ucontext_t& context) { context.uc_mcontext.gregs[REG_RIP] = ~0LL << 31; }},
    {"to no address", [](ucontext_t& context) { context.uc_mcontext.gregs[REG_RIP] = 1LL << 62; }},
    {"to the end of the user's half",
     [](ucontext_t& context) { context.uc_mcontext.gregs[REG_RIP] = 1LL << 47; }},
};

// Flags that a handler's return has to leave alone: interrupts off, ports for everybody, virtual
// 8086 mode, nested task.
inline void ForgeFlags(ucontext_t& context) {
  context.uc_mcontext.gregs[REG_EFL] &= ~(1LL << 9);
  context.uc_mcontext.gregs[REG_EFL] |= (3LL << 12) | (1LL << 14) | (1LL << 17);
}

// getppid, called with a stack pointer that leads anywhere.
inline long CallWithStackPointer(uintptr_t stack_pointer) {
  long result = SYS_getppid;
  asm volatile(
      "mov %%rsp, %%r12\n\t"
      "mov %1, %%rsp\n\t"
      "syscall\n\t"
      "mov %%r12, %%rsp"
      : "+a"(result)
      : "r"(stack_pointer)
      : "rcx", "r11", "r12", "memory");
  return result;
}

// A fault with a stack pointer that leads anywhere.
[[noreturn]] inline void FaultWithStackPointer(uintptr_t stack_pointer) {
  asm volatile("mov %0, %%rsp\n\tmovb $1, 0\n\tud2" : : "r"(stack_pointer) : "memory");
  __builtin_unreachable();
}

// ret: returns to its caller.
inline constexpr unsigned char kReturnInstruction[] = {0xc3};

}  // namespace machine
