// What a program has in its registers, all at once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace machine {

// XMM0 to XMM15, RBX, and R8 to R15.
inline constexpr size_t kRegisterWords = 16 * 2 + 1 + 8;
// Of them a system call leaves as they are the first ones: R11 is the processor's, and what
// follows.
inline constexpr size_t kRegisterWordsOfCalls = 16 * 2 + 1 + 3;

// Puts `values` into the registers, writes to `at` as often as it is told, at least once, and
// stores to `after` what is in the registers then. Both have kRegisterWords.
inline void WriteWithRegisters(volatile char* at, uintptr_t times, const uint64_t* values,
                               uint64_t* after) {
  asm volatile(
      ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
      "movdqu 16*\\i(%[values]), %%xmm\\i\n\t"
      ".endr\n\t"
      "mov 256(%[values]), %%rbx\n\t"
      ".irp i, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
      "mov 200+8*\\i(%[values]), %%r\\i\n\t"
      ".endr\n"
      "0:\n\t"
      "movb $1, (%[at])\n\t"
      "dec %[times]\n\t"
      "jnz 0b\n\t"
      ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
      "movdqu %%xmm\\i, 16*\\i(%[after])\n\t"
      ".endr\n\t"
      "mov %%rbx, 256(%[after])\n\t"
      ".irp i, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
      "mov %%r\\i, 200+8*\\i(%[after])\n\t"
      ".endr"
      : [times] "+c"(times)
      : [at] "D"(at), [values] "S"(values), [after] "d"(after)
      : "rbx", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15", "xmm0", "xmm1", "xmm2", "xmm3",
        "xmm4", "xmm5", "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
        "xmm15", "cc", "memory");
}

// The same around a system call without arguments, whose result it returns.
inline long CallWithRegisters(long number, const uint64_t* values, uint64_t* after) {
  asm volatile(
      ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
      "movdqu 16*\\i(%[values]), %%xmm\\i\n\t"
      ".endr\n\t"
      "mov 256(%[values]), %%rbx\n\t"
      ".irp i, 8, 9, 10\n\t"
      "mov 200+8*\\i(%[values]), %%r\\i\n\t"
      ".endr\n\t"
      "syscall\n\t"
      ".irp i, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n\t"
      "movdqu %%xmm\\i, 16*\\i(%[after])\n\t"
      ".endr\n\t"
      "mov %%rbx, 256(%[after])\n\t"
      ".irp i, 8, 9, 10\n\t"
      "mov %%r\\i, 200+8*\\i(%[after])\n\t"
      ".endr"
      : "+a"(number)
      : [values] "S"(values), [after] "D"(after)
      : "rbx", "rcx", "r8", "r9", "r10", "r11", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
        "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15", "cc",
        "memory");
  return number;
}

}  // namespace machine
