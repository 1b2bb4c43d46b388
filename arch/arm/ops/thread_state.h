// What a thread keeps while another one runs, and the switch between two.
#pragma once

#include <cstdint>

#include "arch/arm/facts/signal_frame.h"
#include "arch/ops/user_mode.h"
#include "kernel/mm/facts/range.h"

namespace arch {

// All zero is a valid start: that of whoever runs already, without a user mode.
struct ThreadState {
  arm::VfpRegisters floating_point;  // while another thread runs, as are the next two
  uint32_t kernel_stack_pointer;
  uint32_t own_thread_register;  // TPIDRURW, which user mode writes as it likes
  uint32_t thread_pointer;       // TPIDRURO
};

// The registers that entry from user mode saves on this kernel stack. Its first byte after the last
// is aligned to 16.
[[nodiscard]] UserRegisters& RegistersOf(const mm::VirtRange& kernel_stack);

// A thread that has never run: SwitchThread() to it returns to user mode with `registers`, after
// on_return_to_user if there is work. Its floating point is as after ResetFloatState(), its thread
// pointer 0; what it is to have instead comes after this call.
void PrepareThread(ThreadState& state, const mm::VirtRange& kernel_stack,
                   const UserRegisters& registers);

// Goes on with `to`, which is prepared or switched away, on its kernel stack; returns when somebody
// switches back to `from`, the running thread. The page table is the caller's business. The boot
// stack's code is a thread like others. With interrupts off.
void SwitchThread(ThreadState& from, ThreadState& to, const mm::VirtRange& to_stack);

// User mode's thread pointer: FS base, TPIDRURO. Of the running thread or another. False: the
// processor can have no such value (on x86_64 a user's addresses only); nothing has changed.
[[nodiscard]] bool SetThreadPointer(ThreadState& state, uintptr_t value);
[[nodiscard]] uintptr_t ThreadPointer(const ThreadState& state);

// The floating point of `from`, which may be the running thread, to `to`, which is not (fork).
void CopyFloatState(const ThreadState& from, ThreadState& to);

// As a program finds it at its start (exec). Of the running thread or another.
void ResetFloatState(ThreadState& state);

}  // namespace arch
