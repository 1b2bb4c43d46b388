#pragma once

#include <sys/syscall.h>

namespace machine {

// mmap's number, and the unit of its offset.
inline constexpr long kMapCall = SYS_mmap2;
inline constexpr long kMapOffsetUnit = 4096;

// clock_gettime with 64-bit seconds.
inline constexpr long kClockGetTimeCall = SYS_clock_gettime64;

// fcntl with offsets of 64 bits.
inline constexpr long kFileControlCall = SYS_fcntl64;

// A system call without the C library: nothing but its instructions is counted, and no argument is
// looked at before the kernel sees it. Failures are the negative numbers down to -4095.
inline long SystemCall(long number, long first = 0, long second = 0, long third = 0) {
  register long r7 asm("r7") = number;
  register long r0 asm("r0") = first;
  register long r1 asm("r1") = second;
  register long r2 asm("r2") = third;
  asm volatile("svc #0" : "+r"(r0) : "r"(r7), "r"(r1), "r"(r2) : "memory");
  return r0;
}

inline long SystemCall(long number, long first, long second, long third, long fourth,
                       long fifth = 0, long sixth = 0) {
  register long r7 asm("r7") = number;
  register long r0 asm("r0") = first;
  register long r1 asm("r1") = second;
  register long r2 asm("r2") = third;
  register long r3 asm("r3") = fourth;
  register long r4 asm("r4") = fifth;
  register long r5 asm("r5") = sixth;
  asm volatile("svc #0"
               : "+r"(r0)
               : "r"(r7), "r"(r1), "r"(r2), "r"(r3), "r"(r4), "r"(r5)
               : "memory");
  return r0;
}

// Of this thread: TPIDRURO (ARM DDI 0406C B4.1.150).
inline long ThreadPointer() {
  long pointer;
  asm("mrc p15, 0, %0, c13, c0, 3" : "=r"(pointer));
  return pointer;
}

}  // namespace machine
