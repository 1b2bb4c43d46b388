// User mode's registers as entry saves them, system calls' arguments, and signal frames.
//
// Entry from user mode, by SYSCALL or by an exception, always saves all of them at the top of the
// thread's kernel stack. Handlers change them only through what is declared here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/base/check.h"
#include "kernel/mm/address.h"
#include "kernel/mm/range.h"

namespace arch {

struct ThreadState;

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

// What kind of frame Linux makes: ARM has a short one for handlers that ask for no siginfo. x86_64
// always makes the long one.
enum class SignalFrameKind : uint8_t { kPlain, kWithInfo };

inline constexpr size_t kSignalInfoBytes = 128;  // sizeof(siginfo_t)

struct SignalDelivery {
  unsigned signal;
  SignalFrameKind kind;                               // SA_SIGINFO
  mm::VirtAddr handler;                               // on ARM bit 0 selects Thumb
  mm::VirtAddr restorer;                              // sa_restorer: the handler returns to it
  std::span<const std::byte, kSignalInfoBytes> info;  // siginfo_t, as the program sees it
  uint64_t blocked;                                   // the mask to come back to
  mm::VirtAddr fault_va;                              // of the fault that is the reason, else 0
  // The frame lies below this: the top of the alternate stack, or StackPointer() less nothing; what
  // a leaf function may keep below its stack pointer is spared only when this is StackPointer().
  mm::VirtAddr stack_pointer;
  // uc_stack as sigaltstack() reports it; ss_flags as Linux has it (0, SS_ONSTACK, SS_DISABLE).
  mm::VirtRange alternate_stack;
  uint32_t alternate_stack_flags;
};

// Saves `registers` and the floating point of `state`, which is the running thread's, in a frame on
// the user's stack and makes them those of the handler's start. False: the stack cannot be written;
// nothing has changed.
[[nodiscard]] bool PushSignalFrame(UserRegisters& registers, ThreadState& state,
                                   const SignalDelivery& delivery);

// sigreturn and rt_sigreturn: takes back what is in the frame at the stack pointer. All of it is
// the user's to forge: rights and modes stay a user's. `kind`: by which of the two calls.
// `blocked`: the mask to restore. The alternate stack stays what it is now. False: the frame cannot
// be read or holds what user mode cannot have; then `registers` may have changed, and the thread is
// to die by SIGSEGV.
[[nodiscard]] bool PopSignalFrame(UserRegisters& registers, ThreadState& state,
                                  SignalFrameKind kind, uint64_t& blocked);

}  // namespace arch
