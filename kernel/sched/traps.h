// What user mode asks of the kernel: how arch/<a>/ops hands over system calls, faults, exceptions
// and ticks. Who runs user mode installs his handlers. Function pointers cost entry code what
// direct calls cost, and let the monitor's trial run user programs of its own.
//
// Every handler runs with interrupts off: those with registers on the thread's kernel stack, whose
// top the registers are (arch::RegistersOf); they may block, that is, switch threads. When they
// return, user mode goes on with the registers as they are then.
#pragma once

#include <atomic>
#include <cstdint>

#include "kernel/mm/facts/address.h"
#include "kernel/mm/facts/fault_info.h"

namespace arch {
struct UserRegisters;
}

namespace kernel {

enum class UserException : uint8_t {
  kIllegalInstruction,
  kPrivileged,  // an instruction or an operand that only the kernel may use; x86_64 also: an
                // address that is not canonical
  kDivide,
  kBreakpoint,  // the breakpoint instruction; the program counter is behind it on x86_64
  kSingleStep,  // x86_64: a trap flag or a debug register
  kAlignment,
  kFloatingPoint,  // x87, SSE or VFP exception that the program unmasked
  kBus,            // x86_64: stack segment fault; ARM: external abort
};

struct TrapHandlers {
  // Must be the first: entry code calls it through the structure's address. Number and arguments:
  // arch/ops/user_mode.h. What it returns goes to the result's register last of all.
  intptr_t (*on_system_call)(arch::UserRegisters&);
  // A page fault in user mode.
  void (*on_user_fault)(mm::FaultInfo, arch::UserRegisters&);
  // Any other exception in user mode; `pc` is the instruction's address, but see kBreakpoint.
  void (*on_user_exception)(UserException, mm::VirtAddr pc, arch::UserRegisters&);
  // Called before each return to user mode while `return_work` is not zero, and again until it is.
  void (*on_return_to_user)(arch::UserRegisters&);
  // The kernel's access to a user page, inside a user copy, faulted. True: the page is there now,
  // the access is repeated; false: the copy ends short. Never blocks.
  bool (*resolve_user_copy_fault)(const mm::FaultInfo&);
  // The timer interrupted and has been acknowledged: user mode or a kernel that waits
  // (arch::WaitForInterrupt). So many ticks of the clock have passed; none, where somebody asked
  // for an interrupt in between (arch::InterruptBy). Does not switch threads: it sets `return_work`
  // for that.
  void (*on_timer)(uint32_t ticks);
  // A line that arch::OpenLine() opened interrupted, likewise. It is masked until
  // arch::UnmaskLine(), and has been acknowledged.
  void (*on_interrupt)(uint32_t line);
};

}  // namespace kernel

extern "C" {
// Those in force, copied. Until somebody has installed some: user mode panics, no copy fault is
// resolved, ticks and interrupts do nothing.
extern kernel::TrapHandlers kernel_trap_handlers;

// Not zero: the running thread has something to do before it returns to user mode (a signal,
// another thread's turn). Bits are its setter's own. Only this processor changes it, with
// interrupts off; entry code reads it.
extern std::atomic<uint32_t> kernel_return_work;
}

namespace kernel {

// With interrupts off, and nobody in user mode. Returns those before.
TrapHandlers InstallTrapHandlers(const TrapHandlers& handlers);

}  // namespace kernel
