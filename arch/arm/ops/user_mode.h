// User mode's registers as entry saves them, system calls' arguments, and signal frames.
//
// Entry from user mode, by SVC or by an exception, always saves all of them at the top of the
// thread's kernel stack. Handlers change them only through what is declared here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "arch/arm/facts/registers.h"
#include "arch/ops/registers.h"
#include "kernel/base/check.h"
#include "kernel/mm/address.h"
#include "kernel/mm/range.h"

namespace arch {

struct ThreadState;

enum class UserEntry : uint32_t {
  kOther,  // by an exception or interrupt, or the registers are no more those that were saved
  kSystemCall,
};

// As vectors.S lays it out.
struct UserRegisters {
  uint32_t first_argument;  // r0 at entry: of a system call that is to be restarted
  UserEntry entry;
  uint32_t unused;  // AAPCS 5.2.1.2: aligned to 8
  RegisterState state;
};
static_assert(sizeof(UserRegisters) == 20 * sizeof(uint32_t));

inline mm::VirtAddr InstructionPointer(const UserRegisters& registers) {
  return {registers.state.pc};
}
inline mm::VirtAddr StackPointer(const UserRegisters& registers) { return {registers.state.sp}; }

// Those of a program that starts: all others are 0. On ARM bit 0 of `entry` selects Thumb.
UserRegisters StartRegisters(mm::VirtAddr entry, mm::VirtAddr stack_pointer);

// For clone(): another stack. The frame of a thread that is not running.
inline void SetStackPointer(UserRegisters& registers, mm::VirtAddr stack_pointer) {
  registers.state.sp = static_cast<uint32_t>(stack_pointer.value);
}

// Of the system call that is being handled, by the EABI: number in r7, arguments from r0 on.
inline uintptr_t SystemCallNumber(const UserRegisters& registers) {
  return registers.state.general[7];
}
// `index`: 0 to 5, on ARM to 6.
inline uintptr_t Argument(const UserRegisters& registers, unsigned index) {
  CHECK(index <= 6);
  return registers.state.general[index];
}
inline void SetResult(UserRegisters& registers, intptr_t result) {
  registers.state.general[0] = static_cast<uint32_t>(result);
}
// What SetResult() set: signals look whether a call was interrupted.
inline intptr_t Result(const UserRegisters& registers) {
  return static_cast<intptr_t>(registers.state.general[0]);
}

// Whether user mode was left by a system call, and the registers are still that call's: only then
// may it be restarted.
inline bool IsSystemCall(const UserRegisters& registers) {
  return registers.entry == UserEntry::kSystemCall;
}
// As if the system call's instruction had not been executed, whatever SetResult() has set since.
inline void RestartSystemCall(UserRegisters& registers) {
  CHECK(IsSystemCall(registers));
  constexpr uint32_t kArmBytes = 4;
  constexpr uint32_t kThumbBytes = 2;
  const bool thumb = (registers.state.cpsr & arm::psr::kThumb) != 0;
  registers.state.pc -= thumb ? kThumbBytes : kArmBytes;
  registers.state.general[0] = registers.first_argument;
  registers.entry = UserEntry::kOther;
}

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
