// User mode's registers as entry saves them, and system calls' arguments; with signal frames, which
// are declared alike on every processor.
//
// Entry from user mode, by SVC or by an exception, always saves all of them at the top of the
// thread's kernel stack. Handlers change them only through what is declared here.
#pragma once

#include <cstddef>
#include <cstdint>

#include "arch/arm/facts/registers.h"
#include "arch/common/signal_frame.h"  // IWYU pragma: export
#include "arch/ops/registers.h"
#include "kernel/base/check.h"
#include "kernel/mm/facts/address.h"

namespace arch {

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

}  // namespace arch
