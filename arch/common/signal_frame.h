// What a signal's handler finds on the user's stack: made and taken back by arch/<a>/ops.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/range.h"

namespace arch {

struct ThreadState;
struct UserRegisters;

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
