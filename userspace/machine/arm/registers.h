// What a program has in its registers, all at once.
#pragma once

#include <cstddef>
#include <cstdint>

namespace machine {

// D0 to D31, and six of the general ones, two in a word.
inline constexpr size_t kRegisterWords = 32 + 3;
// Of them a system call leaves as they are the first ones: all.
inline constexpr size_t kRegisterWordsOfCalls = kRegisterWords;

// Puts `values` into the registers, writes to `at` as often as it is told, at least once, and
// stores to `after` what is in the registers then. Both have kRegisterWords.
inline void WriteWithRegisters(volatile char* at, uintptr_t times, const uint64_t* values,
                               uint64_t* after) {
  // The compiler knows of D0 to D15 alone.
  asm volatile(
      ".fpu vfpv3\n\t"
      "vldmia %[values]!, {d0-d15}\n\t"
      "vldmia %[values]!, {d16-d31}\n\t"
      "ldmia %[values], {r4, r5, r6, r8, r9, r10}\n"
      "0:\n\t"
      "strb %[times], [%[at]]\n\t"
      "subs %[times], %[times], #1\n\t"
      "bne 0b\n\t"
      "vstmia %[after]!, {d0-d15}\n\t"
      "vstmia %[after]!, {d16-d31}\n\t"
      "stmia %[after], {r4, r5, r6, r8, r9, r10}\n\t"
      ".fpu vfpv3-d16"
      : [times] "+r"(times), [values] "+r"(values), [after] "+r"(after)
      : [at] "r"(at)
      : "r4", "r5", "r6", "r8", "r9", "r10", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8",
        "d9", "d10", "d11", "d12", "d13", "d14", "d15", "cc", "memory");
}

// The same around a system call without arguments, whose result it returns.
inline long CallWithRegisters(long number, const uint64_t* values, uint64_t* after) {
  register long result asm("r0") = 0;
  register long call asm("r7") = number;
  asm volatile(
      ".fpu vfpv3\n\t"
      "vldmia %[values]!, {d0-d15}\n\t"
      "vldmia %[values]!, {d16-d31}\n\t"
      "ldmia %[values], {r4, r5, r6, r8, r9, r10}\n\t"
      "svc #0\n\t"
      "vstmia %[after]!, {d0-d15}\n\t"
      "vstmia %[after]!, {d16-d31}\n\t"
      "stmia %[after], {r4, r5, r6, r8, r9, r10}\n\t"
      ".fpu vfpv3-d16"
      : "+r"(result), [values] "+r"(values), [after] "+r"(after)
      : "r"(call)
      : "r4", "r5", "r6", "r8", "r9", "r10", "d0", "d1", "d2", "d3", "d4", "d5", "d6", "d7", "d8",
        "d9", "d10", "d11", "d12", "d13", "d14", "d15", "cc", "memory");
  return result;
}

}  // namespace machine
