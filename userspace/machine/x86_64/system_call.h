#pragma once

#include <sys/syscall.h>

namespace machine {

// mmap's number, and the unit of its offset.
inline constexpr long kMapCall = SYS_mmap;
inline constexpr long kMapOffsetUnit = 1;

// clock_gettime with 64-bit seconds.
inline constexpr long kClockGetTimeCall = SYS_clock_gettime;

// fcntl with offsets of 64 bits.
inline constexpr long kFileControlCall = SYS_fcntl;

// A system call without the C library: nothing but its instructions is counted, and no argument is
// looked at before the kernel sees it. Failures are the negative numbers down to -4095.
inline long SystemCall(long number, long first = 0, long second = 0, long third = 0) {
  long result = number;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(first), "S"(second), "d"(third)
               : "rcx", "r11", "memory");
  return result;
}

inline long SystemCall(long number, long first, long second, long third, long fourth,
                       long fifth = 0, long sixth = 0) {
  long result = number;
  register long r10 asm("r10") = fourth;
  register long r8 asm("r8") = fifth;
  register long r9 asm("r9") = sixth;
  asm volatile("syscall"
               : "+a"(result)
               : "D"(first), "S"(second), "d"(third), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

// Of this thread: its own address is what lies there (ELF Handling For Thread-Local
// Storage, 3.4.6).
inline long ThreadPointer() {
  long pointer;
  asm("mov %%fs:0, %0" : "=r"(pointer));
  return pointer;
}

}  // namespace machine
