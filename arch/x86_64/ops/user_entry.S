// From user mode into the kernel and back. The registers are saved as an arch::UserRegisters at the
// top of the thread's kernel stack, where the task state says (RSP0).
//
// SYSCALL does not switch stacks: for two instructions the kernel runs on the user's, and so it does
// before SYSRET. Interrupts are off (FMASK), nothing there faults, and what comes all the same, NMI,
// machine check and double fault, has a stack of its own (IST), saves nothing on this one and ends
// the kernel. There is no SWAPGS that they would have to undo: with one processor, what entry needs
// is at fixed addresses.

#include "arch/x86_64/ops/entry_macros.inc"

    // As in descriptors.h: the task state's first stack, and selectors.
    .set ENTRY_STACK, arch_task_state + 4
    .set USER_DATA_SELECTOR, 0x2b
    .set USER_CODE_SELECTOR, 0x33
    // As in user_mode.h: kEnteredBySystemCall, and offsets in UserRegisters.
    .set ENTERED_BY_SYSTEM_CALL, 0x100
    .set SAVED_R10, 40
    .set SAVED_R9, 48
    .set SAVED_R8, 56
    .set SAVED_RBP, 64
    .set SAVED_RDI, 72
    .set SAVED_RSI, 80
    .set SAVED_RDX, 88
    .set SAVED_RAX, 112
    .set SAVED_VECTOR, 120
    .set SAVED_RIP, 136
    .set SAVED_RFLAGS, 152
    .set SAVED_RSP, 160
    // As in traps.h.
    .set ON_SYSTEM_CALL, 0
    .set ON_RETURN_TO_USER, 24

    .section .text.user_entry, "ax"

// RCX: where user mode goes on; R11: its flags; RAX: the number (SDM vol. 2B, SYSCALL).
    .balign 16
    .globl system_call_entry
    .type system_call_entry, @function
system_call_entry:
    movq %rsp, user_stack_pointer(%rip)
    movq ENTRY_STACK(%rip), %rsp
    pushq $USER_DATA_SELECTOR
    pushq user_stack_pointer(%rip)
    pushq %r11
    pushq $USER_CODE_SELECTOR
    pushq %rcx
    pushq %rax
    pushq $ENTERED_BY_SYSTEM_CALL
    push_general_registers
    xorl %ebp, %ebp                     // the end of every backtrace
    movq %rsp, %rdi
    callq *kernel_trap_handlers + ON_SYSTEM_CALL(%rip)
    cmpl $0, kernel_return_work(%rip)
    jne 1f
    // Are the registers still those of this call? Else RCX and R11 are somebody's.
    cmpl $ENTERED_BY_SYSTEM_CALL, SAVED_VECTOR(%rsp)
    jne 1f
    // SYSRET to an address that is not canonical faults in the kernel, on the user's stack.
    movq SAVED_RIP(%rsp), %rcx
    cmpq arch_last_user_address(%rip), %rcx
    ja 1f
    // The call has kept RBX and R12 to R15, and RAX is its result.
    movq SAVED_RFLAGS(%rsp), %r11
    movq SAVED_RDI(%rsp), %rdi
    movq SAVED_RSI(%rsp), %rsi
    movq SAVED_RDX(%rsp), %rdx
    movq SAVED_R10(%rsp), %r10
    movq SAVED_R8(%rsp), %r8
    movq SAVED_R9(%rsp), %r9
    movq SAVED_RBP(%rsp), %rbp
    movq SAVED_RSP(%rsp), %rsp
    sysretq
1:  movq %rax, SAVED_RAX(%rsp)
    jmp return_to_user
    .size system_call_entry, . - system_call_entry

// From interrupt_entry.S: an exception or interrupt, its vector and error code pushed.
    .globl enter_from_user
    .type enter_from_user, @function
enter_from_user:
    push_general_registers
    load_kernel_flags
    xorl %ebp, %ebp
    movq %rsp, %rdi
    callq ArchOnUserTrap
    // Falls through.
    .size enter_from_user, . - enter_from_user

// To the UserRegisters at RSP. Also where a prepared thread begins.
    .globl return_to_user
    .type return_to_user, @function
return_to_user:
    cmpl $0, kernel_return_work(%rip)
    jne 1f
    // IRET to an address that is not canonical faults in the kernel.
    movq arch_last_user_address(%rip), %rax
    cmpq %rax, SAVED_RIP(%rsp)
    ja 2f
    pop_general_registers
    addq $16, %rsp                      // vector, error code
    iretq
1:  movq %rsp, %rdi
    callq *kernel_trap_handlers + ON_RETURN_TO_USER(%rip)
    jmp return_to_user
2:  movq %rsp, %rdi
    callq ArchOnReturnBeyondUser
    jmp return_to_user
    .size return_to_user, . - return_to_user

    .section .bss.user_entry, "aw", @nobits
    .balign 8
user_stack_pointer:
    .skip 8

    .section .note.GNU-stack, "", @progbits
