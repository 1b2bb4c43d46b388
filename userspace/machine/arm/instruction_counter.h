#pragma once

#include <cstdint>

namespace machine {

// How far the counter moves at once. QEMU's generic timer counts with 62.5 MHz, and under -icount
// shift=0 an instruction takes one nanosecond.
inline constexpr uint64_t kCounterStep = 16;

// Instructions since the machine was switched on, under QEMU's -icount shift=0, by the virtual
// counter. The kernel has to let user mode read it (CNTKCTL.PL0VCTEN, ARM ARM B4.1.26).
inline uint64_t ReadInstructionCounter() {
  uint64_t count = 0;
  asm volatile("isb\n\tmrrc p15, 1, %Q0, %R0, c14" : "=r"(count) : : "memory");
  return count * kCounterStep;
}

}  // namespace machine
