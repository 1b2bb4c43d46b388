#pragma once

#include <cstdint>

namespace machine {

// How far the counter moves at once.
inline constexpr uint64_t kCounterStep = 1;

// Instructions since the machine was switched on, under QEMU's -icount shift=0: its time stamp
// counter then moves by one for each of them.
inline uint64_t ReadInstructionCounter() {
  uint32_t low = 0;
  uint32_t high = 0;
  asm volatile("rdtsc" : "=a"(low), "=d"(high) : : "memory");
  return (uint64_t{high} << 32) | low;
}

}  // namespace machine
