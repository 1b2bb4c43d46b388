// What a thread keeps while another one runs, and the switch between two.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "arch/ops/float_state.h"
#include "arch/ops/user_mode.h"
#include "kernel/mm/facts/range.h"

namespace arch {

// All zero is a valid start: that of whoever runs already, without a user mode. The memory must be
// aligned as the type says.
struct ThreadState {
  alignas(kFloatStateAlignment) std::array<std::byte, kFloatStateBytes> floating_point;
  uint64_t kernel_stack_pointer;  // while another thread runs
  uint64_t fs_base;               // the thread pointer
  uint64_t gs_base;
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

// The same for GS base, which only arch_prctl() sets.
[[nodiscard]] bool SetGsBase(ThreadState& state, uintptr_t value);

// The floating point of `from`, which may be the running thread, to `to`, which is not (fork).
void CopyFloatState(ThreadState& from, ThreadState& to);

// As a program finds it at its start (exec). Of the running thread or another.
void ResetFloatState(ThreadState& state);

// For arch/ops: between the registers and the state of the running thread; that of another is as it
// should be.
void SaveRunningFloat(ThreadState& state);
void LoadRunningFloat(const ThreadState& state);

}  // namespace arch
