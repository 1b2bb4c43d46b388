// What applications that are part of the kernel image need of the processor: how they begin, and
// their way into the kernel. Only layouts that share the image's code with processes have any.
#pragma once

#include <cstdint>

#include "kernel/mm/facts/address.h"

namespace arch {

// A function of the image: user mode enters it with a stack pointer to an int (*)(int, char**), the
// number of arguments, and the arguments, behind which is a null. It calls that, and ends the
// process with what it returns.
[[nodiscard]] mm::VirtAddr ApplicationStart();

// From user mode, by the EABI.
inline intptr_t CallSystem(uint32_t number, uintptr_t first = 0, uintptr_t second = 0,
                           uintptr_t third = 0, uintptr_t fourth = 0) {
  register uintptr_t r0 asm("r0") = first;
  register uintptr_t r1 asm("r1") = second;
  register uintptr_t r2 asm("r2") = third;
  register uintptr_t r3 asm("r3") = fourth;
  register uint32_t r7 asm("r7") = number;
  asm volatile("svc #0" : "+r"(r0) : "r"(r1), "r"(r2), "r"(r3), "r"(r7) : "memory");
  return static_cast<intptr_t>(r0);
}

}  // namespace arch
