// User mode's registers as entry saves them, and system calls' arguments; with signal frames, which
// are declared alike on every processor.
//
// Entry from user mode, by SYSCALL or by an exception, always saves all of them at the top of the
// thread's kernel stack. Handlers change them only through what is declared here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/common/signal_frame.h"  // IWYU pragma: export
#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"

namespace arch {

// In the order in which the processor and the entry code push them, lowest address first.
struct UserRegisters {
  uint64_t r15, r14, r13, r12, r11, r10, r9, r8;
  uint64_t rbp, rdi, rsi, rdx, rcx, rbx, rax;
  // How user mode was left: an exception's or interrupt's vector, kEnteredBySystemCall, or
  // kEntryForgotten when the registers are no more those that were saved.
  uint64_t vector;
  uint64_t error_code;  // of an exception, or the number of the system call
  uint64_t rip, cs, rflags, rsp, ss;
};
static_assert(sizeof(UserRegisters) == 22 * sizeof(uint64_t));

inline constexpr uint64_t kEnteredBySystemCall = 0x100;  // vectors are below
inline constexpr uint64_t kEntryForgotten = 0x101;

inline mm::VirtAddr InstructionPointer(const UserRegisters& registers) { return {registers.rip}; }
inline mm::VirtAddr StackPointer(const UserRegisters& registers) { return {registers.rsp}; }

// Those of a program that starts: all others are 0. On ARM bit 0 of `entry` selects Thumb.
UserRegisters StartRegisters(mm::VirtAddr entry, mm::VirtAddr stack_pointer);

// For clone(): another stack. The frame of a thread that is not running.
inline void SetStackPointer(UserRegisters& registers, mm::VirtAddr stack_pointer) {
  registers.rsp = stack_pointer.value;
}

// Of the system call that is being handled.
inline uintptr_t SystemCallNumber(const UserRegisters& registers) { return registers.error_code; }
// `index`: 0 to 5.
inline uintptr_t Argument(const UserRegisters& registers, unsigned index) {
  switch (index) {
    case 0:
      return registers.rdi;
    case 1:
      return registers.rsi;
    case 2:
      return registers.rdx;
    case 3:
      return registers.r10;
    case 4:
      return registers.r8;
    case 5:
      return registers.r9;
    default:
      CHECK(index <= 5);
      return 0;
  }
}
inline void SetResult(UserRegisters& registers, intptr_t result) {
  registers.rax = static_cast<uint64_t>(result);
}
// What SetResult() set: signals look whether a call was interrupted.
inline intptr_t Result(const UserRegisters& registers) {
  return static_cast<intptr_t>(registers.rax);
}

// Whether user mode was left by a system call, and the registers are still that call's: only then
// may it be restarted.
inline bool IsSystemCall(const UserRegisters& registers) {
  return registers.vector == kEnteredBySystemCall;
}
// As if the system call's instruction had not been executed, whatever SetResult() has set since.
void RestartSystemCall(UserRegisters& registers);

}  // namespace arch
